"""Refusals whose remedy is known: what a person can do about them."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from botocore.client import ClientMeta


class Remedy(NamedTuple):
    """What a person can do where all that is given here applies."""

    text: str  # {clock}, {endpoint}, {region}: what Refusal has
    codes: str  # the store's; statuses of answers that have none; names of boto3's errors
    words: str = ""  # a pattern found in what was said
    operations: str = ""  # by S3's names
    encryption: str = ""  # what S3_SSE is


MOST_MINUTES = 5  # between two clocks, which is far less than any store minds
REGION_HEADER = "x-amz-bucket-region"
EXPECTED = re.compile(r"expecting '([a-z0-9-]+)'")  # in the words of AuthorizationHeaderMalformed

CLOCK, REGION = "RequestTimeTooSkewed", "AuthorizationHeaderMalformed"
UPLOADS = "PutObject CreateMultipartUpload UploadPart CompleteMultipartUpload"
CA_FILE = "AWS_CA_BUNDLE, which compose makes of S3_CA_FILE,"
SPEAKS_HTTPS = "if the store speaks https there: AWS_ENDPOINT_URL_S3=https://..."
CHECKSUMS = (
    "if it is boto3's newer checksums that aren't taken: "
    "AWS_REQUEST_CHECKSUM_CALCULATION=when_required"
)
KMS_KEY = (
    "S3_SSE_KMS_KEY_ID has to name a key of this region's with which the account may do "
    "kms:Decrypt, an uploader kms:GenerateDataKey as well"
)
KEYS = (
    "CREDENTIALS_FILE holds key id, secret key and bucket, in this order, a line each, without "
    "quotes or NAME=; an id that begins with ASIA takes AWS_SESSION_TOKEN"
)
# The first that applies counts.
REMEDIES = (
    Remedy("this machine's clock is {clock}: set it", CLOCK),
    Remedy(KEYS, "InvalidAccessKeyId InvalidClientTokenId"),
    Remedy(KEYS, REGION, "AKID"),
    Remedy(
        "{region}",
        f"{REGION} PermanentRedirect TemporaryRedirect IllegalLocationConstraintException "
        "InvalidLocationConstraint InvalidRegion",
    ),
    Remedy(
        "if that is the store, set AWS_ENDPOINT_URL_S3 to it, which is {endpoint}",
        "301 302 303 307 308",
    ),
    Remedy(  # urllib3 trips over boto3's headers where the status is 303
        "the answer is a redirect: is {endpoint} (AWS_ENDPOINT_URL_S3) an S3 store?",
        "HTTPClientError",
        "expected str instance, bytes found",
    ),
    Remedy(
        "temporary keys end: set new ones, with their AWS_SESSION_TOKEN",
        "ExpiredToken ExpiredTokenException RequestExpired TokenRefreshRequired",
    ),
    Remedy("AWS_SESSION_TOKEN has to be the one of these keys", "InvalidToken"),
    Remedy(
        "the secret key isn't this key id's, or a proxy on the way changes path or host",
        "SignatureDoesNotMatch",
    ),
    Remedy(
        "does {endpoint} name the bucket, too? That belongs into CREDENTIALS_FILE alone",
        "NoSuchKey",
        operations="ListObjectsV2",
    ),
    Remedy(
        "a HEAD tells no more: the account needs s3:GetObject there, and s3:ListBucket, without "
        "which a key that is free is answered so, too; of one that KMS encrypted, kms:Decrypt",
        "403",
        operations="HeadObject",
    ),
    Remedy(
        "what was there before takes s3:ListBucketVersions and s3:GetObjectVersion",
        "AccessDenied 403",
        operations="ListObjectVersions",
    ),
    Remedy(SPEAKS_HTTPS, "400", "to an HTTPS server|to HTTPS port|speaking plain HTTP"),
    Remedy(
        SPEAKS_HTTPS,
        "ConnectionClosedError",
        '"http:.*(RemoteDisconnected|BadStatusLine|reset by peer)',
    ),
    Remedy(
        "if the store speaks http there: AWS_ENDPOINT_URL_S3=http://...",
        "SSLError",
        "WRONG_VERSION_NUMBER|record layer failure|PACKET_LENGTH_TOO_LONG|UNKNOWN_PROTOCOL",
    ),
    Remedy(
        "it is the certificate's time or this machine's clock",
        "SSLError",
        "certificate has expired|certificate is not yet valid",
    ),
    Remedy(
        "the certificate is another host's: AWS_ENDPOINT_URL_S3 has to name one that it is for",
        "SSLError",
        "doesn't match|mismatch|not valid for",
    ),
    Remedy(
        f"{CA_FILE} has to name a file with the certificate of the store's authority",
        "SSLError",
        "CERTIFICATE_VERIFY_FAILED",
    ),
    Remedy(
        f"{CA_FILE} has to name a file of certificates (PEM) that this user can read",
        "SSLError",
        "X509|PEM|No such file|Is a directory|Permission denied",
    ),
    Remedy(
        "the proxy wants a user and a password (407): HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT, "
        "HTTP_PROXY where the endpoint has http",
        "407 ProxyConnectionError",
        "407|Proxy Authentication Required",
    ),
    Remedy(
        "if the proxy itself speaks http: HTTPS_PROXY=http://...",
        "ProxyConnectionError",
        "only use HTTP and not HTTPS",
    ),
    Remedy(
        "is the store at {endpoint} (AWS_ENDPOINT_URL_S3) up, and reachable from here?",
        "EndpointConnectionError ConnectTimeoutError",
    ),
    Remedy("a proxy on the way has to let 16 MiB through in one request", "413"),
    Remedy("S3_STORAGE_CLASS has to be one that the store has", "InvalidStorageClass"),
    Remedy(
        KMS_KEY,
        "KMS.NotFoundException KMS.DisabledException KMS.KMSInvalidStateException "
        "KMS.InvalidKeyUsageException NotFoundException DisabledException AccessDenied "
        "InvalidArgument",
        "KMS",
    ),
    # SeaweedFS says no more where it has no such key, or no KMS
    Remedy(f"if it goes on: {KMS_KEY}", "InternalError 500", "", UPLOADS, "aws:kms"),
    Remedy(
        "where S3_OBJECT_LOCK is set, the bucket has to be made with Object Lock on",
        "InvalidRequest",
        "Object ?Lock|Invalid Request",
        UPLOADS,
    ),
    Remedy(CHECKSUMS, "411 MissingContentLength"),
    Remedy(CHECKSUMS, "501 NotImplemented", operations=UPLOADS),
    Remedy(
        CHECKSUMS,
        "400 InvalidArgument InvalidRequest XAmzContentSHA256Mismatch",
        "checksum|x-amz-sdk|aws-chunked|trailer|content-sha256",
    ),
    Remedy("is {endpoint} (AWS_ENDPOINT_URL_S3) an S3 store?", "200 401 403 404 405 501"),
)


class Refusal(NamedTuple):
    """An error of boto3's, as the table is asked about it."""

    code: str
    operation: str  # '' where no answer came
    words: str  # all that was said
    clock: str = ""  # this machine's against the store's
    endpoint: str = ""
    region: str = ""  # the one that is set and the one that the store names
    encryption: str = ""  # what S3_SSE is


