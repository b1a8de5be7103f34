"""How a dump gets into the bucket: once, whatever happened to the ticks before.

A tick that dies leaves the dump with a note of where it was about to go (see dump_folder). As long
as it isn't known that another dump has that key, this dump goes to no other: a request of the dead
tick may still arrive, and then there must not be a second object.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable
from datetime import datetime

from datadump.dumps.folder import DumpFolder, Pending
from datadump.dumps.taken import Destination, TakenDump
from datadump.ground.daily_log import log, log_unexpected
from datadump.ground.retry import pause_after
from datadump.ground.terminal import printable
from datadump.s3.arrival import check, holds, metadata_at
from datadump.s3.bucket import Bucket
from datadump.s3.client import connect
from datadump.s3.errors import (
    BucketAbsentError,
    ConflictError,
    DeniedError,
    KeyTakenError,
    NotOfferedError,
    RefusedError,
    StoreError,
    UploadGoneError,
)
from datadump.s3.fingerprint import Fingerprint, fingerprint_of
from datadump.s3.keys import day_folder, is_dump_key, next_key
from datadump.s3.making import finish, make
from datadump.s3.metadata import Metadata
from datadump.s3.multipart import LARGEST_PUT, MultipartUploads, OpenUpload
from datadump.settings.pipelines import Pipeline
from datadump.settings.store import StoreAccess

MOST_TRIES = 20
TRIES_AT_AN_ABSENT_BUCKET = 4  # one that was just made may not be known everywhere at once


def send_all(
    access: StoreAccess,
    pipeline: Pipeline,
    folder: DumpFolder,
    pending: Pending,
    today: Callable[[], str],
) -> bool:
    """Upload each, so that one that can't go doesn't keep the others. True: all have arrived."""
    # Python's own way would wait for the parts under way; a kill is safe at any moment.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        bucket = connect(access)
    except StoreError as error:
        log(str(error))
        return False
    arrived = [
        send_and_log(Shipment(bucket, pipeline, folder, dump, today)) for dump in pending.taken
    ]
    for name in pending.waiting:
        try:
            dump = folder.take(name, new_id())
        except FileNotFoundError:  # a person removed it
            continue
        except OSError as error:
            log(str(error))
            arrived.append(False)
            continue
        arrived.append(send_and_log(Shipment(bucket, pipeline, folder, dump, today)))
    return all(arrived)


def new_id() -> str:
    """A dump-id: random, so that two dumps with the same bytes are two."""
    return secrets.token_hex(16)


def send_and_log(shipment: Shipment) -> bool:
    """Upload one dump; every outcome is one line of the daily log. True: it has arrived."""
    try:
        shipment.send()
    except (StoreError, OSError) as error:
        log(str(error))
    except Exception as error:  # noqa: BLE001 - the dumps after this one are to go all the same
        log_unexpected(error)
    else:
        log("file successfully uploaded")
        return True
    return False


def mark_of(upload_id: str, contents: Fingerprint) -> int:
    """What knows a multipart upload of these very bytes again; never 0."""
    digest = hashlib.sha256(f"{upload_id} {contents.sha256}".encode()).digest()
    return int.from_bytes(digest[:4], "big") or 1


def state_of(status: os.stat_result) -> tuple[int, int]:
    """What changes when a file is written to."""
    return status.st_size, status.st_mtime_ns


class Shipment:
    """One dump on its way. Raises StoreError and OSError."""

    def __init__(
        self,
        bucket: Bucket,
        pipeline: Pipeline,
        folder: DumpFolder,
        dump: TakenDump,
        today: Callable[[], str],
    ) -> None:
        self._bucket, self._pipeline, self._today = bucket, pipeline, today
        self._folder = folder
        self._dump = dump  # as it was last noted on disk
        self._state_read = (0, 0)

    def send(self) -> None:
        """Store the dump once, check it in the bucket, remove it; show it again if that fails."""
        self._folder.hide(self._dump, new_id())
        try:
            self._require_own_destination()
            self._store()
            self._require_unchanged()
        except Exception:
            self._show_dump()
            raise
        self._folder.remove(self._dump)

    def _require_own_destination(self) -> None:
        """Raises StoreError for a note that leads elsewhere: anybody's file may have such a name.

        Nothing is asked there either: whoever has that bucket could answer that the dump arrived.
        """
        destination = self._dump.destination
        if destination is None or self._dump.bucket_in_the_making:
            return
        dump, bucket = self._dump.finished_name, self._bucket.name
        remedy = f"rename {self._dump.name} to {TakenDump(self._dump.dump_id, dump).name}"
        if destination.bucket != bucket:
            raise StoreError(
                f"{dump} is noted for the bucket {destination.bucket!r}, and the settings name "
                f"{bucket!r}: nothing is sent; set that bucket again until the dump has arrived "
                f"there, or {remedy}"
            )
        if not is_dump_key(destination.key):
            raise StoreError(
                f"{dump} is noted for {destination.key!r}, which is no dump's key: "
                f"nothing is sent; {remedy}"
            )

    def _store(self) -> None:
        key_of_an_earlier_tick = self._dump.destination is not None
        if self._dump.destination is None or self._dump.bucket_in_the_making:
            self._note_next_key()
            key_of_an_earlier_tick = False
        contents = self._read()
        if not (key_of_an_earlier_tick and self._has_arrived(contents)):
            self._upload(contents)
        check(self._bucket, self._key, self._dump.dump_id, contents)
        self._abort_uploads(contents)

    def _show_dump(self) -> None:
        """As well as the file system can: the next tick finds the dump either way."""
        try:
            self._folder.show(self._dump)
        except OSError as error:
            print(printable(f"{self._dump.name} stays as it is: {error}"), file=sys.stderr)

    @property
    def _path(self) -> str:
        return self._folder.path_of(self._dump.name)

    @property
    def _key(self) -> str:
        return self._dump.destination.key if self._dump.destination else ""

    def _read(self) -> Fingerprint:
        with open(self._path, "rb") as file:
            self._state_read = state_of(os.fstat(file.fileno()))
            return fingerprint_of(file)

    def _require_unchanged(self) -> None:
        """Raises StoreError where the file was written to since it was read."""
        if state_of(os.stat(self._path)) != self._state_read:
            raise StoreError(
                f"{self._dump.finished_name} was written to while it went up to "
                f"{self._bucket.url(self._key)}: it stays, and goes up as another dump"
            )

    @property
    def _uploads(self) -> MultipartUploads:
        return MultipartUploads(self._bucket, self._key)

    def _upload(self, contents: Fingerprint) -> None:
        """Return as soon as the object with this dump's id is in the bucket."""
        for attempt in range(MOST_TRIES):
            try:
                self._send_bytes(contents)
                return
            except (KeyTakenError, UploadGoneError):
                if self._has_arrived(contents):
                    return
            except BucketAbsentError:
                if self._has_arrived(contents):
                    return
                if attempt >= TRIES_AT_AN_ABSENT_BUCKET and self._bucket_is_absent():
                    self._note_next_key()
            except ConflictError:
                self._abort_uploads(contents)
            time.sleep(pause_after(attempt))
        raise StoreError(
            f"no success in {MOST_TRIES} tries at s3://{self._bucket.name}/{self._key}"
        )

    def _send_bytes(self, contents: Fingerprint) -> None:
        if contents.size <= LARGEST_PUT:
            self._bucket.put(self._path, self._key, contents.crc32, self._metadata(contents))
        else:
            self._bucket.require_free(self._key)  # before the hours that the parts may take
            noted = self._noted_upload(contents)
            upload_id = noted or self._open_upload(contents)
            self._uploads.send(upload_id, self._path, contents.size, resumed=noted is not None)

    def _noted_upload(self, contents: Fingerprint) -> str | None:
        """The multipart upload of an earlier try, which goes on if the store still has it."""
        if not self._dump.upload_mark:
            return None
        for upload in self._open_uploads():
            if mark_of(upload.upload_id, contents) == self._dump.upload_mark:
                return upload.upload_id
        return None

    def _open_uploads(self) -> list[OpenUpload]:
        """Those at the key; none where the account may not ask, or the store doesn't tell."""
        try:
            return self._uploads.list_open()
        except (DeniedError, NotOfferedError) as error:
            self._bucket.notices.warn(f"multipart uploads may stay open: {error}")
            return []

    def _open_upload(self, contents: Fingerprint) -> str:
        upload_id = self._uploads.open(self._metadata(contents))
        self._dump = self._folder.note_upload(self._dump, mark_of(upload_id, contents))
        return upload_id

    def _abort_uploads(self, contents: Fingerprint) -> None:
        """End what is open at the key and this dump's: noted, or begun there since the note.

        The latter by requests whose answers were lost. Older ones may be another uploader's. Where
        the account may not do this, the rule of :meth:`Bucket.finish` ends them.
        """
        if contents.size <= LARGEST_PUT:
            return
        for upload in self._open_uploads():
            noted = mark_of(upload.upload_id, contents) == self._dump.upload_mark
            if noted or upload.initiated.timestamp() >= self._dump.noted_at:
                try:
                    self._uploads.abort(upload.upload_id)
                except (DeniedError, NotOfferedError) as error:
                    self._bucket.notices.warn(f"a multipart upload may stay open: {error}")

    def _has_arrived(self, contents: Fingerprint) -> bool:
        """Ask the store who has the key.

        Another dump's object there sends this one to the next key. So does this dump's own object
        of other contents: then the file was written to after that, and is another dump now. An
        object of these bytes that names no dump may be this one's, and is for a person to judge.
        """
        holder = metadata_at(self._bucket, self._key)
        if holder is None:
            return False
        own = holder.dump_id == self._dump.dump_id
        if own and holder.sha256 == contents.sha256:
            return True
        if not holder.dump_id and holds(self._bucket, self._key, contents):
            raise StoreError(
                f"{self._bucket.url(self._key)} holds these bytes without a dump-id: where the "
                "store lost the metadata it is this dump, which goes to no other key until you look"
            )
        self._abort_uploads(contents)
        taken = self._key
        if own:
            self._dump = self._folder.renew(self._dump, new_id())
        self._note_next_key(taken)
        return False

    def _bucket_is_absent(self) -> bool:
        return self._bucket.keys_if_there(self._key) is None

    def _note_next_key(self, taken: str = "") -> None:
        """Choose the number after the day's highest; where there is no bucket, make it before.

        A note says so, and whoever finds it goes on with what a new bucket lacks. ``taken`` is a
        key that was found taken, which a listing that lags doesn't know yet.
        """
        bucket = self._bucket
        in_the_making = Destination(bucket.name, self._dump.finished_name)
        folder = day_folder(self._pipeline.prefix, self._today())
        keys = bucket.keys_if_there(folder)
        if keys is None:
            self._dump = self._folder.note(self._dump, in_the_making)
            self._make_bucket()
        if self._dump.destination == in_the_making:
            finish(bucket)
        keys = [*(keys or []), *self._keys_of_others(), taken]
        key = next_key(keys, folder, self._dump.finished_name)
        self._dump = self._folder.note(self._dump, Destination(bucket.name, key))

    def _keys_of_others(self) -> list[str]:
        """What this folder's other dumps are noted for: their numbers are taken, arrived or not."""
        return [
            dump.destination.key
            for dump in self._folder.pending().taken
            if dump.destination and dump.dump_id != self._dump.dump_id
        ]

    def _make_bucket(self) -> None:
        try:
            make(self._bucket)
        except RefusedError:
            self._dump = self._folder.note(self._dump, None)
            raise

    def _metadata(self, contents: Fingerprint) -> Metadata:
        dumped_at = datetime.fromtimestamp(os.stat(self._path).st_mtime).astimezone()
        return Metadata(
            dumped_at=dumped_at.isoformat(timespec="seconds"),
            database=self._pipeline.database,
            dump_id=self._dump.dump_id,
            sha256=contents.sha256,
        )
