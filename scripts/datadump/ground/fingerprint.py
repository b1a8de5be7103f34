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


class Reckoning:
    """The fingerprint of bytes that pass by."""

    def __init__(self) -> None:
        self._size, self._crc32, self._sha256 = 0, 0, hashlib.sha256()

    def add(self, chunk: bytes) -> None:
        """These come next."""
        self._size += len(chunk)
        self._crc32 = zlib.crc32(chunk, self._crc32)
        self._sha256.update(chunk)

    def fingerprint(self) -> Fingerprint:
        """Of all that came."""
        return Fingerprint(self._size, self._sha256.hexdigest(), crc32_text(self._crc32))


def fingerprint_of(file: BinaryIO) -> Fingerprint:
    """The fingerprint of what is left to read of the file; reads it once."""
    reckoning = Reckoning()
    while chunk := file.read(CHUNK):
        reckoning.add(chunk)
    return reckoning.fingerprint()


def crc32_text(crc32: int) -> str:
    """A CRC-32 as S3 writes it: base64 of its four bytes, the highest first."""
    return base64.b64encode(crc32.to_bytes(4, "big")).decode()
