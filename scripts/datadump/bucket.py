"""The requests to the S3 store. boto3 is imported here and nowhere else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from s3transfer.utils import ReadFileChunk

from datadump.contents import CHUNK, Contents
from datadump.settings import Settings

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import (
        CompletedPartTypeDef,
        HeadObjectOutputTypeDef,
        UploadPartOutputTypeDef,
    )

MEBIBYTE = 1024 * 1024
SMALLEST_PART = 16 * MEBIBYTE
LARGEST_PART = 5 * 1024 * MEBIBYTE  # S3's limit
MOST_PARTS = 1000  # some stores stop there, S3 at 10,000
PARALLEL_PARTS = 4


class StoreError(Exception):
    """A request failed; the text is the store's or boto3's own."""


class RefusedError(StoreError):
    """The store answered that it won't (a status of 400 to 499): the request changed nothing."""


class BucketAbsentError(RefusedError):
    """There is no such bucket."""


class KeyTakenError(RefusedError):
    """There is an object under that key, and it was left alone."""


class ConflictError(RefusedError):
    """The store asks to try again: another request for that key was under way."""


ERRORS_BY_CODE = {
    "NoSuchBucket": BucketAbsentError,
    "PreconditionFailed": KeyTakenError,
    "ConditionalRequestConflict": ConflictError,
}

# What stores answer that know nothing of public access; rclone takes the request for another.
NOT_OFFERED = {"NotImplemented", "MethodNotAllowed", "BucketAlreadyExists"}
REFUSALS = range(400, 500)


@contextmanager
def store_errors(url: str) -> Iterator[None]:
    """Turn boto3's errors over this bucket or object into this module's."""
    try:
        yield
    except ClientError as error:
        raise kind_of(error)(f"{error} ({url})") from error
    except BotoCoreError as error:
        raise StoreError(f"{error} ({url})") from error


def kind_of(error: ClientError) -> type[StoreError]:
    """The class of this module's that says what the store's answer means."""
    refused = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") in REFUSALS
    return ERRORS_BY_CODE.get(error_code(error), RefusedError if refused else StoreError)


def error_code(error: ClientError) -> str:
    """The store's code, such as NoSuchKey, or the bare status where an answer has no body."""
    return str(error.response.get("Error", {}).get("Code", ""))


def connect(settings: Settings) -> S3Client:
    """A client for the store. Sends nothing yet. Raises StoreError for a setting boto3 refuses."""
    keys = settings.credentials
    with store_errors(f"s3://{settings.bucket}"):
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


class Holder(NamedTuple):
    """Which dump's object it is, by its metadata; empty strings where it is no dump's."""

    dump_id: str
    sha256: str


def holder_of(head: HeadObjectOutputTypeDef) -> Holder:
    """Read the metadata; some gateways rewrite the case of header names."""
    metadata = {name.lower(): value for name, value in head["Metadata"].items()}
    return Holder(metadata.get("dump-id", ""), metadata.get("sha256", ""))


def completed_part(number: int, answer: UploadPartOutputTypeDef) -> CompletedPartTypeDef:
    """The part as the completion names it, with its checksum if the store told one."""
    part: CompletedPartTypeDef = {"PartNumber": number, "ETag": answer["ETag"]}
    if "ChecksumCRC32" in answer:
        part["ChecksumCRC32"] = answer["ChecksumCRC32"]
    return part


