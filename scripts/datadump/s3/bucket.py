"""The bucket and its objects: the requests, each by itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, BinaryIO

from botocore.exceptions import ClientError

from datadump.ground.fingerprint import CHUNK
from datadump.ground.retry import pause_after
from datadump.ground.terminal import Notices
from datadump.s3.errors import (
    DeniedError,
    KeySeenError,
    KeyTakenError,
    MalformedError,
    NotOfferedError,
    StoreError,
    error_code,
    store_errors,
)
from datadump.s3.metadata import Head, Metadata, head_of, to_headers
from datadump.settings.objects import DEFAULTS, ObjectSettings

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import GetObjectOutputTypeDef

PARTIAL_CONTENT = 206
Body = Callable[[], AbstractContextManager[BinaryIO]]  # what is to be sent, from its beginning
TRIES_OF_THE_CONDITION = 6  # with 3 seconds of pauses between them


class Bucket:
    """One bucket of a store. Every method raises StoreError.

    ``notices`` tells a person, once, what is to be known of this store, which is to keep dumps as
    ``objects`` says. ``as_of``: see :class:`PastBucket`; ``is_mirror``: :class:`StoreAccess`.
    """

    as_of: datetime | None = None
    is_mirror = False

    def __init__(self, client: S3Client, name: str, objects: ObjectSettings = DEFAULTS) -> None:
        self.client, self.name, self.objects = client, name, objects
        self.notices = Notices()

    def read(self, key: str, limit: int) -> bytes:
        """The object's first bytes, up to that many."""
        with self.errors(key):
            answer = self.client.get_object(**self.at(key))
            with closing(answer["Body"]) as body:
                return bytes(body.read(limit))

    def read_range(self, key: str, etag: str, start: int, length: int) -> Iterator[bytes]:
        """So many bytes of the object from ``start`` on, in pieces as they come.

        RefusedError where the object has another ETag by now, unless the store tells none; a plain
        StoreError where it is cut.
        """
        condition = {"IfMatch": f'"{etag}"'} if etag else {}
        with self.errors(key):
            answer = self.client.get_object(
                **self.at(key),
                Range=f"bytes={start}-{start + length - 1}",
                **condition,  # type: ignore[arg-type]
            )
            with closing(answer["Body"]) as body:
                told = length_of(answer, length)
                if told != length:
                    raise NotOfferedError(
                        f"the store answers with {told} bytes where it was asked for {length} "
                        f"({self.url(key)})"
                    )
                yield from exactly(length, body.iter_chunks(CHUNK), self.url(key))

    def write(self, key: str, body: bytes) -> None:
        """Store a small object in place of what is there. Not for dumps: they overwrite nothing."""
        with self.errors(key):
            self.client.put_object(Bucket=self.name, Key=key, Body=body)

    def write_where_free(self, key: str, body: bytes) -> None:
        """Store a small object; KeyTakenError where there is one, if the store knows of that."""
        with self.errors(key):
            self.client.put_object(Bucket=self.name, Key=key, Body=body, IfNoneMatch="*")

    def remove(self, key: str) -> None:
        """Remove the object, if it is there. Where the bucket keeps versions, the old one stays."""
        with self.errors(key):
            self.client.delete_object(Bucket=self.name, Key=key)

    def put(self, body: Body, key: str, crc32: str, metadata: Metadata) -> None:
        """Store the bytes in one request, under a key that is free; KeyTakenError where it isn't.

        ``crc32`` is their checksum, as S3 writes it.
        """

        def put(**condition: str) -> None:
            with body() as content:
                self.client.put_object(
                    Bucket=self.name,
                    Key=key,
                    Body=content,
                    Metadata=to_headers(metadata),
                    **kept_as(self.objects),
                    **condition,  # type: ignore[arg-type]
                    **wanted_checksums(self, ChecksumCRC32=crc32),
                )

        self.create(key, put)

    def create(self, key: str, request: Callable[..., object]) -> None:
        """Carry out the request, which makes an object; KeyTakenError where there is one already.

        The request takes IfNoneMatch. A store that doesn't know that, or refuses it for a key that
        is free, is asked for the key before.
        """
        try:
            self._create_on_condition(key, request)
        except (NotOfferedError, MalformedError, KeyTakenError) as error:
            if is_aws(self.client) or isinstance(error, KeySeenError):
                raise
            self.require_free(key)
            with self.errors(key):
                request()
            self.notices.say(overwrites_warning("doesn't know"))

    def _create_on_condition(self, key: str, request: Callable[..., object]) -> None:
        """Where the key is said to be taken and isn't, somebody may be about to take it: wait."""
        for failures in range(TRIES_OF_THE_CONDITION):
            try:
                with self.errors(key):
                    request(IfNoneMatch="*")
            except KeyTakenError:
                self.require_free(key)
                if failures + 1 == TRIES_OF_THE_CONDITION:
                    raise
                time.sleep(pause_after(failures))
            else:
                return

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
        """Raises KeySeenError where there is an object."""
        if self.head(key):
            raise KeySeenError(f"there is an object already ({self.url(key)})")

    def head(self, key: str) -> Head | None:
        """What the store tells of the object; None where there is none."""
        with self.errors(key):
            try:
                told = self.client.head_object(**self.at(key), ChecksumMode="ENABLED")
            except ClientError as error:
                if error_code(error) in {"404", "NoSuchKey", "NoSuchBucket"}:
                    return None
                raise
            size = told["ContentLength"] if "ContentLength" in told else counted(self, key)
            return head_of(told, size)

    def at(self, key: str) -> dict[str, Any]:
        """Which object a request reads, as its parameters; raises boto3's own errors."""
        return {"Bucket": self.name, "Key": key}

    def url(self, key: str = "") -> str:
        """What messages call the object under that key, or the bucket."""
        return f"s3://{self.name}/{key}" if key else f"s3://{self.name}"

    def errors(self, key: str = "") -> AbstractContextManager[None]:
        """Requests in this context end in StoreError, which names the object or the bucket."""
        about, mirror = self.url(key), self.is_mirror
        return store_errors(about, self.client, self.objects.encryption, is_mirror=mirror)


