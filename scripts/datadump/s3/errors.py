"""What a store's answers mean, as errors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import responses
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

from datadump.s3.remedies import REGION_HEADER, remedy_for

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


class AbsentError(RefusedError):
    """There is no such object."""


class KeyTakenError(RefusedError):
    """There is an object under that key, and it was left alone."""


class KeySeenError(KeyTakenError):
    """The store told of the object: it is there, whatever the next request is answered."""


class ConflictError(RefusedError):
    """The store asks to start again: another request for that key was under way."""


class UploadGoneError(RefusedError):
    """The multipart upload isn't there: completed, aborted, or lost in the store."""


class FlawedListingError(StoreError):
    """The store's listing lacks something, or names keys otherwise than they are."""


class MalformedError(RefusedError):
    """The store can't make sense of the request: there may be in it what it doesn't know."""


class NotOfferedError(StoreError):
    """The store doesn't know this request, or takes it for another."""


KINDS: dict[str, type[StoreError]] = {
    "AccessDenied": DeniedError,
    "403": DeniedError,
    "NoSuchBucket": BucketAbsentError,
    "NoSuchKey": AbsentError,
    "404": AbsentError,
    "PreconditionFailed": KeyTakenError,
    "412": KeyTakenError,
    "ConditionalRequestConflict": ConflictError,
    "OperationAborted": ConflictError,
    "NoSuchUpload": UploadGoneError,
    "NotImplemented": NotOfferedError,
    "501": NotOfferedError,
    "MethodNotAllowed": NotOfferedError,
    "405": NotOfferedError,
    "InvalidArgument": MalformedError,
    "InvalidRequest": MalformedError,
    "400": MalformedError,
}
OF_THE_MIRROR = {
    "CREDENTIALS_FILE": "MIRROR_CREDENTIALS_FILE",
    "AWS_ENDPOINT_URL_S3": "MIRROR_ENDPOINT_URL_S3",
    "AWS_DEFAULT_REGION": "MIRROR_REGION",
}
REFUSALS = range(400, 500)
SUCCESSES = range(200, 300)
REDIRECTS = range(300, 400)
PAGE = re.compile(rb"\s*(<\?xml[^>]*>\s*)?<(!doctype\s+html|html)\b", re.IGNORECASE)
MARKUP = re.compile(r"<(style|script)\b.*?</\1>|<[^>]*>", re.IGNORECASE | re.DOTALL)
MOST_OF_A_PAGE = 80  # characters


@contextmanager
def store_errors(
    url: str, client: S3Client | None = None, encryption: str = "", *, is_mirror: bool = False
) -> Iterator[None]:
    """Turn boto3's errors into StoreError and its kinds.

    Their text has the URL of what they are about, and the remedy where it is known. ``client`` is
    the one that asks, with ``encryption`` for what it stores; ``is_mirror``: it is the mirror's,
    whose settings have other names.
    """
    try:
        yield
    except (ClientError, BotoCoreError, HTTPError) as error:  # the last from an answer's body
        kind = kind_of(error) if isinstance(error, ClientError) else StoreError
        remedy = remedy_for(error, client.meta if client else None, encryption)
        for name, of_mirror in OF_THE_MIRROR.items() if is_mirror else ():
            remedy = remedy.replace(name, of_mirror)
        raise kind(f"{error} ({url})" + (f": {remedy}" if remedy else "")) from error
    except (ResponseParserError, ValueError, KeyError) as error:  # botocore lets these through
        reason = " ".join(repr(error).split())
        raise StoreError(f"the store's answer can't be read: {reason} ({url})") from error


def kind_of(error: ClientError) -> type[StoreError]:
    """The class that says what the store's answer means."""
    refused = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") in REFUSALS
    return KINDS.get(error_code(error), RefusedError if refused else StoreError)


def error_code(error: ClientError) -> str:
    """The store's code, such as NoSuchKey, or the bare status where an answer has no body."""
    return str(error.response.get("Error", {}).get("Code", ""))


def judge(
    event_name: str,
    response_dict: dict[str, Any] | None,
    parsed_response: dict[str, Any],
    **_: object,
) -> None:
    """Give an error that isn't in S3's words some; raise ClientError for what botocore lets pass.

    For its event ``response-received.s3``. It takes somebody's page with status 200 for an answer,
    and any redirect for one to another region, which it asks for by a request that is redirected,
    too, and so on.
    """
    if response_dict is None:  # nobody answered
        return
    operation, status = event_name.rpartition(".")[2], response_dict["status_code"]
    body = response_dict["body"] if isinstance(response_dict["body"], bytes) else b""
    answer = {**parsed_response["ResponseMetadata"], "HTTPStatusCode": status}
    if status in SUCCESSES:
        if is_page(operation, answer["HTTPHeaders"], body):
            raise foreign_answer(operation, answer, body)
        return
    error = error_in(body)  # in a namespace, which some stores give it, botocore overlooks it
    if status in REDIRECTS or not operation.startswith("Head"):  # whose errors never have a body
        foreign = foreign_answer(operation, answer, body)
        parsed_response["Error"] = error or foreign.response["Error"]
    if status in REDIRECTS and not error and REGION_HEADER not in answer["HTTPHeaders"]:
        raise ClientError(parsed_response, operation)


def is_page(operation: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether an answer with status 200 is no S3's, by lower-case headers and what was read of it.

    An object's bytes weren't read.
    """
    if body:
        is_read = operation.startswith(("List", "CreateMultipart", "Complete", "GetBucket"))
        return bool(PAGE.match(body)) or (is_read and not body.lstrip().startswith(b"<"))
    is_html = "html" in headers.get("content-type", "")
    is_object = operation in {"HeadObject", "GetObject"}  # somebody may have stored a page there
    return is_html and is_object and not any(name.startswith("x-amz-") for name in headers)


def error_in(body: bytes) -> dict[str, str]:
    """The elements of a store's error; none where the answer's body is no error of S3's."""
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError:
        return {}
    found = {element.tag.rpartition("}")[2]: element.text or "" for element in root.iter()}
    return found if found.get("Code") else {}


def foreign_answer(operation: str, answer: Mapping[str, Any], body: bytes = b"") -> ClientError:
    """The error that such an answer is, with all that tells whose it may be.

    ``answer`` is what botocore calls its metadata.
    """
    status, headers = answer["HTTPStatusCode"], answer["HTTPHeaders"]
    text = " ".join(MARKUP.sub(" ", body.decode(errors="replace")).split())
    said = {
        "leading to": headers.get("location", "").partition("?")[0],  # the rest may be secret
        "of type": headers.get("content-type"),
        "from": headers.get("server"),
        "via": headers.get("via"),
        "saying": repr(text[:MOST_OF_A_PAGE]) if text else "",
    }
    facts = [f"{word} {value}" for word, value in said.items() if value]
    whose = "not S3's" if body or status in SUCCESSES else "bare"
    message = ", ".join([f"{responses.get(status, '')}: the answer is {whose}", *facts])
    error = {"Error": {"Code": str(status), "Message": message}, "ResponseMetadata": answer}
    return ClientError(error, operation)
