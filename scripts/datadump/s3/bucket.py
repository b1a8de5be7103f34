"""The bucket and its objects: the requests, each by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from datadump.ground.fingerprint import CHUNK
from datadump.ground.terminal import Notices
from datadump.s3.errors import (
    DeniedError,
    KeyTakenError,
    NotOfferedError,
    error_code,
    store_errors,
)
from datadump.s3.metadata import Metadata, to_headers

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import HeadObjectOutputTypeDef


class Bucket:
    """One bucket of a store. Every method raises StoreError.

    ``notices`` tells a person, once, what is to be known of this store.
    """

    def __init__(self, client: S3Client, name: str) -> None:
        self.client, self.name = client, name
        self.notices = Notices()

    def read(self, key: str, limit: int) -> bytes:
        """The object's first bytes, up to that many."""
        with self.errors(key):
            answer = self.client.get_object(Bucket=self.name, Key=key)
            with closing(answer["Body"]) as body:
                content: bytes = body.read(limit)
                return content

    def read_range(self, key: str, etag: str, start: int, length: int) -> Iterator[bytes]:
        """So many bytes of the object from ``start`` on, in pieces as they come.

        RefusedError where the object has another ETag by now, a plain StoreError where it is cut.
        """
        with self.errors(key):
            answer = self.client.get_object(
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
        """Store a small object in place of what is there. Not for dumps: they overwrite nothing."""
        with self.errors(key):
            self.client.put_object(Bucket=self.name, Key=key, Body=body)

    def write_where_free(self, key: str, body: bytes) -> None:
        """Store a small object; KeyTakenError where there is one, if the store knows of that."""
        with self.errors(key):
            self.client.put_object(Bucket=self.name, Key=key, Body=body, IfNoneMatch="*")

    def put(self, path: str, key: str, crc32: str, metadata: Metadata) -> None:
        """Store the file in one request, under a key that is free; KeyTakenError where it isn't.

        ``crc32`` is the checksum of its bytes, as S3 writes it.
        """
        checksum = wanted_checksums(self.client, ChecksumCRC32=crc32)

        def put(**condition: str) -> None:
            with open(path, "rb") as file:
                self.client.put_object(
                    Bucket=self.name,
                    Key=key,
                    Body=file,
                    Metadata=to_headers(metadata),
                    **condition,  # type: ignore[arg-type]
                    **checksum,
                )

        self.create(key, put)

    def create(self, key: str, request: Callable[..., object]) -> None:
        """Carry out the request, which makes an object; KeyTakenError where there is one already.

        The request takes IfNoneMatch. A store that doesn't know that is asked for the key before.
        """
        try:
            with self.errors(key):
                request(IfNoneMatch="*")
        except NotOfferedError:
            self.notices.say(overwrites_warning("doesn't know"))
            self.require_free(key)
            with self.errors(key):
                request()

    def expect_free(self, key: str) -> None:
        """Raises KeyTakenError where there is an object, DeniedError where that can't be asked.

        Before each request that makes one, since not every store keeps to the request's condition.
        AWS does, and there an account with s3:ListBucket for some prefixes only can't ask.
        """
        try:
            self.require_free(key)
        except DeniedError:
            if not is_aws(self.client):
                raise

    def require_free(self, key: str) -> None:
        """Raises KeyTakenError where there is an object."""
        if self.head(key):
            raise KeyTakenError(f"there is an object already ({self.url(key)})")

    def head(self, key: str) -> HeadObjectOutputTypeDef | None:
        """What the store tells of the object, its checksums too; None where there is none."""
        with self.errors(key):
            try:
                return self.client.head_object(Bucket=self.name, Key=key, ChecksumMode="ENABLED")
            except ClientError as error:
                if error_code(error) in {"404", "NoSuchKey", "NoSuchBucket"}:
                    return None
                raise

    def url(self, key: str = "") -> str:
        """What messages call the object under that key, or the bucket."""
        return f"s3://{self.name}/{key}" if key else f"s3://{self.name}"

    def errors(self, key: str = "") -> AbstractContextManager[None]:
        """Requests in this context end in StoreError, which names the object or the bucket."""
        return store_errors(self.url(key))


def bare_etag(etag: str) -> str:
    """The ETag without its quotes, which some stores leave out in some places."""
    return etag.strip('"')


def overwrites_warning(verb: str) -> str:
    """What a person should know of a store that, by the verb, ignores ``If-None-Match``, say."""
    return (
        f"warning: the store {verb} If-None-Match: uploaders that share a prefix there could "
        "overwrite each other's objects; give each an S3_PREFIX of its own"
    )


def is_aws(client: S3Client) -> bool:
    """Whether the client's store is Amazon's own."""
    return str(client.meta.endpoint_url).endswith((".amazonaws.com", ".amazonaws.com.cn"))


def wanted_checksums(client: S3Client, **parameters: str) -> dict[str, Any]:
    """These parameters of a request, unless boto3's own setting leaves checksums out.

    Some stores refuse the checksums that came with 2025's SDKs; the setting for them is
    AWS_REQUEST_CHECKSUM_CALCULATION=when_required.
    """
    supported = client.meta.config.request_checksum_calculation == "when_supported"
    return parameters if supported else {}
