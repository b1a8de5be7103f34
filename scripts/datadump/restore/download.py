"""One object's way into a file of a scratch folder; what was cut off goes on later.

The folder holds ``restore.<hash>.part``, the bytes, and ``restore.<hash>.ranges``, in which the
n-th byte says that the n-th range is on disk. The hash is of what the object is, so that an object
that took its place in the bucket has other files.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from threading import Event

from datadump.backups.catalogue import Backup
from datadump.ground.owner import open_own
from datadump.ground.progress import Progress
from datadump.ground.retry import pause_after
from datadump.ground.terminal import human_size, printable
from datadump.s3.bucket import Bucket
from datadump.s3.errors import KeyTakenError, NotOfferedError, RefusedError, StoreError

RANGE = 16 * 1024 * 1024  # bytes
PARALLEL_RANGES = 4
MOST_TRIES = 10  # without a single byte
ON_DISK = b"x"
HASH_LENGTH = 16
PART = re.compile(rf"restore\.[0-9a-f]{{{HASH_LENGTH}}}\.part")


class ScratchError(OSError):
    """The scratch folder can't take the object; the text names the folder and says why."""


class DamagedError(StoreError):
    """The object in the bucket is not what was uploaded."""


class Download:
    """A download, and then its file: locked until :meth:`remove` or the end of the process.

    Memory is bounded by the chunks under way. Raises StoreError and OSError.
    """

    def __init__(self, bucket: Bucket, backup: Backup, folder: str) -> None:
        self._bucket, self._backup, self._folder = bucket, backup, folder
        self._url = bucket.url(backup.key)
        name = part_name(self._url, backup)
        self.path = os.path.join(folder, name)
        self._ranges_path = ranges_path(self.path)
        self._starts = range(0, backup.size, RANGE)
        self._file = self._ranges = -1  # descriptors
        self._given_up = Event()

    def fetch(self) -> str:
        """The path of a file with the object's bytes, checked as well as its metadata allows.

        After an error what came so far is there for a later run, unless it is DamagedError.
        """
        try:
            self._open()
            self._require_room()
            self._fetch_whole()
        except BaseException:
            self.close()
            raise
        if not self._backup.sha256:
            print(
                f"warning: {printable(self._url)} has no sha256 in its metadata: "
                "whether its bytes are those that were uploaded can't be checked",
                file=sys.stderr,
            )
        return self.path

    def remove(self) -> None:
        """Remove both files; others may use the room."""
        remove_files(self.path)
        self.close()

    def close(self) -> None:
        """Leave the files for a later run."""
        for descriptor in (self._file, self._ranges):
            if descriptor >= 0:
                os.close(descriptor)
        self._file = self._ranges = -1

    def _fetch_whole(self) -> None:
        resumed = self._fetch_missing()
        whole = self._is_whole()
        if not whole and resumed:
            # What an earlier run left may be to blame.
            os.ftruncate(self._file, 0)
            os.ftruncate(self._ranges, 0)
            self._fetch_missing()
            whole = self._is_whole()
        if not whole:
            self.remove()
            raise DamagedError(
                f"the object in the bucket is not what was uploaded: {self._url} "
                "has other bytes than the sha256 of its metadata says"
            )

    def _open(self) -> None:
        try:
            self._file = open_locked(self.path)
        except BlockingIOError:
            raise ScratchError(f"{self._folder}: another run is working on {self._url}") from None
        self._ranges = open_own(self._ranges_path)
        if os.fstat(self._file).st_size == 0:  # somebody removed the one that the ranges are of
            os.ftruncate(self._ranges, 0)

    def _require_room(self) -> None:
        """Where there is too little, what other downloads left goes, if nobody is at work on it."""
        needed = self._backup.size - os.fstat(self._file).st_blocks * 512
        if free_bytes(self._folder) < needed:
            remove_leftovers(self._folder)
        free = free_bytes(self._folder)
        if free < needed:
            raise ScratchError(
                f"{self._folder}: no room for {self._url}: it takes another {human_size(needed)}, "
                f"and {human_size(free)} are free"
            )

    def _fetch_missing(self) -> bool:
        """Fetch what isn't on disk yet. True: some of it was."""
        marks = os.pread(self._ranges, len(self._starts), 0)
        on_disk = {number for number, mark in enumerate(marks) if mark == ord(ON_DISK)}
        done = sum(self._length(number) for number in on_disk)
        progress = Progress(self._url, self._backup.size, done)
        self._fetch(set(range(len(self._starts))) - on_disk, progress)
        return bool(on_disk)

    def _fetch(self, numbers: Iterable[int], progress: Progress) -> None:
        with ThreadPoolExecutor(PARALLEL_RANGES) as pool:
            futures = {pool.submit(self._fetch_range, n): n for n in sorted(numbers)}
            try:
                for future in as_completed(futures):
                    future.result()
                    progress.add(self._length(futures[future]))
            except BaseException:
                self._given_up.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _length(self, number: int) -> int:
        return min(RANGE, self._backup.size - self._starts[number])

    def _fetch_range(self, number: int) -> None:
        """As often as it takes, each time from where the one before was cut."""
        start = at = furthest = self._starts[number]
        end = start + self._length(number)
        tries = 0
        while True:
            try:
                for chunk in self._bucket.read_range(
                    self._backup.key, self._backup.etag, at, end - at
                ):
                    self._write(chunk, at)
                    at += len(chunk)
                break
            except KeyTakenError as error:
                raise StoreError(f"{self._url} changed as it was fetched: try again") from error
            except (RefusedError, NotOfferedError):
                raise
            except StoreError as error:
                tries = 0 if at > furthest else tries + 1
                self._pause(tries, error)
                furthest = max(at, furthest)
                if at == end:  # all came, and isn't what its checksum says
                    at = start
        os.fdatasync(self._file)  # a range that is noted is on disk, whatever happens
        os.pwrite(self._ranges, ON_DISK, number)

    def _write(self, chunk: bytes, at: int) -> None:
        if self._given_up.is_set():
            raise StoreError(f"{self._url}: the download was given up")
        view = memoryview(chunk)
        try:
            while view:
                written = os.pwrite(self._file, view, at)
                view, at = view[written:], at + written
        except OSError as error:
            error.filename = self.path
            raise

    def _pause(self, tries: int, error: StoreError) -> None:
        if tries >= MOST_TRIES or self._given_up.wait(pause_after(tries)):
            raise StoreError(
                f"no success in {tries} tries, another run goes on from here: {error}"
            ) from error

    def _is_whole(self) -> bool:
        if os.fstat(self._file).st_size != self._backup.size:
            return False
        if not self._backup.sha256:
            return True
        with open(self.path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return digest == self._backup.sha256.lower()


def part_name(url: str, backup: Backup) -> str:
    """The name of the file for this very object."""
    identity = f"{url} {backup.etag} {backup.size} {RANGE}"
    return f"restore.{hashlib.sha256(identity.encode()).hexdigest()[:HASH_LENGTH]}.part"


def ranges_path(part_path: str) -> str:
    """The file beside it that tells which ranges it has."""
    return part_path.removesuffix("part") + "ranges"


def free_bytes(folder: str) -> int:
    """What this user may still write there."""
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize


def open_locked(path: str) -> int:
    """The file's descriptor, made if need be; BlockingIOError where another process has it.

    The lock ends with the process. OSError where the name is not this user's own file's.
    """
    while True:
        descriptor = open_own(path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BaseException:
            os.close(descriptor)
            raise
        if os.fstat(descriptor).st_nlink:
            return descriptor
        os.close(descriptor)  # removed by its owner before we had the lock


def remove_leftovers(folder: str) -> None:
    """Remove what this user's downloads left, unless a process is at work on it."""
    for name in filter(PART.fullmatch, os.listdir(folder)):
        path = os.path.join(folder, name)
        try:
            descriptor = open_locked(path)
        except OSError:
            continue
        remove_files(path)
        os.close(descriptor)


def remove_files(part_path: str) -> None:
    """Remove a download's files; the part last, since it is what is locked."""
    for path in (ranges_path(part_path), part_path):
        try:
            os.unlink(path)
        except FileNotFoundError:
            continue
