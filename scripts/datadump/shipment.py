"""How a dump gets into the bucket: once, whatever happened to the ticks before.

A tick that dies leaves the dump with a note of where it was about to go (see dump_folder). As long
as it isn't known that another dump has that key, this dump goes to no other: a request of the dead
tick may still arrive, and then there must not be a second object.
"""

from __future__ import annotations

import os
import secrets
import sys
import time
import traceback
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from datadump.bucket import (
    Bucket,
    BucketAbsentError,
    ConflictError,
    KeyTakenError,
    StoreError,
    connect,
)
from datadump.contents import Contents, read_contents
from datadump.daily_log import log
from datadump.dump_folder import Destination, Dump, DumpFolder
from datadump.object_key import day_prefix, next_key, number_of
from datadump.settings import Settings

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

MOST_TRIES = 100
LONGEST_PAUSE = 8.0  # seconds


def send_all(settings: Settings, folder: DumpFolder, dumps: Sequence[Dump]) -> bool:
    """Upload each, so that one that can't go doesn't keep the others. True: all have arrived."""
    arrived = [send_and_log(settings, folder, dump) for dump in dumps]
    return all(arrived)


def send_and_log(settings: Settings, folder: DumpFolder, dump: Dump) -> bool:
    """Upload one dump; every outcome is one line of the daily log. True: it has arrived."""
    try:
        Shipment(settings, folder, connect(settings), dump).send()
    except (StoreError, OSError) as error:
        log(str(error))
        return False
    except Exception as error:  # noqa: BLE001
        # A fault of this program: whoever reads the log needs a line of it all the same.
        traceback.print_exc(file=sys.stderr)
        log(f"unexpected {type(error).__name__}: {error}")
        return False
    log("file successfully uploaded")
    return True


class Shipment:
    """One dump on its way. Raises StoreError and OSError."""

    def __init__(
        self, settings: Settings, folder: DumpFolder, client: S3Client, dump: Dump
    ) -> None:
        self._settings = settings
        self._folder = folder
        self._client = client
        self._dump = dump

    def send(self) -> None:
        """Take the dump, store it once, check it in the bucket, remove it."""
        if self._dump.dump_id is None:
            self._dump = self._folder.take(self._dump, secrets.token_hex(16))
        else:
            self._folder.take_again(self._dump)
        try:
            with open(self._path, "rb") as file:
                contents = read_contents(file)
            self._store(contents)
            self._bucket.check(self._destination.key, contents)
        except Exception:
            self._folder.give_back(self._dump)
            raise
        self._folder.remove(self._dump)

    @property
    def _path(self) -> str:
        return self._folder.path_of(self._dump)

    @property
    def _destination(self) -> Destination:
        assert self._dump.destination is not None
        return self._dump.destination

    @property
    def _bucket(self) -> Bucket:
        return Bucket(self._client, self._destination.bucket)

    def _store(self, contents: Contents) -> None:
        """Return as soon as the object with this dump's id is in the bucket."""
        metadata = self._metadata(contents)
        if self._dump.destination is None:
            self._bind_to_next_key()
        elif self._has_arrived():
            return
        for attempt in range(MOST_TRIES):
            try:
                self._bucket.upload(self._path, self._destination.key, contents, metadata)
                return
            except BucketAbsentError:
                self._bind_to_next_key()
            except KeyTakenError:
                if self._has_arrived():
                    return
            except ConflictError:
                time.sleep(min(0.5 * 2**attempt, LONGEST_PAUSE))
        raise StoreError(f"no free key in {MOST_TRIES} tries, the last was {self._destination.key}")

    def _has_arrived(self) -> bool:
        """Ask the store who has the key. Another dump's object there sends this one to the next."""
        holder = self._bucket.holder(self._destination.key)
        if holder is not None and holder != self._dump.dump_id:
            self._bind_to_next_key()
        return holder == self._dump.dump_id

    def _bind_to_next_key(self) -> None:
        bucket, prefix = Bucket(self._client, self._settings.bucket), self._settings.prefix
        day = time.strftime("%Y-%m-%d")
        in_vain = self._dump.destination.key if self._dump.destination else ""
        above = number_of(in_vain) if in_vain.startswith(day_prefix(prefix, day)) else None
        keys = self._keys_of(bucket, day_prefix(prefix, day))
        key = next_key(keys, prefix, day, self._dump.finished_name, above or 0)
        self._dump = self._folder.bind(self._dump, Destination(bucket.name, key))

    def _keys_of(self, bucket: Bucket, prefix: str) -> list[str]:
        """The keys that start so, in a bucket that is made where it is absent."""
        try:
            keys = bucket.keys(prefix)
        except BucketAbsentError:
            self._folder.note_unfinished(bucket.name)
            bucket.make()
            keys = []
        if self._folder.is_unfinished(bucket.name):
            bucket.block_public_access()
            self._folder.forget_unfinished(bucket.name)
        return keys

    def _metadata(self, contents: Contents) -> dict[str, str]:
        dumped_at = datetime.fromtimestamp(os.stat(self._path).st_mtime).astimezone()
        database = self._settings.database
        assert self._dump.dump_id is not None
        return {
            "sha256": contents.sha256,
            "dumped-at": dumped_at.isoformat(timespec="seconds"),
            # HTTP headers are ASCII
            "database": database if database.isascii() else quote(database),
            "dump-id": self._dump.dump_id,
        }
