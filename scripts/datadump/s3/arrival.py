"""Did a dump arrive? Asked of the store, whose word counts and not the uploader's."""

from __future__ import annotations

import hashlib

from datadump.ground.fingerprint import CHUNK, Fingerprint
from datadump.s3.bucket import Bucket
from datadump.s3.errors import StoreError
from datadump.s3.metadata import Head, Metadata


def metadata_at(bucket: Bucket, key: str) -> Metadata | None:
    """What the object under that key says of itself, None where there is none; StoreError."""
    head = bucket.head(key)
    return head.metadata if head else None


def check(bucket: Bucket, key: str, dump_id: str, fingerprint: Fingerprint) -> None:
    """Compare the object with the dump that was to be stored; StoreError where it is another.

    By the checksum that the store computed over all its bytes, or, where it tells none or another
    kind, by reading them back.
    """
    head = bucket.head(key)
    if head is None:
        raise StoreError(f"the dump is not at {bucket.url(key)} after its upload")
    told = head.metadata.dump_id
    if not told and holds(bucket, key, fingerprint):
        raise nameless(bucket, key)
    if told != dump_id:
        raise StoreError(f"{bucket.url(key)} is not the dump that was uploaded there")
    if head.size != fingerprint.size:
        raise StoreError(f"{bucket.url(key)} has {head.size} bytes instead of {fingerprint.size}")
    if not has_bytes(bucket, key, head, fingerprint):
        raise StoreError(f"{bucket.url(key)} holds other bytes than the dump")
    warn_of_no_lock(bucket, head)


def warn_of_no_lock(bucket: Bucket, head: Head) -> None:
    """Say so where what was stored is to be locked, and the store doesn't tell that it is."""
    if bucket.objects.lock and not head.lock:
        bucket.notices.warn(
            "warning: the store doesn't say that what was uploaded is locked (S3_OBJECT_LOCK): "
            "either it passes the lock over, or the account lacks s3:GetObjectRetention"
        )


def nameless(bucket: Bucket, key: str) -> StoreError:
    """The error where an object has the dump's bytes and no dump-id, so that nobody knows."""
    return StoreError(
        f"{bucket.url(key)} holds these bytes without a dump-id: where the store lost the metadata "
        "it is this dump, which goes to no other key until you look"
    )


def holds(bucket: Bucket, key: str, fingerprint: Fingerprint) -> bool:
    """Whether there is an object of these bytes, whosever it is. Raises StoreError."""
    head = bucket.head(key)
    if head is None or head.size != fingerprint.size:
        return False
    return has_bytes(bucket, key, head, fingerprint)


def has_bytes(bucket: Bucket, key: str, head: Head, fingerprint: Fingerprint) -> bool:
    """Whether an object of the fingerprint's size has its bytes; ``head`` is what was told of it.

    They are read back where no checksum in it says so. Raises StoreError.
    """
    return head.crc32 == fingerprint.crc32 or sha256_of(bucket, key) == fingerprint.sha256


def sha256_of(bucket: Bucket, key: str) -> str:
    """The digest in hex of the object's bytes, all of which are read. Raises StoreError."""
    digest = hashlib.sha256()
    with bucket.errors(key):
        body = bucket.client.get_object(Bucket=bucket.name, Key=key)["Body"]
        for chunk in body.iter_chunks(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
