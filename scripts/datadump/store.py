"""The connection to an S3 store, and what its answers mean: the only module that imports boto3."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from datadump.settings import Settings

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


class StoreError(Exception):
    """A request failed; the text is the store's or boto3's own, and names the object."""


class RefusedError(StoreError):
    """The store answered that it won't (a status of 400 to 499): the request changed nothing."""


class DeniedError(RefusedError):
    """The account has no right to do that."""


class BucketAbsentError(RefusedError):
    """There is no such bucket."""


class KeyTakenError(RefusedError):
    """There is an object under that key, and it was left alone."""


class ConflictError(RefusedError):
    """The store asks to start again: another request for that key was under way."""


class UploadGoneError(RefusedError):
    """The multipart upload isn't there: completed, aborted, or lost in the store."""


class NotOfferedError(StoreError):
    """The store doesn't know this request, or takes it for another."""


KINDS: dict[str, type[StoreError]] = {
    "AccessDenied": DeniedError,
    "NoSuchBucket": BucketAbsentError,
    "PreconditionFailed": KeyTakenError,
    "ConditionalRequestConflict": ConflictError,
    "OperationAborted": ConflictError,
    "NoSuchUpload": UploadGoneError,
    "NotImplemented": NotOfferedError,
    "MethodNotAllowed": NotOfferedError,
}
REFUSALS = range(400, 500)


@contextmanager
def store_errors(url: str) -> Iterator[None]:
    """Turn boto3's errors over this bucket or object into this module's."""
    try:
        yield
    except ClientError as error:
        raise kind_of(error)(f"{error} ({url})") from error
    except (BotoCoreError, HTTPError) as error:  # the latter from within an answer's body
        raise StoreError(f"{error} ({url})") from error


def kind_of(error: ClientError) -> type[StoreError]:
    """The class that says what the store's answer means."""
    refused = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") in REFUSALS
    return KINDS.get(error_code(error), RefusedError if refused else StoreError)


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
