"""One object's way into a file of the scratch folder; what was cut off goes on later."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from threading import Event
from typing import NamedTuple

from datadump.backups.catalogue import Backup
from datadump.backups.fetching import DamagedError, fetch
from datadump.ground.names import AGE
from datadump.ground.progress import Progress
from datadump.ground.terminal import printable
from datadump.restore.scratch import PartialFile
from datadump.s3.bucket import Bucket
from datadump.s3.errors import StoreError
from datadump.sql.reading import NEEDED, EncryptedError

RANGE = 16 * 1024 * 1024  # bytes
PARALLEL_RANGES = 4


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
            raise DamagedError(self._url)

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
        start = self._starts[number]
        end = start + self._length(number)
        wait = self._given_up.wait
        for at, chunk in fetch(self._bucket, self._backup, start, end, wait):
            self._write(chunk, at)
        self._file.note_range(number)

    def _write(self, chunk: bytes, at: int) -> None:
        if self._given_up.is_set():
            raise StoreError(f"{self._url}: the download was given up")
        self._file.write(chunk, at)
