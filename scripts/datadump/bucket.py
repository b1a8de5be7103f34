"""The requests to the S3 store. boto3 is imported here and nowhere else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from s3transfer.utils import ReadFileChunk

from datadump.contents import CHUNK, Contents
from datadump.settings import Settings

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import CompletedPartTypeDef, HeadObjectOutputTypeDef

MEBIBYTE = 1024 * 1024
SMALLEST_PART = 16 * MEBIBYTE
LARGEST_PART = 5 * 1024 * MEBIBYTE  # S3's limit
MOST_PARTS = 1000  # some stores stop there, S3 at 10,000
PARALLEL_PARTS = 4


class StoreError(Exception):
    """A request failed; the text is the store's or boto3's own."""


class BucketAbsentError(StoreError):
    """There is no such bucket."""


class KeyTakenError(StoreError):
    """There is an object under that key, and it was left alone."""


class ConflictError(StoreError):
    """The store asks to try again: another request for that key was under way."""


ERRORS_BY_CODE = {
    "NoSuchBucket": BucketAbsentError,
    "PreconditionFailed": KeyTakenError,
    "ConditionalRequestConflict": ConflictError,
}

# What stores answer that know nothing of public access: 501, 405, and Swift's and rclone's own.
NOT_OFFERED = {"NotImplemented", "MethodNotAllowed", "OperationAborted", "InvalidRequest"}


@contextmanager
def store_errors() -> Iterator[None]:
    """Turn boto3's errors into this module's."""
    try:
        yield
    except ClientError as error:
        kind = ERRORS_BY_CODE.get(error_code(error), StoreError)
        raise kind(str(error)) from error
    except BotoCoreError as error:
        raise StoreError(str(error)) from error


def error_code(error: ClientError) -> str:
    """The store's code, such as NoSuchKey, or the bare status where an answer has no body."""
    return str(error.response.get("Error", {}).get("Code", ""))


def connect(settings: Settings) -> S3Client:
    """A client for the store. Sends nothing yet. Raises StoreError for a setting boto3 refuses."""
    keys = settings.credentials
    with store_errors():
        client: S3Client = boto3.client(
            "s3",
            region_name=settings.region,
            endpoint_url=settings.endpoint_url,
            aws_access_key_id=keys.access_key_id if keys else None,
            aws_secret_access_key=keys.secret_access_key if keys else None,
            config=Config(
                # Without them a silent network would hold the lock on the folder for ever.
                connect_timeout=20,
                read_timeout=60,
                retries={"mode": "standard", "total_max_attempts": 5},
                # Only AWS is sure to have a host name for each bucket.
                s3={"addressing_style": "path" if settings.endpoint_url else "auto"},
            ),
        )
    return client


