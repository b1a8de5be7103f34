"""One object's way into a file of the scratch folder; what was cut off goes on later."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from threading import Event
from typing import NamedTuple

from datadump.backups.catalogue import Backup
from datadump.ground.names import AGE
from datadump.ground.progress import Progress
from datadump.ground.retry import pause_after
from datadump.ground.terminal import printable
from datadump.restore.scratch import PartialFile
from datadump.s3.bucket import Bucket
from datadump.s3.errors import KeyTakenError, NotOfferedError, RefusedError, StoreError
from datadump.sql.reading import NEEDED, EncryptedError

RANGE = 16 * 1024 * 1024  # bytes
PARALLEL_RANGES = 4
MOST_TRIES = 10  # without a single byte


class DamagedError(StoreError):
    """The object in the bucket is not what was uploaded."""


class Wanted(NamedTuple):
    """A backup, and what it takes to have it here. ``identity``: see :class:`DumpFile`."""

    bucket: Bucket
    scratch: str
    identity: int | None
    backup: Backup

    def check_identity(self) -> None:
        """Raises EncryptedError where it can't be opened here, by its name alone."""
        if self.backup.key.endswith(AGE) and self.identity is None:
            raise EncryptedError(f"{self.backup.key} is encrypted: {NEEDED}")

    def download(self) -> Download:
        """Its way into the scratch folder."""
        return Download(self.bucket, self.backup, self.scratch)


class Download:
    """A download, and then its file: locked until :meth:`remove` or the end of the process.

    Memory is bounded by the chunks under way. Raises StoreError and OSError.
    """

    def __init__(self, bucket: Bucket, backup: Backup, folder: str) -> None:
        self._bucket, self._backup = bucket, backup
        self._url = bucket.url(backup.key)
        self._file = PartialFile(folder, self._url, f"{backup.etag} {backup.size} {RANGE}")
        self.path = self._file.path
        self._starts = range(0, backup.size, RANGE)
        self._given_up = Event()

    def fetch(self) -> str:
        """The path of a file with the object's bytes, checked as well as its metadata allows.

        After an error what came so far is there for a later run, unless it is DamagedError.
        """
        try:
            self._file.open()
            self._file.require_room(self._backup.size)
            self._fetch_whole()
        except BaseException:
            self._file.close()
            raise
        if not self._backup.sha256:
            print(
                f"warning: {printable(self._url)} has no sha256 in its metadata: "
                "whether its bytes are those that were uploaded can't be checked",
                file=sys.stderr,
            )
        return self.path

    def remove(self) -> None:
        """Remove what was fetched; others may use the room."""
        self._file.remove()

    def close(self) -> None:
        """Leave what was fetched for a later run."""
        self._file.close()

    def _fetch_whole(self) -> None:
        resumed = self._fetch_missing()
        whole = self._is_whole()
        if not whole and resumed:
            # What an earlier run left may be to blame.
            self._file.empty()
            self._fetch_missing()
            whole = self._is_whole()
        if not whole:
            self._file.remove()
            raise DamagedError(
                f"the object in the bucket is not what was uploaded: {self._url} "
                "has other bytes than the sha256 of its metadata says"
            )

    def _is_whole(self) -> bool:
        return self._file.is_whole(self._backup.size, self._backup.sha256)

    def _fetch_missing(self) -> bool:
        """Fetch what isn't on disk yet. True: some of it was."""
        on_disk = self._file.ranges_on_disk(len(self._starts))
        done = sum(self._length(number) for number in on_disk)
        with Progress(self._url, self._backup.size, done) as progress:
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
        """Ask for this range as often as it takes, each time from where the answer was cut."""
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
        self._file.note_range(number)

    def _write(self, chunk: bytes, at: int) -> None:
        if self._given_up.is_set():
            raise StoreError(f"{self._url}: the download was given up")
        self._file.write(chunk, at)

    def _pause(self, tries: int, error: StoreError) -> None:
        if tries >= MOST_TRIES or self._given_up.wait(pause_after(tries)):
            raise StoreError(
                f"no success in {tries} tries, another run goes on from here: {error}"
            ) from error
