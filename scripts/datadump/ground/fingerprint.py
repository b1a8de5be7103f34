"""What tells a file's bytes from any others: their number and two checksums."""

from __future__ import annotations

import base64
import hashlib
import zlib
from typing import BinaryIO, NamedTuple

CHUNK = 1024 * 1024  # bytes


class Fingerprint(NamedTuple):
    """Of a file's bytes: two files with the same one hold the same."""

    size: int  # bytes
    sha256: str  # in hex
    crc32: str  # see crc32_text


def fingerprint_of(file: BinaryIO) -> Fingerprint:
    """The fingerprint of what is left to read of the file; reads it once."""
    size, crc32, sha256 = 0, 0, hashlib.sha256()
    while chunk := file.read(CHUNK):
        size += len(chunk)
        crc32 = zlib.crc32(chunk, crc32)
        sha256.update(chunk)
    return Fingerprint(size, sha256.hexdigest(), crc32_text(crc32))


def crc32_text(crc32: int) -> str:
    """A CRC-32 as S3 writes it: base64 of its four bytes, the highest first."""
    return base64.b64encode(crc32.to_bytes(4, "big")).decode()
