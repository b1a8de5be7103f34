"""What an object's metadata says of the dump in it: written by uploads, read by all others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote, unquote

SHA256, DUMPED_AT, DATABASE, DUMP_ID = "sha256", "dumped-at", "database", "dump-id"
# What a header can hold as it is: printable ASCII. The rest is percent-encoded.
ASCII = "".join(map(chr, range(0x20, 0x7F))).replace("%", "")


class Metadata(NamedTuple):
    """Four facts about a dump; '' for what an object, of another tool say, doesn't tell."""

    dumped_at: str  # ISO 8601 with offset
    database: str
    dump_id: str
    sha256: str  # of the stored bytes, in hex


def to_headers(metadata: Metadata) -> dict[str, str]:
    """The names and values that a request to store the object gives as its metadata."""
    return {
        SHA256: metadata.sha256,
        DUMPED_AT: metadata.dumped_at,
        DATABASE: quote(metadata.database, safe=ASCII),
        DUMP_ID: metadata.dump_id,
    }


def read_metadata(headers: Mapping[str, str]) -> Metadata:
    """What these names and values of an object's tell.

    The names count in any case: some gateways rewrite them.
    """
    told = {name.lower(): value for name, value in headers.items()}
    return Metadata(
        dumped_at=told.get(DUMPED_AT, ""),
        database=unquote(told.get(DATABASE, "")),
        dump_id=told.get(DUMP_ID, ""),
        sha256=told.get(SHA256, ""),
    )
