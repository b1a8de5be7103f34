"""The bucket and its objects."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, suppress
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

from datadump.ground.terminal import printable
from datadump.s3.client import is_aws, wanted_checksums
from datadump.s3.errors import (
    BucketAbsentError,
    KeyTakenError,
    NotOfferedError,
    RefusedError,
    StoreError,
    error_code,
    store_errors,
)
from datadump.s3.fingerprint import CHUNK, Contents

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import (
        HeadObjectOutputTypeDef,
        LifecycleRuleOutputTypeDef,
        LifecycleRuleTypeDef,
    )


DAYS_FOR_OPEN_UPLOADS = 7
PAUSE_AFTER_A_SLIP = 0.5  # seconds
OVERWRITES = (
    "warning: the store doesn't know If-None-Match: uploaders that share a prefix there could "
    "overwrite each other's objects; give each an S3_PREFIX of its own"
)


@cache
def say_once(text: str) -> None:
    """For a person, not the log."""
    print(printable(text))


@cache
def warn_once(text: str) -> None:
    """The same, for a fault that an upload gets over."""
    print(printable(text), file=sys.stderr)


class Holder(NamedTuple):
    """Which dump's object it is, by its metadata; empty strings where it is no dump's."""

    dump_id: str
    sha256: str


class Listed(NamedTuple):
    """What a listing tells of an object."""

    key: str
    size: int  # bytes
    etag: str  # without quotes


def metadata_of(head: HeadObjectOutputTypeDef) -> dict[str, str]:
    """The names in lower case: some gateways rewrite them."""
    return {name.lower(): value for name, value in head["Metadata"].items()}


def bare_etag(etag: str) -> str:
    """Without the quotes, which some stores leave out in some places."""
    return etag.strip('"')


def holder_of(head: HeadObjectOutputTypeDef) -> Holder:
    """Read the metadata."""
    metadata = metadata_of(head)
    return Holder(metadata.get("dump-id", ""), metadata.get("sha256", ""))


class Bucket:
    """One bucket of the store. Every method raises StoreError."""

    def __init__(self, client: S3Client, name: str) -> None:
        self.name = name
        self._client = client

    def make(self) -> None:
        """Make the bucket, in the client's region; done already is well done."""
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

    def finish(self) -> None:
        """Give a bucket that was just made what ours have.

        One that has lifecycle rules was finished before, or is somebody's: it is left as it is.
        """
        rules = self._lifecycle_rules()
        if rules:
            return
        self._block_public_access()
        if rules is not None:
            self._expire_open_uploads()

    def _lifecycle_rules(self) -> list[LifecycleRuleOutputTypeDef] | None:
        """None where the store doesn't tell."""
        with suppress(NotOfferedError, RefusedError), self._errors():
            try:
                answer = self._client.get_bucket_lifecycle_configuration(Bucket=self.name)
            except ClientError as error:
                if error_code(error) == "NoSuchLifecycleConfiguration":
                    return []
                raise
            return answer.get("Rules", [])
        return None

    def _block_public_access(self) -> None:
        """No object of the bucket is ever public; a store that doesn't offer this is tolerated."""
        try:
            with self._errors():
                self._client.put_public_access_block(
                    Bucket=self.name,
                    PublicAccessBlockConfiguration={
                        "BlockPublicAcls": True,
                        "IgnorePublicAcls": True,
                        "BlockPublicPolicy": True,
                        "RestrictPublicBuckets": True,
                    },
                )
        except (NotOfferedError, RefusedError):  # rclone takes it for a request to make the bucket
            if is_aws(self._client):
                raise

    def _expire_open_uploads(self) -> None:
        """The last net under uploads that nobody ends; without it, all the rest holds as well."""
        rule: LifecycleRuleTypeDef = {
            "ID": "open multipart uploads",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": DAYS_FOR_OPEN_UPLOADS},
        }
        with suppress(NotOfferedError, RefusedError), self._errors():
            self._client.put_bucket_lifecycle_configuration(
                Bucket=self.name, LifecycleConfiguration={"Rules": [rule]}
            )

    def keys(self, prefix: str) -> list[str]:
        """All keys that start so: a request for each 1,000."""
        with self._errors():
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.name, Prefix=prefix
            )
            return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def keys_if_there(self, prefix: str) -> list[str] | None:
        """The same; None where the store says twice that there is no bucket.

        Said once it may be a slip, and what follows from it is not to be undone.
        """
        for pause in (PAUSE_AFTER_A_SLIP, 0):
            try:
                return self.keys(prefix)
            except BucketAbsentError:
                time.sleep(pause)
        return None

    def folders(self, prefix: str) -> list[str]:
        """The names right below the prefix that have something below them."""
        with self._errors():
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.name, Prefix=prefix, Delimiter="/"
            )
            found = [item["Prefix"] for page in pages for item in page.get("CommonPrefixes", [])]
        return [folder.removeprefix(prefix).rstrip("/") for folder in found]

    def objects(self, prefix: str) -> list[Listed]:
        """What is right below the prefix, and not what is deeper."""
        with self._errors():
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.name, Prefix=prefix, Delimiter="/"
            )
            return [
                Listed(item["Key"], item["Size"], bare_etag(item["ETag"]))
                for page in pages
                for item in page.get("Contents", [])
            ]

    def read(self, key: str, limit: int) -> bytes:
        """The object's first bytes, up to that many."""
        with self._errors(key):
            answer = self._client.get_object(Bucket=self.name, Key=key)
            with closing(answer["Body"]) as body:
                content: bytes = body.read(limit)
                return content

    def read_range(self, key: str, etag: str, start: int, length: int) -> Iterator[bytes]:
        """These bytes of the object, in pieces as they come.

        RefusedError where it isn't that ETag's any more; a cut on the way is a plain StoreError.
        """
        with self._errors(key):
            answer = self._client.get_object(
                Bucket=self.name,
                Key=key,
                IfMatch=f'"{etag}"',
                Range=f"bytes={start}-{start + length - 1}",
            )
            with closing(answer["Body"]) as body:
                if answer["ContentLength"] != length:
                    raise NotOfferedError(
                        f"the store answers with {answer['ContentLength']} bytes where it was "
                        f"asked for {length} ({self.url(key)})"
                    )
                yield from body.iter_chunks(CHUNK)

    def write(self, key: str, body: bytes) -> None:
        """Store a small object in place of what is there. Not for dumps: see :meth:`put`."""
        with self._errors(key):
            self._client.put_object(Bucket=self.name, Key=key, Body=body)

    def write_where_free(self, key: str, body: bytes) -> None:
        """Store a small object; KeyTakenError where there is one, if the store knows of that."""
        with self._errors(key):
            self._client.put_object(Bucket=self.name, Key=key, Body=body, IfNoneMatch="*")

    def put(self, path: str, key: str, contents: Contents, metadata: dict[str, str]) -> None:
        """Store the file in one request, under a key that is free; KeyTakenError where it isn't."""
        checksum = wanted_checksums(self._client, ChecksumCRC32=contents.crc32)

        def put(**condition: str) -> None:
            with open(path, "rb") as file:
                self._client.put_object(
                    Bucket=self.name,
                    Key=key,
                    Body=file,
                    Metadata=metadata,
                    **condition,  # type: ignore[arg-type]
                    **checksum,
                )

        self.create(key, put)

    def create(self, key: str, request: Callable[..., object]) -> None:
        """Carry out the request that makes an object where there is none, else KeyTakenError.

        The request takes IfNoneMatch. A store that doesn't know it is asked for the key before.
        """
        try:
            with self._errors(key):
                request(IfNoneMatch="*")
        except NotOfferedError:
            say_once(OVERWRITES)
            self.require_free(key)
            with self._errors(key):
                request()

    def require_free(self, key: str) -> None:
        """Raises KeyTakenError where there is an object."""
        if self.head(key):
            raise KeyTakenError(f"there is an object already ({self.url(key)})")

    def holder(self, key: str) -> Holder | None:
        """Whose object is under that key; None where there is none."""
        head = self.head(key)
        return holder_of(head) if head else None

    def check(self, key: str, dump_id: str, contents: Contents) -> None:
        """Compare the object with what was to be stored.

        By the checksum that the store computed over all its bytes, or, where it tells none or
        another kind, by reading them back.
        """
        head = self.head(key)
        if head is None or holder_of(head).dump_id != dump_id:
            raise StoreError(f"the dump is not at {self.url(key)} after its upload")
        size = head["ContentLength"]
        if size != contents.size:
            raise StoreError(f"{self.url(key)} has {size} bytes instead of {contents.size}")
        if not self._has_bytes(head, key, contents):
            raise StoreError(f"{self.url(key)} holds other bytes than the dump")

    def holds(self, key: str, contents: Contents) -> bool:
        """Whether there is an object of these bytes, whosever it is."""
        head = self.head(key)
        if head is None or head["ContentLength"] != contents.size:
            return False
        return self._has_bytes(head, key, contents)

    def _has_bytes(self, head: HeadObjectOutputTypeDef, key: str, contents: Contents) -> bool:
        """For one of the same size."""
        told = head.get("ChecksumCRC32") == contents.crc32
        return told or self._sha256(key) == contents.sha256

    def head(self, key: str) -> HeadObjectOutputTypeDef | None:
        """What the store tells of the object; None where there is none."""
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

    def url(self, key: str = "") -> str:
        """What messages call the object, or the bucket."""
        return f"s3://{self.name}/{key}" if key else f"s3://{self.name}"

    def _errors(self, key: str = "") -> AbstractContextManager[None]:
        return store_errors(self.url(key))