def remedy_for(error: Exception, meta: ClientMeta | None = None, encryption: str = "") -> str:
    """What a person can do about an error of boto3's; '' where that isn't known.

    ``meta`` is the client's that asked, ``encryption`` what it wanted for objects.
    """
    if isinstance(error, ClientError):
        refusal = refusal_by(error, meta.region_name if meta else "")
    else:
        cause = getattr(error, "kwargs", {}).get("error", "")
        refusal = Refusal(type(error).__name__, "", f"{error} {cause!r}")
    endpoint = meta.endpoint_url if meta else "this"
    refusal = refusal._replace(endpoint=endpoint, encryption=encryption)
    fitting = (remedy for remedy in REMEDIES if applies(remedy, refusal))
    return next((one.text.format_map(refusal._asdict()) for one in fitting), "")


def applies(remedy: Remedy, refusal: Refusal) -> bool:
    """Whether all that the remedy is given for is so."""
    return (
        refusal.code in remedy.codes.split()
        and (not remedy.operations or refusal.operation in remedy.operations.split())
        and remedy.encryption in {"", refusal.encryption}
        and re.search(remedy.words, refusal.words, re.IGNORECASE | re.DOTALL) is not None
    )


def refusal_by(error: ClientError, region: str) -> Refusal:
    """What a store's answer says; ``region`` is the one that is set."""
    told = error.response.get("Error", {})
    answer = error.response.get("ResponseMetadata", {})
    status, headers = answer.get("HTTPStatusCode"), answer.get("HTTPHeaders", {})
    code, words = str(told.get("Code", "")), " ".join(map(str, told.values()))
    ahead = minutes_ahead(headers)
    if status in {400, 403} and abs(ahead) > MOST_MINUTES:  # some call it a wrong signature
        code = CLOCK
    elif code in {"301", "307", "400"} and headers.get(REGION_HEADER, region) != region:
        code = REGION
    return Refusal(
        code,
        error.operation_name,
        words,
        clock=clock_in_words(ahead),
        region=region_in_words(region, told, headers),
    )


def minutes_ahead(headers: Mapping[str, str]) -> int:
    """How far this machine's clock is ahead of the store's, or, below 0, behind it."""
    try:
        theirs = parsedate_to_datetime(headers.get("date", "")).timestamp()
    except ValueError:
        return 0
    return round((time.time() - theirs) / 60)


def clock_in_words(ahead: int) -> str:
    """This machine's clock, which is so many minutes ahead of the store's."""
    if not ahead:
        return "not the store's"
    return f"{abs(ahead)} minutes {'ahead of' if ahead > 0 else 'behind'} the store's"


def region_in_words(region: str, told: Mapping[str, str], headers: Mapping[str, str]) -> str:
    """Where the bucket is by the store's error and headers; ``region`` is the one that is set."""
    expected = EXPECTED.search(told.get("Message", ""))
    named = told.get("Region") or headers.get(REGION_HEADER) or (expected and expected[1])
    if named and named != region:
        return f"the store names {named}, and {region} is set: AWS_DEFAULT_REGION={named}"
    if place := told.get("Endpoint"):
        return f"the store names {place}: set AWS_ENDPOINT_URL_S3 to that"
    return f"{region} is set: AWS_DEFAULT_REGION has to be the bucket's"
