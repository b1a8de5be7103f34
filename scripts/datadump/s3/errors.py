"""What a store's answers mean, as errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError


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


class FlawedListingError(StoreError):
    """The store's listing lacks something, or names keys otherwise than they are."""


class NotOfferedError(StoreError):
    """The store doesn't know this request, or takes it for another."""


KINDS: dict[str, type[StoreError]] = {
    "AccessDenied": DeniedError,
    "403": DeniedError,
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
    """Turn boto3's errors into StoreError and its kinds, with the URL of what they are about."""
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
