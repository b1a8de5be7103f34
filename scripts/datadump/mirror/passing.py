"""A backup's bytes on their way from one store to another: through memory, a part at a time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from io import BytesIO

from datadump.backups.catalogue import Backup
from datadump.backups.fetching import DamagedError, fetch
from datadump.ground.fingerprint import Fingerprint, Reckoning
from datadump.s3.bucket import Bucket
from datadump.s3.multipart import Part


class Passing:
    """The bytes of one backup, read once and in order."""

    def __init__(self, bucket: Bucket, backup: Backup) -> None:
        self._bucket, self._backup = bucket, backup
        self._reckoning = Reckoning()

    def parts(self, length: int) -> Iterator[Part]:
        """Parts of that length, the last one shorter; each is held in memory until it is sent.

        At their end DamagedError, where all of them aren't what was uploaded, as far as the
        backup's metadata tell. Raises StoreError.
        """
        for start in range(0, self._backup.size, length):
            content = self._read(start, min(start + length, self._backup.size))
            self._reckoning.add(content)
            yield Part(len(content), partial(BytesIO, content))
            del content  # before the next one is read
        if self._backup.sha256 not in {"", self.fingerprint.sha256}:
            raise DamagedError(self._bucket.url(self._backup.key))

    @property
    def fingerprint(self) -> Fingerprint:
        """Of what has passed by now."""
        return self._reckoning.fingerprint()

    def _read(self, start: int, end: int) -> bytes:
        content = BytesIO()
        for at, chunk in fetch(self._bucket, self._backup, start, end, time.sleep):
            content.seek(at - start)
            content.write(chunk)
        return content.getvalue()
