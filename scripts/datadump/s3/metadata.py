"""What an object's metadata says of the dump in it: written by uploads, read by all others."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import HeadObjectOutputTypeDef

SHA256, DUMPED_AT, DATABASE, DUMP_ID = "sha256", "dumped-at", "database", "dump-id"
# What a header can hold as it is: printable ASCII. The rest is percent-encoded.
ASCII = "".join(map(chr, range(0x20, 0x7F))).replace("%", "")

LONGEST = 1024  # characters of what is read; S3 takes 2 KiB of metadata, others more
LARGEST_NUMBER = 2**63 - 1  # bytes: no object has more, whatever a store says


class Metadata(NamedTuple):
    """Four facts about a dump; '' for what an object, of another tool say, doesn't tell."""

    dumped_at: str  # ISO 8601 with offset
    database: str
    dump_id: str
    sha256: str  # of the stored bytes, in hex


class Head(NamedTuple):
    """What a store tells of an object; '' for what it doesn't tell."""

    size: int  # bytes
    etag: str  # without quotes
    crc32: str  # of all its bytes, as S3 writes it; a checksum of its parts' checksums equals none
    metadata: Metadata
    lock: str = ""  # until when it can't be removed, in words; a removal would hide it all the same
    modified: float = 0.0  # when it was stored, in seconds since 1970; 0 where that isn't told


def to_headers(metadata: Metadata) -> dict[str, str]:
    """The names and values that a request to store the object gives as its metadata."""
    told = {
        SHA256: metadata.sha256,
        DUMPED_AT: metadata.dumped_at,
        DATABASE: quote(metadata.database, safe=ASCII),
        DUMP_ID: metadata.dump_id,
    }
    return {name: value for name, value in told.items() if value}


def read_metadata(headers: Mapping[str, str]) -> Metadata:
    """What these names and values of an object's tell.

    The names count in any case: some gateways rewrite them. Values are cut that are longer than any
    of ours.
    """
    told = {name.lower(): value[:LONGEST] for name, value in headers.items()}
    return Metadata(
        dumped_at=told.get(DUMPED_AT, ""),
        database=unquote(told.get(DATABASE, "")),
        dump_id=told.get(DUMP_ID, ""),
        sha256=told.get(SHA256, ""),
    )


def head_of(told: HeadObjectOutputTypeDef, size: int) -> Head:
    """What the answer to a HEAD tells of an object of that size."""
    return Head(
        plausible(size),
        bare_etag(told.get("ETag", "")),
        told.get("ChecksumCRC32", ""),
        read_metadata(told.get("Metadata", {})),
        lock_of(told),
        told["LastModified"].timestamp() if "LastModified" in told else 0.0,
    )


def plausible(size: int) -> int:
    """The size that a store tells, or the nearest one that an object can have."""
    return min(max(size, 0), LARGEST_NUMBER)


def lock_of(told: HeadObjectOutputTypeDef) -> str:
    """Until when the store keeps the object from being removed, in words; '' where it doesn't."""
    if told.get("ObjectLockLegalHoldStatus") == "ON":
        return "a legal hold ends"
    until = told.get("ObjectLockRetainUntilDate")
    return f"{until:%Y-%m-%d %H:%M} UTC" if until and until > datetime.now(UTC) else ""


def bare_etag(etag: str) -> str:
    """The ETag without its quotes, which some stores leave out in some places."""
    return etag.strip('"')
