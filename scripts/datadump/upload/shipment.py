"""How a dump gets into the bucket: once, whatever happened to the ticks before.

A tick that dies leaves the dump with a note of where it was about to go (see dumps.taken). As long
as it isn't known that another dump has that key, this dump goes to no other: a request of the dead
tick may still arrive, and then there must not be a second object.
"""

from __future__ import annotations

import os
import sys
import time
from functools import partial
from io import FileIO

from datadump.dumps.taken import TakenDump
from datadump.ground.fingerprint import Fingerprint, fingerprint_of
from datadump.ground.retry import pause_after
from datadump.ground.terminal import printable
from datadump.s3.arrival import check, holds, metadata_at, nameless
from datadump.s3.bucket import Bucket
from datadump.s3.errors import (
    BucketAbsentError,
    ConflictError,
    KeyTakenError,
    StoreError,
    UploadGoneError,
)
from datadump.s3.keys import is_dump_key
from datadump.s3.listing import Listing
from datadump.s3.multipart import LARGEST_PUT
from datadump.upload.describing import metadata_of
from datadump.upload.in_hand import DumpInHand, new_id
from datadump.upload.numbering import Numbering
from datadump.upload.own_uploads import OwnUploads

MOST_TRIES = 20
TRIES_AT_AN_ABSENT_BUCKET = 4  # one that was just made may not be known everywhere at once


def state_of(status: os.stat_result) -> tuple[int, int]:
    """What changes when a file is written to."""
    return status.st_size, status.st_mtime_ns


class Shipment:
    """One dump of the database on its way into the bucket. Raises StoreError and OSError."""

    def __init__(
        self, bucket: Bucket, numbering: Numbering, dump: DumpInHand, database: str
    ) -> None:
        self._bucket, self._numbering, self._dump = bucket, numbering, dump
        self._database = database
        self._uploads = OwnUploads(bucket, dump)
        self._state_read = (0, 0)

    def send(self) -> None:
        """Store the dump once, check it in the bucket, remove it; show it again if that fails."""
        self._dump.folder.hide(self._dump.noted, new_id())
        try:
            self._require_own_destination()
            self._store()
            self._require_unchanged()
        except Exception:
            self._show_dump()
            raise
        self._dump.folder.remove(self._dump.noted)

    def _require_own_destination(self) -> None:
        """Raises StoreError for a note that leads elsewhere: anybody's file may have such a name.

        Nothing is asked there either: whoever has that bucket could answer that the dump arrived.
        """
        noted, bucket = self._dump.noted, self._bucket.name
        if noted.destination is None or noted.bucket_in_the_making:
            return
        remedy = f"rename {noted.name} to {TakenDump(noted.dump_id, noted.finished_name).name}"
        if noted.destination.bucket != bucket:
            raise StoreError(
                f"{noted.finished_name} is noted for the bucket {noted.destination.bucket!r}, and "
                f"the settings name {bucket!r}: nothing is sent; set that bucket again until the "
                f"dump has arrived there, or {remedy}"
            )
        if not is_dump_key(noted.destination.key):
            raise StoreError(
                f"{noted.finished_name} is noted for {noted.destination.key!r}, which is no dump's "
                f"key: nothing is sent; {remedy}"
            )

    def _store(self) -> None:
        may_have_arrived = self._dump.has_key  # by an earlier tick
        if not may_have_arrived:
            self._require_content()
            self._numbering.note_next_key(self._dump)
        fingerprint = self._read()
        if not (may_have_arrived and self._has_arrived(fingerprint)):
            self._upload(fingerprint)
        check(self._bucket, self._dump.key, self._dump.noted.dump_id, fingerprint)
        self._uploads.abort(fingerprint)

    def _require_content(self) -> None:
        if os.path.getsize(self._dump.path) == 0:
            raise StoreError(
                f"{self._dump.folder.path_of(self._dump.noted.finished_name)} is empty, which no "
                "dump is: nothing is sent; remove it"
            )

    def _show_dump(self) -> None:
        """As well as the file system can: the next tick finds the dump either way."""
        try:
            self._dump.folder.show(self._dump.noted)
        except OSError as error:
            print(printable(f"{self._dump.noted.name} stays as it is: {error}"), file=sys.stderr)

    def _read(self) -> Fingerprint:
        with open(self._dump.path, "rb") as file:
            self._state_read = state_of(os.fstat(file.fileno()))
            return fingerprint_of(file)

    def _require_unchanged(self) -> None:
        """Raises StoreError where the file was written to since it was read."""
        if state_of(os.stat(self._dump.path)) != self._state_read:
            raise StoreError(
                f"{self._dump.noted.finished_name} was written to while it went up to "
                f"{self._bucket.url(self._dump.key)}: it stays, and goes up as another dump"
            )

    def _upload(self, fingerprint: Fingerprint) -> None:
        """Return as soon as the object with this dump's id is in the bucket."""
        for attempt in range(MOST_TRIES):
            try:
                self._send_bytes(fingerprint)
                return
            except (KeyTakenError, UploadGoneError):
                if self._has_arrived(fingerprint):
                    return
            except BucketAbsentError:
                if self._has_arrived(fingerprint):
                    return
                if attempt >= TRIES_AT_AN_ABSENT_BUCKET and self._bucket_is_absent():
                    self._numbering.note_next_key(self._dump)
            except ConflictError:
                self._uploads.abort(fingerprint)
            time.sleep(pause_after(attempt))
        raise StoreError(f"no success in {MOST_TRIES} tries at {self._bucket.url(self._dump.key)}")

    def _bucket_is_absent(self) -> bool:
        return Listing(self._bucket).keys_if_there(self._dump.key) is None

    def _send_bytes(self, fingerprint: Fingerprint) -> None:
        key, metadata = (
            self._dump.key,
            metadata_of(self._dump, fingerprint, self._database, self._bucket.notices),
        )
        self._bucket.expect_free(key)
        if fingerprint.size <= LARGEST_PUT:
            body = partial(FileIO, self._dump.path)
            self._bucket.put(body, key, fingerprint.crc32, metadata)
        else:
            self._uploads.send(fingerprint, metadata)

    def _has_arrived(self, fingerprint: Fingerprint) -> bool:
        """Ask the store who has the key.

        Another dump's object there sends this one to the next key. So does this dump's own object
        of other contents: then the file was written to after that, and is another dump now. An
        object of these bytes that names no dump may be this one's, and is for a person to judge.
        """
        taken = self._dump.key
        there = metadata_at(self._bucket, taken)
        if there is None:
            return False
        own = there.dump_id == self._dump.noted.dump_id
        if own and there.sha256 == fingerprint.sha256:
            return True
        if not there.dump_id and holds(self._bucket, taken, fingerprint):
            raise nameless(self._bucket, taken)
        self._uploads.abort(fingerprint)
        if own:
            self._dump.renew()
        self._numbering.note_next_key(self._dump, taken)
        return False
