"""What a file holds, as its size and checksums."""

from __future__ import annotations

import base64
import hashlib
import zlib
from typing import BinaryIO, NamedTuple

CHUNK = 1024 * 1024  # bytes


class Contents(NamedTuple):
    """Size in bytes, SHA-256 in hex, CRC-32 as S3 writes it (base64 of four big-endian bytes)."""

    size: int
    sha256: str
    crc32: str


def read_contents(file: BinaryIO) -> Contents:
    """All three in one pass."""
    size, crc32, sha256 = 0, 0, hashlib.sha256()
    while chunk := file.read(CHUNK):
        size += len(chunk)
        crc32 = zlib.crc32(chunk, crc32)
        sha256.update(chunk)
    return Contents(size, sha256.hexdigest(), base64.b64encode(crc32.to_bytes(4, "big")).decode())
