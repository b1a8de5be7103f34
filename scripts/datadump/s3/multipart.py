"""Large dumps go up in parts; an upload that was cut off goes on with those that are there."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from s3transfer.utils import ReadFileChunk

from datadump.ground.fingerprint import crc32_text
from datadump.ground.progress import Progress
from datadump.ground.terminal import MEBIBYTE
from datadump.s3.bucket import Bucket, kept_as, wanted_checksums
from datadump.s3.errors import DeniedError, NotOfferedError, StoreError
from datadump.s3.metadata import Metadata, bare_etag, to_headers

if TYPE_CHECKING:
    from datetime import datetime

    from types_boto3_s3.type_defs import (
        CompletedPartTypeDef,
        PartTypeDef,
        UploadPartOutputTypeDef,
    )


LARGEST_PUT = 16 * MEBIBYTE  # in one request; more goes up in parts
SMALLEST_PART = 5 * MEBIBYTE  # S3's limit; a kill loses one part for each connection
LARGEST_PART = 5 * 1024 * MEBIBYTE  # S3's limit
MOST_PARTS = 1000  # some stores stop there, S3 at 10,000
PARALLEL_PARTS = 4


def part_size(size: int) -> int:
    """The size in bytes of all parts but the last, for an object of ``size`` bytes."""
    length = -(-size // (MOST_PARTS * MEBIBYTE)) * MEBIBYTE
    return min(max(SMALLEST_PART, length), LARGEST_PART)


class OpenUpload(NamedTuple):
    """A multipart upload that was neither completed nor aborted."""

    upload_id: str
    initiated: float  # seconds since the epoch; 0 where the store doesn't tell


class Slice(NamedTuple):
    """A part's place in the file, in bytes."""

    path: str
    start: int
    length: int

    def is_stored_as(self, part: PartTypeDef) -> bool:
        """Whether the store has these bytes, by its checksum or its ETag, which is their MD5."""
        if part.get("Size", self.length) != self.length:
            return False
        crc32, md5 = self.digests()
        if "ChecksumCRC32" in part:
            return part["ChecksumCRC32"] == crc32
        return bare_etag(part.get("ETag", "")) == md5

    def digests(self) -> tuple[str, str]:
        """The CRC-32 as S3 writes it, and the MD5 in hex."""
        with open(self.path, "rb") as file:
            file.seek(self.start)
            crc32, md5, left = 0, hashlib.md5(usedforsecurity=False), self.length
            while left and (chunk := file.read(min(left, MEBIBYTE))):
                crc32, left = zlib.crc32(chunk, crc32), left - len(chunk)
                md5.update(chunk)
        return crc32_text(crc32), md5.hexdigest()


def slices(path: str, size: int) -> dict[int, Slice]:
    """All parts of a file of that size, by their numbers."""
    length = part_size(size)
    starts = range(0, size, length)
    return {
        number: Slice(path, start, min(length, size - start))
        for number, start in enumerate(starts, start=1)
    }


