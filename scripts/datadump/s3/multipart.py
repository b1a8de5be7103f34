"""Large objects go up in parts; an upload that was cut off goes on with those that are there."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, as_completed, wait
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from s3transfer.utils import ReadFileChunk

from datadump.ground.fingerprint import crc32_text
from datadump.ground.progress import Progress
from datadump.ground.terminal import MEBIBYTE
from datadump.s3.bucket import Body, Bucket, kept_as, wanted_checksums
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
Item = TypeVar("Item")
Result = TypeVar("Result")


def part_size(size: int) -> int:
    """The size in bytes of all parts but the last, for an object of ``size`` bytes."""
    length = -(-size // (MOST_PARTS * MEBIBYTE)) * MEBIBYTE
    return min(max(SMALLEST_PART, length), LARGEST_PART)


class OpenUpload(NamedTuple):
    """A multipart upload that was neither completed nor aborted."""

    upload_id: str
    initiated: float  # seconds since the epoch; 0 where the store doesn't tell


class Part(NamedTuple):
    """A part of what is to be stored."""

    length: int  # bytes
    body: Body


def is_stored_as(part: Part, told: PartTypeDef) -> bool:
    """Whether the store has its bytes, by the checksum it tells or the ETag, which is their MD5."""
    if told.get("Size", part.length) != part.length:
        return False
    crc32, md5 = digests(part)
    if "ChecksumCRC32" in told:
        return told["ChecksumCRC32"] == crc32
    return bare_etag(told.get("ETag", "")) == md5


def digests(part: Part) -> tuple[str, str]:
    """The CRC-32 of its bytes as S3 writes it, and their MD5 in hex. Raises OSError."""
    crc32, md5 = 0, hashlib.md5(usedforsecurity=False)
    with part.body() as body:
        while chunk := body.read(MEBIBYTE):
            crc32 = zlib.crc32(chunk, crc32)
            md5.update(chunk)
    return crc32_text(crc32), md5.hexdigest()


def slices(path: str, size: int) -> list[Part]:
    """All parts of a file of that size, in order; they are read as they are sent."""
    length = part_size(size)
    places = [(start, min(length, size - start)) for start in range(0, size, length)]
    return [Part(of[1], partial(ReadFileChunk.from_filename, path, *of)) for of in places]


class MultipartUploads:
    """The multipart uploads at one key. All methods raise StoreError, and OSError for the file.

    ``at_once``: so many parts are under way.
    """

    def __init__(self, bucket: Bucket, key: str, at_once: int = PARALLEL_PARTS) -> None:
        self._bucket, self._key, self._at_once = bucket, key, at_once
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

    def send(self, upload_id: str, parts: Iterable[Part], size: int, *, resumed: bool) -> None:
        """Send the parts that the store hasn't, and complete the upload if the key is free.

        The parts, of ``size`` bytes together, are taken in order, each when there is room for it.
        Where taking one raises an error, nothing is completed.
        """
        stored = self._stored(upload_id) if resumed else {}
        with Progress(self._bucket.url(self._key), size) as progress:

            def store(numbered: tuple[int, Part]) -> CompletedPartTypeDef:
                number, part = numbered
                if number in stored and is_stored_as(part, stored[number]):
                    progress.skip(part.length)
                    return completed(number, part, stored[number])
                answer = self._send_part(upload_id, number, part)
                progress.add(part.length)
                return completed(number, part, answer)

            done = at_once(store, enumerate(parts, start=1), self._at_once)
        self._bucket.expect_free(self._key)  # hours may have passed since the key was chosen
        complete = partial(
            self._client.complete_multipart_upload,
            Bucket=self._bucket.name,
            Key=self._key,
            UploadId=upload_id,
            MultipartUpload={"Parts": done},
        )
        self._bucket.create(self._key, complete)

    def _stored(self, upload_id: str) -> dict[int, PartTypeDef]:
        """The parts that the store has; none where the account may not ask, or it doesn't tell."""
        try:
            with self._errors():
                pages = self._client.get_paginator("list_parts").paginate(
                    Bucket=self._bucket.name, Key=self._key, UploadId=upload_id
                )
                told = [part for page in pages for part in page.get("Parts", [])]
        except (DeniedError, NotOfferedError) as error:
            self._bucket.notices.warn(f"all parts go up again: {error}")
            return {}
        return {part["PartNumber"]: part for part in told if "PartNumber" in part}

    def _send_part(self, upload_id: str, number: int, part: Part) -> UploadPartOutputTypeDef:
        with self._errors(), part.body() as body:
            return self._client.upload_part(
                Bucket=self._bucket.name,
                Key=self._key,
                UploadId=upload_id,
                PartNumber=number,
                Body=body,
                **wanted_checksums(self._bucket, ChecksumAlgorithm="CRC32"),
            )

    def _errors(self) -> AbstractContextManager[None]:
        return self._bucket.errors(self._key)


def at_once(work: Callable[[Item], Result], items: Iterable[Item], most: int) -> list[Result]:
    """The results in order, by so many threads; no item is taken before there is one for it."""
    futures: list[Future[Result]] = []
    under_way: set[Future[Result]] = set()
    with ThreadPoolExecutor(most) as pool:
        try:
            for item in items:
                futures.append(pool.submit(work, item))
                del item  # which may be large
                under_way.add(futures[-1])
                if len(under_way) == most:
                    ended, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                    for future in ended:
                        future.result()
            for future in as_completed(under_way):
                future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [future.result() for future in futures]


def completed(
    number: int, part: Part, told: PartTypeDef | UploadPartOutputTypeDef
) -> CompletedPartTypeDef:
    """A part as the request that completes an upload names it, by what the store told of it.

    Where that is no ETag, it is the MD5 of its bytes, which it is at nearly every store.
    """
    etag = told.get("ETag") or digests(part)[1]
    done: CompletedPartTypeDef = {"PartNumber": number, "ETag": etag}
    if crc32 := told.get("ChecksumCRC32"):
        done["ChecksumCRC32"] = crc32
    return done


def seconds(moment: datetime | None) -> float:
    """The moment since the epoch; 0 for none."""
    return moment.timestamp() if moment else 0.0
