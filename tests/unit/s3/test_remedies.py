"""What a refusal says after the store's own words: what a person can do about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from botocore.exceptions import ProxyConnectionError, SSLError
from datadump.s3.bucket import Bucket
from datadump.s3.errors import StoreError
from datadump.s3.listing import Listing, PastBucket
from datadump.s3.remedies import remedy_for
from support.answers import ENDPOINT, bucket_with, error
from support.proxy import Answer

CHECKSUMS = "AWS_REQUEST_CHECKSUM_CALCULATION=when_required"


def refusal(answer: Answer, ask: str) -> str:
    """What is said of that answer to that request."""
    bucket, _ = bucket_with(answer)
    with pytest.raises(StoreError) as failed:
        ASKS[ask](bucket)
    return str(failed.value)


def list_all(bucket: Bucket) -> None:
    Listing(bucket).keys_if_there("")


def put(bucket: Bucket) -> None:
    bucket.write("key", b"x")


def head(bucket: Bucket) -> None:
    bucket.head("key")


def list_versions(bucket: Bucket) -> None:
    Listing(PastBucket(bucket, datetime.now(UTC))).keys_in("")


def read(bucket: Bucket) -> None:
    bucket.read("key", 1)


ASKS = {
    "list": list_all, "put": put, "head": head, "versions": list_versions, "read": read,
}  # fmt: skip
DENIED = "User: arn:aws:iam::1:user/u is not authorized to perform: {} on this resource"
KEYS = "key id, secret key and bucket, in this order, a line each, without quotes or NAME="


@pytest.mark.parametrize(
    ("ask", "answer", "remedy"),
    [
        ("put", error("InvalidAccessKeyId", status=403), KEYS),
        ("put", error("SignatureDoesNotMatch", status=403), "or a proxy on the way changes path"),
        ("put", error("ExpiredToken"), "set new ones, with their AWS_SESSION_TOKEN"),
        ("put", error("InvalidToken"), "AWS_SESSION_TOKEN has to be the one of these keys"),
        ("list", error("NoSuchKey", status=404), f"does {ENDPOINT} name the bucket, too?"),
        ("head", Answer(403), "the account needs s3:GetObject there, and s3:ListBucket"),
        ("versions", error("AccessDenied", status=403), "takes s3:ListBucketVersions and s3:GetOb"),
        ("head", Answer(403), "of one that KMS encrypted, kms:Decrypt"),
        (
            "put",
            error("KMS.NotFoundException", "Key 'arn:aws:kms:eu-west-1:1:key/k' does not exist"),
            "S3_SSE_KMS_KEY_ID has to name a key",
        ),
        (
            "put",
            error("AccessDenied", DENIED.format("kms:GenerateDataKey"), status=403),
            "an uploader kms:GenerateDataKey as well",
        ),
        (
            "read",
            error("AccessDenied", DENIED.format("kms:Decrypt"), status=403),
            "with which the account may do kms:Decrypt",
        ),
        ("put", Answer(413), "has to let 16 MiB through in one request"),
        ("put", error("NotImplemented", status=501), CHECKSUMS),
        ("put", error("MissingContentLength", status=411), CHECKSUMS),
        ("put", error("InvalidArgument", "x-amz-sdk-checksum-algorithm is odd"), CHECKSUMS),
        ("put", error("InvalidRequest", "aws-chunked isn't known"), CHECKSUMS),
        (
            "put",
            Answer(400, (), b"Client sent an HTTP request to an HTTPS server."),
            "=https://...",
        ),
        (
            "list",
            Answer(404, (), b"<html>no such page</html>"),
            f"is {ENDPOINT} (AWS_ENDPOINT_URL_S3) an S3 store?",
        ),
        ("list", Answer(407, (), b""), "HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT"),
    ],
)
def test_refusal_says_its_remedy_last(ask: str, answer: Answer, remedy: str) -> None:
    """After the store's own words and the URL of what it is about."""
    said = refusal(answer, ask)
    words, _, advice = said.partition("(s3://backups")
    assert words.startswith("An error occurred (")
    assert remedy in advice


@pytest.mark.parametrize(
    "answer",
    [
        error("AuthorizationHeaderMalformed", "the region is wrong; expecting 'eu-west-1'"),
        error("AuthorizationHeaderMalformed", "wrong", more="<Region>eu-west-1</Region>"),
        Answer(400, (("x-amz-bucket-region", "eu-west-1"),)),
    ],
    ids=["in its words", "as an element", "as a header"],
)
@pytest.mark.parametrize("ask", ["list", "put"])
def test_other_region_is_named_with_the_one_that_is_set(ask: str, answer: Answer) -> None:
    """Wherever the store says it."""
    said = refusal(answer, ask)
    remedy = "the store names eu-west-1, and us-east-1 is set: AWS_DEFAULT_REGION=eu-west-1"
    assert said.endswith(remedy)


@pytest.mark.parametrize(("minutes", "side"), [(42, "behind"), (-7, "ahead of")])
@pytest.mark.parametrize("code", ["RequestTimeTooSkewed", "AccessDenied", "SignatureDoesNotMatch"])
def test_clock_that_is_off_says_by_how_much(code: str, minutes: int, side: str) -> None:
    """By the store's own, whatever it calls that."""
    theirs = format_datetime(datetime.now(UTC) + timedelta(minutes=minutes))
    said = refusal(error(code, status=403)._replace(headers=(("Date", theirs),)), "put")
    difference = f"{abs(minutes)} minutes {side} the store's"
    assert said.endswith(f"this machine's clock is {difference}: set it")


@pytest.mark.parametrize("date", ["", "yesterday", "Fri, 31 Feb 2026 25:00:00 GMT"])
def test_clock_of_a_store_that_tells_no_time_is_merely_another(date: str) -> None:
    """No amount is made up."""
    answer = error("RequestTimeTooSkewed", status=403)._replace(headers=(("Date", date),))
    assert refusal(answer, "put").endswith("this machine's clock is not the store's: set it")


def test_refusal_without_a_known_remedy_is_the_stores_words_alone() -> None:
    """Nothing is guessed: a full store, a key that is denied."""
    for code in ("QuotaExceeded", "AccessDenied"):
        assert refusal(error(code, "so", status=403), "put").endswith("so (s3://backups/key)")


def test_proxys_own_refusals_name_its_settings() -> None:
    """They come as errors of the connection, not as answers."""
    wants_password = OSError("Tunnel connection failed: 407 Proxy Authentication Required")
    refused = ProxyConnectionError(proxy_url="http://proxy:3128", error=wants_password)
    assert "HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT" in remedy_for(refused)


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        ("certificate verify failed: certificate has expired", "this machine's clock"),
        ("certificate verify failed: unable to get local issuer certificate", "S3_CA_FILE"),
        ("certificate verify failed: Hostname mismatch", "another host's"),
        ("[SSL: WRONG_VERSION_NUMBER] wrong version number", "AWS_ENDPOINT_URL_S3=http://..."),
    ],
)
def test_kinds_of_certificate_trouble_are_told_apart(words: str, remedy: str) -> None:
    """By OpenSSL's words, in either case."""
    words = words.replace("certificate verify failed", "[SSL: CERTIFICATE_VERIFY_FAILED] failed")
    assert remedy in remedy_for(SSLError(endpoint_url="https://store", error=words))