class MultipartUploads:
    """The multipart uploads at one key. All methods raise StoreError, and OSError for the file."""

    def __init__(self, bucket: Bucket, key: str) -> None:
        self._bucket, self._key = bucket, key
        self._client = bucket.client

    def open(self, metadata: Metadata) -> str:
        """Begin a multipart upload; returns its id."""
        with self._errors():
            answer = self._client.create_multipart_upload(
                Bucket=self._bucket.name,
                Key=self._key,
                Metadata=to_headers(metadata),
                **kept_as(self._bucket.objects),
                **wanted_checksums(
                    self._bucket, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT"
                ),
            )
        if "UploadId" not in answer:
            raise StoreError(
                f"the store began an upload in parts and told no id of it "
                f"({self._bucket.url(self._key)})"
            )
        return answer["UploadId"]

    def list_open(self) -> list[OpenUpload]:
        """The uploads that are open at this very key, whoever began them."""
        with self._errors():
            pages = self._client.get_paginator("list_multipart_uploads").paginate(
                Bucket=self._bucket.name, Prefix=self._key
            )
            return [
                OpenUpload(upload["UploadId"], seconds(upload.get("Initiated")))
                for page in pages
                for upload in page.get("Uploads", [])
                if upload.get("Key") == self._key and "UploadId" in upload
            ]

    def abort(self, upload_id: str) -> None:
        """End a multipart upload without an object."""
        with self._errors():
            self._client.abort_multipart_upload(
                Bucket=self._bucket.name, Key=self._key, UploadId=upload_id
            )

    def send(self, upload_id: str, path: str, size: int, *, resumed: bool) -> None:
        """Send the parts that the store hasn't, and complete the upload if the key is free."""
        parts = slices(path, size)
        stored = self._stored(upload_id, parts) if resumed else {}
        done = sum(parts[number].length for number in stored)
        missing = {number: part for number, part in parts.items() if number not in stored}
        with Progress(self._bucket.url(self._key), size, done) as progress:
            stored.update(self._send_missing(upload_id, missing, progress))
        self._bucket.expect_free(self._key)  # hours may have passed since the key was chosen
        complete = partial(
            self._client.complete_multipart_upload,
            Bucket=self._bucket.name,
            Key=self._key,
            UploadId=upload_id,
            MultipartUpload={"Parts": [stored[number] for number in parts]},
        )
        self._bucket.create(self._key, complete)

    def _stored(self, upload_id: str, parts: dict[int, Slice]) -> dict[int, CompletedPartTypeDef]:
        """The parts that the store has; none where the account may not ask, or it doesn't tell."""
        try:
            return dict(self._listed(upload_id, parts))
        except (DeniedError, NotOfferedError) as error:
            self._bucket.notices.warn(f"all parts go up again: {error}")
            return {}

    def _listed(
        self, upload_id: str, parts: dict[int, Slice]
    ) -> Iterator[tuple[int, CompletedPartTypeDef]]:
        with self._errors():
            pages = self._client.get_paginator("list_parts").paginate(
                Bucket=self._bucket.name, Key=self._key, UploadId=upload_id
            )
            for page in pages:
                for part in page.get("Parts", []):
                    number = part.get("PartNumber", 0)
                    if number in parts and parts[number].is_stored_as(part):
                        yield number, completed(number, parts[number], part)

    def _send_missing(
        self, upload_id: str, parts: dict[int, Slice], progress: Progress
    ) -> dict[int, CompletedPartTypeDef]:
        sent = {}
        with ThreadPoolExecutor(PARALLEL_PARTS) as pool:
            futures = {
                pool.submit(self._send_part, upload_id, number, part): number
                for number, part in parts.items()
            }
            try:
                for future in as_completed(futures):
                    sent[futures[future]] = future.result()
                    progress.add(parts[futures[future]].length)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return sent

    def _send_part(self, upload_id: str, number: int, part: Slice) -> CompletedPartTypeDef:
        chunk = ReadFileChunk.from_filename(part.path, part.start, part.length)
        with self._errors(), chunk as body:
            answer = self._client.upload_part(
                Bucket=self._bucket.name,
                Key=self._key,
                UploadId=upload_id,
                PartNumber=number,
                Body=body,
                **wanted_checksums(self._bucket, ChecksumAlgorithm="CRC32"),
            )
        return completed(number, part, answer)

    def _errors(self) -> AbstractContextManager[None]:
        return self._bucket.errors(self._key)


def completed(
    number: int, part: Slice, told: PartTypeDef | UploadPartOutputTypeDef
) -> CompletedPartTypeDef:
    """A part as the request that completes an upload names it, by what the store told of it.

    Where that is no ETag, it is the MD5 of its bytes, which it is at nearly every store.
    """
    etag = told.get("ETag") or part.digests()[1]
    done: CompletedPartTypeDef = {"PartNumber": number, "ETag": etag}
    if crc32 := told.get("ChecksumCRC32"):
        done["ChecksumCRC32"] = crc32
    return done


def seconds(moment: datetime | None) -> float:
    """The moment since the epoch; 0 for none."""
    return moment.timestamp() if moment else 0.0