def counted(bucket: Bucket, key: str) -> int:
    """The size of an object whose HEAD doesn't tell it."""
    answer = bucket.client.get_object(**bucket.at(key))
    with closing(answer["Body"]) as body:
        if "ContentLength" in answer:
            return answer["ContentLength"]
        return sum(map(len, body.iter_chunks(CHUNK)))


def length_of(answer: GetObjectOutputTypeDef, asked: int) -> int | str:
    """The number of bytes that a store is about to send, which was asked for a range of so many.

    Where it doesn't tell, by the status that says that it is the range.
    """
    is_range = answer["ResponseMetadata"]["HTTPStatusCode"] == PARTIAL_CONTENT
    return answer.get("ContentLength", asked if is_range else "all")


def exactly(length: int, chunks: Iterable[bytes], url: str) -> Iterator[bytes]:
    """The chunks; StoreError where they end early: botocore sees that by a length that is told."""
    left = length
    for chunk in chunks:
        left -= len(chunk)
        yield chunk
    if left:
        raise StoreError(f"the store sent {length - left} bytes instead of {length} ({url})")


def overwrites_warning(verb: str) -> str:
    """What a person should know of a store that, by the verb, ignores ``If-None-Match``, say."""
    return (
        f"warning: the store {verb} If-None-Match: uploaders that share a prefix there could "
        "overwrite each other's objects; give each an S3_PREFIX of its own"
    )


def is_aws(client: S3Client) -> bool:
    """Whether the client's store is Amazon's own."""
    return str(client.meta.endpoint_url).endswith((".amazonaws.com", ".amazonaws.com.cn"))


def kept_as(objects: ObjectSettings) -> dict[str, Any]:
    """The parameters of a request that makes an object, for how the store is to keep it."""
    until = datetime.now(UTC) + timedelta(days=objects.lock_days)
    parameters = {
        "StorageClass": objects.storage_class,
        "ServerSideEncryption": objects.encryption,
        "SSEKMSKeyId": objects.kms_key_id,
        "ObjectLockMode": objects.lock,
        "ObjectLockRetainUntilDate": until if objects.lock else "",
    }
    return {name: value for name, value in parameters.items() if value}


def wanted_checksums(bucket: Bucket, **parameters: str) -> dict[str, Any]:
    """These parameters of a request, unless boto3's own setting leaves checksums out.

    Some stores refuse the checksums that came with 2025's SDKs; the setting for them is
    AWS_REQUEST_CHECKSUM_CALCULATION=when_required. A locked object takes one always.
    """
    supported = bucket.client.meta.config.request_checksum_calculation == "when_supported"
    return parameters if supported or bucket.objects.lock else {}
