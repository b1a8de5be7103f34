"""The scratch folder: files and folders of runs that may be killed, and go on or are swept later.

Who works on something there holds a lock on it, which ends with the process. So whatever nobody has
locked is left over.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from datadump.ground.owner import open_own
from datadump.ground.terminal import human_size

ON_DISK = b"x"
HASH_LENGTH = 16
BLOCK = 512  # bytes, of st_blocks
PART = re.compile(rf"restore\.[0-9a-f]{{{HASH_LENGTH}}}\.part")


class ScratchError(OSError):
    """The scratch folder can't take the object; the text names the folder and says why."""


class PartialFile:
    """An object's bytes, as far as they have arrived, and a note of those that are on disk.

    The former are ``restore.<hash>.part``, the latter ``restore.<hash>.ranges``, in which the n-th
    byte says that the n-th range is on disk. The hash is of the object's ``url`` and ``version``,
    so that an object that took its place in the bucket has other files.
    """

    def __init__(self, folder: str, url: str, version: str) -> None:
        self._folder, self._url = folder, url
        digest = hashlib.sha256(f"{url} {version}".encode()).hexdigest()[:HASH_LENGTH]
        self.path = os.path.join(folder, f"restore.{digest}.part")
        self._file = self._ranges = -1  # descriptors

    def open(self) -> None:
        """Lock both files, made if need be, until :meth:`close` or the end of the process.

        Raises ScratchError where another process has them, and OSError.
        """
        try:
            self._file = open_locked(self.path)
        except BlockingIOError:
            raise ScratchError(f"{self._folder}: another run is working on {self._url}") from None
        self._ranges = open_own(ranges_path(self.path))
        if os.fstat(self._file).st_size == 0:  # somebody removed the one that the ranges are of
            os.ftruncate(self._ranges, 0)

    def close(self) -> None:
        """Leave the files for a later run."""
        for descriptor in (self._file, self._ranges):
            if descriptor >= 0:
                os.close(descriptor)
        self._file = self._ranges = -1

    def remove(self) -> None:
        """Remove both files; others may use the room."""
        remove_files(self.path)
        self.close()

    def empty(self) -> None:
        """Forget the bytes and which of them are on disk; the lock stays."""
        os.ftruncate(self._file, 0)
        os.ftruncate(self._ranges, 0)

    def require_room(self, size: int) -> None:
        """Raises ScratchError where the folder has no room for so many bytes in this file.

        Before that, what other downloads left goes, if nobody is at work on it.
        """
        needed = size - os.fstat(self._file).st_blocks * BLOCK
        if free_bytes(self._folder) < needed:
            sweep_parts(self._folder)
        free = free_bytes(self._folder)
        if free < needed:
            raise ScratchError(
                f"{self._folder}: no room for {self._url}: it takes another {human_size(needed)}, "
                f"and {human_size(free)} are free"
            )

    def write(self, content: bytes, at: int) -> None:
        """Write these bytes from the position ``at`` on. Raises OSError, which names the file."""
        view = memoryview(content)
        try:
            while view:
                written = os.pwrite(self._file, view, at)
                view, at = view[written:], at + written
        except OSError as error:
            error.filename = self.path
            raise

    def note_range(self, number: int) -> None:
        """Note that this range is on disk, and see to it, whatever happens next."""
        os.fdatasync(self._file)
        os.pwrite(self._ranges, ON_DISK, number)

    def ranges_on_disk(self, count: int) -> set[int]:
        """The numbers of the ranges that are noted, of the first so many."""
        marks = os.pread(self._ranges, count, 0)
        return {number for number, mark in enumerate(marks) if mark == ord(ON_DISK)}

    def is_whole(self, size: int, sha256: str) -> bool:
        """Whether it has that size, and that SHA-256 (hex), if one is known."""
        if os.fstat(self._file).st_size != size:
            return False
        if not sha256:
            return True
        with open(os.dup(self._file), "rb") as file:  # by its name it may be another one
            file.seek(0)
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256.lower()


@contextmanager
def locked_folder(scratch: str, prefix: str) -> Iterator[str]:
    """A folder in the scratch folder whose name begins so, as long as the context lasts.

    Before that, those go that killed processes left. Raises OSError.
    """
    remove_folders(scratch, prefix)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=scratch) as folder:
        lock = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder
        finally:
            os.close(lock)


def remove_folders(scratch: str, prefix: str) -> None:
    """Remove the folders that begin so in the scratch folder, unless they are in use.

    What is no folder isn't ours.
    """
    for name in os.listdir(scratch):
        path = os.path.join(scratch, name)
        if name.startswith(prefix) and os.path.isdir(path) and not os.path.islink(path):
            folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path)
            except BlockingIOError:
                pass
            finally:
                os.close(folder)


def free_bytes(folder: str) -> int:
    """The number of bytes that this user may still write into the folder."""
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


def sweep_parts(folder: str) -> int:
    """Remove what this user's cut downloads left, unless a process is at work on it.

    Returns how many bytes that frees.
    """
    freed = 0
    for name in filter(PART.fullmatch, os.listdir(folder)):
        path = os.path.join(folder, name)
        try:
            descriptor = open_locked(path)
        except OSError:
            continue
        freed += os.fstat(descriptor).st_blocks * BLOCK
        remove_files(path)
        os.close(descriptor)
    return freed


def remove_files(part_path: str) -> None:
    """Remove a download's files; the part last, since it is what is locked."""
    for path in (ranges_path(part_path), part_path):
        try:
            os.unlink(path)
        except FileNotFoundError:
            continue


def ranges_path(part_path: str) -> str:
    """The file beside a part that tells which ranges it has."""
    return part_path.removesuffix("part") + "ranges"