class Bucket:
    """One bucket of the store. Every method raises StoreError."""

    def __init__(self, client: S3Client, name: str) -> None:
        self.name = name
        self._client = client
        # Some stores refuse the checksums that came with 2025's SDKs. boto3's own setting for them,
        # AWS_REQUEST_CHECKSUM_CALCULATION=when_required, holds for those that are asked for here.
        self._with_checksums = client.meta.config.request_checksum_calculation == "when_supported"

    def make(self) -> None:
        """Make the bucket, in the client's region."""
        region = self._client.meta.region_name
        with self._errors():
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
        with self._errors():
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
                if self._is_on_aws() or error_code(error) not in NOT_OFFERED:
                    raise

    def keys(self, prefix: str) -> list[str]:
        """All keys that start so: a request for each 1,000."""
        with self._errors():
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.name, Prefix=prefix
            )
            return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def holder(self, key: str) -> Holder | None:
        """Whose object is under that key; None where there is none."""
        head = self._head(key)
        return holder_of(head) if head else None

    def upload(self, path: str, key: str, contents: Contents, metadata: dict[str, str]) -> None:
        """Store the file under a key that is free; KeyTakenError where it isn't."""
        with self._errors(key):
            if contents.size <= SMALLEST_PART:
                self._put(path, key, contents, metadata)
            else:
                self._put_in_parts(path, key, contents, metadata)

    def check(self, key: str, dump_id: str, contents: Contents) -> None:
        """Compare the object with what was to be stored.

        By the checksum that the store computed over all its bytes, or, where it tells none or
        another kind, by reading them back.
        """
        head = self._head(key)
        if head is None or holder_of(head).dump_id != dump_id:
            raise StoreError(f"the dump is not at {self._url(key)} after its upload")
        size = head["ContentLength"]
        if size != contents.size:
            raise StoreError(f"{self._url(key)} has {size} bytes instead of {contents.size}")
        if head.get("ChecksumCRC32") != contents.crc32 and self._sha256(key) != contents.sha256:
            raise StoreError(f"{self._url(key)} holds other bytes than the dump")

    def _url(self, key: str = "") -> str:
        return f"s3://{self.name}/{key}" if key else f"s3://{self.name}"

    def _errors(self, key: str = "") -> AbstractContextManager[None]:
        return store_errors(self._url(key))

    def _is_on_aws(self) -> bool:
        return str(self._client.meta.endpoint_url).endswith((".amazonaws.com", ".amazonaws.com.cn"))

    def _head(self, key: str) -> HeadObjectOutputTypeDef | None:
        with self._errors(key):
            try:
                return self._client.head_object(Bucket=self.name, Key=key, ChecksumMode="ENABLED")
            except ClientError as error:
                if error_code(error) in {"404", "NoSuchKey", "NoSuchBucket"}:
                    return None
                raise

    def _sha256(self, key: str) -> str:
        digest = hashlib.sha256()
        with self._errors(key):
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
                Metadata=metadata,
                IfNoneMatch="*",
                **self._checksum(ChecksumCRC32=contents.crc32),
            )

    def _put_in_parts(
        self, path: str, key: str, contents: Contents, metadata: dict[str, str]
    ) -> None:
        upload_id = self._client.create_multipart_upload(
            Bucket=self.name,
            Key=key,
            Metadata=metadata,
            **self._checksum(ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT"),
        )["UploadId"]
        try:
            self._client.complete_multipart_upload(
                Bucket=self.name,
                Key=key,
                UploadId=upload_id,
                MultipartUpload={"Parts": self._upload_parts(path, key, contents.size, upload_id)},
                IfNoneMatch="*",
                **self._checksum(ChecksumCRC32=contents.crc32, ChecksumType="FULL_OBJECT"),
            )
        except BaseException:
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
                    **self._checksum(ChecksumAlgorithm="CRC32"),
                )
            return completed_part(number, answer)

        numbers = range(1, -(-size // length) + 1)
        with ThreadPoolExecutor(PARALLEL_PARTS) as pool:
            futures = [pool.submit(upload_part, number) for number in numbers]
            try:
                return [future.result() for future in futures]
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _checksum(self, **parameters: str) -> Any:  # noqa: ANN401 - each request types its own
        return parameters if self._with_checksums else {}

    def _abort(self, key: str, upload_id: str) -> None:
        """As well as it goes: the error that led here is the one to tell of."""
        with suppress(ClientError, BotoCoreError):
            self._client.abort_multipart_upload(Bucket=self.name, Key=key, UploadId=upload_id)