def part_size(size: int) -> int:
    """The size in bytes of all parts but the last, for an object of ``size`` bytes."""
    length = -(-size // (MOST_PARTS * MEBIBYTE)) * MEBIBYTE
    return min(max(SMALLEST_PART, length), LARGEST_PART)


class Bucket:
    """One bucket of the store. Every method raises StoreError."""

    def __init__(self, client: S3Client, name: str) -> None:
        self.name = name
        self._client = client

    def make(self) -> None:
        """Make the bucket, in the client's region."""
        region = self._client.meta.region_name
        with store_errors():
            try:
                if region == "us-east-1":  # S3 refuses it as a constraint
                    self._client.create_bucket(Bucket=self.name)
                else:
                    self._client.create_bucket(
                        Bucket=self.name, CreateBucketConfiguration={"LocationConstraint": region}
                    )
            except ClientError as error:
                if error_code(error) != "BucketAlreadyOwnedByYou":
                    raise

    def block_public_access(self) -> None:
        """No object of the bucket is ever public; a store that doesn't offer this is tolerated."""
        with store_errors():
            try:
                self._client.put_public_access_block(
                    Bucket=self.name,
                    PublicAccessBlockConfiguration={
                        "BlockPublicAcls": True,
                        "IgnorePublicAcls": True,
                        "BlockPublicPolicy": True,
                        "RestrictPublicBuckets": True,
                    },
                )
            except ClientError as error:
                if error_code(error) not in NOT_OFFERED:
                    raise

    def keys(self, prefix: str) -> list[str]:
        """All keys that start so: a request for each 1,000."""
        with store_errors():
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.name, Prefix=prefix
            )
            return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def holder(self, key: str) -> str | None:
        """The dump-id of the object under that key: None without object, empty without dump-id."""
        head = self._head(key)
        return None if head is None else head["Metadata"].get("dump-id", "")

    def upload(self, path: str, key: str, contents: Contents, metadata: dict[str, str]) -> None:
        """Store the file under a key that is free; KeyTakenError where it isn't."""
        with store_errors():
            if contents.size <= SMALLEST_PART:
                self._put(path, key, contents, metadata)
            else:
                self._put_in_parts(path, key, contents, metadata)

    def check(self, key: str, contents: Contents) -> None:
        """Compare the object with what was to be stored.

        By the checksum that the store computed over all its bytes, or, where it tells none, by
        reading them back.
        """
        head = self._head(key)
        if head is None:
            raise StoreError(f"s3://{self.name}/{key} is not there after its upload")
        size = head["ContentLength"]
        if size != contents.size:
            raise StoreError(f"s3://{self.name}/{key} has {size} bytes instead of {contents.size}")
        stored = head.get("ChecksumCRC32")
        if stored and head.get("ChecksumType", "FULL_OBJECT") == "FULL_OBJECT":
            same = stored == contents.crc32
        else:
            same = self._sha256(key) == contents.sha256
        if not same:
            raise StoreError(f"s3://{self.name}/{key} holds other bytes than the dump")

    def _head(self, key: str) -> HeadObjectOutputTypeDef | None:
        with store_errors():
            try:
                return self._client.head_object(Bucket=self.name, Key=key, ChecksumMode="ENABLED")
            except ClientError as error:
                if error_code(error) in {"404", "NoSuchKey", "NoSuchBucket"}:
                    return None
                raise

    def _sha256(self, key: str) -> str:
        digest = hashlib.sha256()
        with store_errors():
            body = self._client.get_object(Bucket=self.name, Key=key)["Body"]
            for chunk in body.iter_chunks(CHUNK):
                digest.update(chunk)
        return digest.hexdigest()

    def _put(self, path: str, key: str, contents: Contents, metadata: dict[str, str]) -> None:
        with open(path, "rb") as file:
            self._client.put_object(
                Bucket=self.name,
                Key=key,
                Body=file,
                ChecksumCRC32=contents.crc32,
                Metadata=metadata,
                IfNoneMatch="*",
            )

    def _put_in_parts(
        self, path: str, key: str, contents: Contents, metadata: dict[str, str]
    ) -> None:
        upload_id = self._client.create_multipart_upload(
            Bucket=self.name,
            Key=key,
            Metadata=metadata,
            ChecksumAlgorithm="CRC32",
            ChecksumType="FULL_OBJECT",
        )["UploadId"]
        try:
            self._client.complete_multipart_upload(
                Bucket=self.name,
                Key=key,
                UploadId=upload_id,
                MultipartUpload={"Parts": self._upload_parts(path, key, contents.size, upload_id)},
                ChecksumCRC32=contents.crc32,
                ChecksumType="FULL_OBJECT",
                IfNoneMatch="*",
            )
        except (ClientError, BotoCoreError, OSError):
            self._abort(key, upload_id)
            raise

    def _upload_parts(
        self, path: str, key: str, size: int, upload_id: str
    ) -> list[CompletedPartTypeDef]:
        length = part_size(size)

        def upload_part(number: int) -> CompletedPartTypeDef:
            with ReadFileChunk.from_filename(path, (number - 1) * length, length) as body:
                answer = self._client.upload_part(
                    Bucket=self.name,
                    Key=key,
                    UploadId=upload_id,
                    PartNumber=number,
                    Body=body,
                    ChecksumAlgorithm="CRC32",
                )
            return {
                "PartNumber": number,
                "ETag": answer["ETag"],
                "ChecksumCRC32": answer["ChecksumCRC32"],
            }

        numbers = range(1, -(-size // length) + 1)
        with ThreadPoolExecutor(PARALLEL_PARTS) as pool:
            futures = [pool.submit(upload_part, number) for number in numbers]
            try:
                return [future.result() for future in futures]
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _abort(self, key: str, upload_id: str) -> None:
        """As well as it goes: the error that led here is the one to tell of."""
        with suppress(ClientError, BotoCoreError):
            self._client.abort_multipart_upload(Bucket=self.name, Key=key, UploadId=upload_id)
