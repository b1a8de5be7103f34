"""One object is copied, under its own key, and overwrites nothing."""

from __future__ import annotations

from contextlib import suppress
from io import BytesIO

from datadump.backups.catalogue import backup_of
from datadump.backups.fetching import DamagedError
from datadump.backups.proofs import LARGEST
from datadump.ground.terminal import MEBIBYTE
from datadump.mirror.passing import Passing
from datadump.s3.arrival import has_bytes, warn_of_no_lock
from datadump.s3.bucket import Bucket
from datadump.s3.errors import (
    DeniedError,
    KeyTakenError,
    NotOfferedError,
    RefusedError,
    StoreError,
    UploadGoneError,
)
from datadump.s3.metadata import Head
from datadump.s3.multipart import LARGEST_PUT, PARALLEL_PARTS, MultipartUploads, part_size

MOST_IN_MEMORY = 64 * MEBIBYTE  # of parts under way; one alone may be larger


class OtherObjectError(StoreError):
    """The mirror has something else under that key."""


def copy_backup(first: Bucket, mirror: Bucket, key: str) -> bool:
    """Copy the backup under that key, with its metadata; False where it is gone by now.

    It is there, or nothing is: its bytes are checked as they pass, by the size and the SHA-256 of
    its metadata, and once more by what the mirror's store tells of the copy. Raises DamagedError,
    OtherObjectError and StoreError.
    """
    head = first.head(key)
    if head is None:
        return False
    passing = Passing(first, backup_of(key, head))
    try:
        mirror.expect_free(key)
        if head.size <= LARGEST_PUT:
            put(mirror, key, head, passing)
        else:
            send_in_parts(mirror, key, head, passing)
    except (KeyTakenError, UploadGoneError):
        pass  # another run may have copied it meanwhile
    there = mirror.head(key)
    if there is None:
        raise StoreError(f"the copy is not at {mirror.url(key)} after it was sent")
    if (there.size, there.metadata) != (head.size, head.metadata):
        raise OtherObjectError(other_object(mirror, key))
    whole = passing.fingerprint.size == head.size
    if whole and not has_bytes(mirror, key, there, passing.fingerprint):
        raise OtherObjectError(f"{mirror.url(key)} holds other bytes than were sent: remove it")
    warn_of_no_lock(mirror, there)
    return True


def other_object(mirror: Bucket, key: str) -> str:
    """What is to be said where the key is taken at the mirror."""
    return (
        f"{mirror.url(key)} is another object than the backup of that key, and is left alone: "
        "see what it is, and remove it there if it is none of yours"
    )


def put(mirror: Bucket, key: str, head: Head, passing: Passing) -> None:
    """Copy a backup that goes up in one request."""
    bodies = [part.body for part in passing.parts(LARGEST_PUT)] or [BytesIO]
    mirror.put(bodies[0], key, passing.fingerprint.crc32, head.metadata)


def send_in_parts(mirror: Bucket, key: str, head: Head, passing: Passing) -> None:
    """Copy a large backup, by the upload of an earlier run if there is one.

    In the parts that the uploader makes: at stores that make an ETag of the parts', it is the same
    one, and so a proof of the backup speaks for the copy, too.
    """
    length = part_size(head.size)
    at_once = max(1, min(PARALLEL_PARTS, MOST_IN_MEMORY // length))
    uploads = MultipartUploads(mirror, key, at_once)
    begun = open_upload(uploads, head)
    upload_id = begun or uploads.open(head.metadata)
    try:
        uploads.send(upload_id, passing.parts(length), head.size, resumed=begun is not None)
    except (DamagedError, KeyTakenError):  # nobody will go on with it
        with suppress(RefusedError, NotOfferedError):
            uploads.abort(upload_id)
        raise


def open_upload(uploads: MultipartUploads, head: Head) -> str | None:
    """The id of an upload of this backup that was cut; None where the store tells of none.

    Only mirrors write there, and each part is compared. But its metadata were given when it began:
    so it began after this backup was stored, and not when another one had the key.
    """
    try:
        found = uploads.list_open()
    except (DeniedError, NotOfferedError):  # a rule of the bucket's ends it
        return None
    after = head.modified + 1  # stores count in seconds
    ours = [one for one in found if head.modified and one.initiated >= after]
    return max(ours, key=lambda one: one.initiated).upload_id if ours else None


def copy_proof(first: Bucket, mirror: Bucket, key: str) -> bool:
    """Copy the proof under that key, in place of an earlier one. Raises StoreError.

    False where the same is there: stores that encrypt give the same bytes other ETags.
    """
    content = first.read(key, LARGEST)
    with suppress(RefusedError):  # absent, mostly
        if mirror.read(key, LARGEST) == content:
            return False
    mirror.write(key, content)
    return True
