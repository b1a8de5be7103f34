"""What becomes of answers that S3 doesn't give: read by the real boto3, from no network."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from datadump.ground.fingerprint import fingerprint_of
from datadump.s3.arrival import check
from datadump.s3.bucket import Bucket
from datadump.s3.errors import DeniedError, KeyTakenError, NotOfferedError, StoreError
from datadump.s3.listing import Listing
from datadump.s3.metadata import Head, Metadata
from datadump.s3.multipart import SMALLEST_PART, MultipartUploads, slices
from support.answers import ENDPOINT, bucket_with, error
from support.proxy import PAGE, Answer

NGINX = (("Content-Type", "text/html"), ("Server", "nginx/1.22.1"))
HTML = b"<html>\r\n<head><title>%b</title></head>\r\n<body><hr>%b</body></html>"
XHTML = b"<html><head><title>%b</title></head><body><h1>%b</h1></body></html>"
WORDS = {
    402: "Payment Required", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    407: "Proxy Authentication Required", 411: "Length Required",
    413: "Request Entity Too Large", 417: "Expectation Failed", 501: "Not Implemented",
}  # fmt: skip
NO_METADATA = Metadata("", "", "", "")


def failure(bucket: Bucket) -> StoreError:
    """What a request to store a small object ends in."""
    with pytest.raises(StoreError) as failed:
        bucket.write("key", b"x")
    return failed.value


def test_error_without_words_has_its_statuss() -> None:
    """And says whose it may be."""
    headers = (*NGINX, ("Via", "1.1 squid"))
    for page in (HTML, XHTML, b""):
        answers = [
            Answer(status, headers, page and page % (words.encode(), words.encode()))
            for status, words in WORDS.items()
        ]
        bucket, _ = bucket_with(*answers)
        for status, words in WORDS.items():
            text = str(failure(bucket))
            assert text.startswith(
                f"An error occurred ({status}) when calling the PutObject operation: {words}: the "
                f"answer is {'not S3' if page else 'bare'}"
            )
            assert "of type text/html, from nginx/1.22.1, via 1.1 squid" in text
            assert f"saying '{words} {words}'" in text or not page
            assert "(s3://backups/key)" in text
            assert len(text.splitlines()) == 1


def test_error_page_means_what_its_status_means() -> None:
    """To the code as well as to a person."""
    pages = [Answer(status, NGINX, page) for page in (HTML, XHTML) for status in (403, 501)]
    bucket, _ = bucket_with(*pages)
    kinds = [type(failure(bucket)) for _ in pages]
    assert kinds == [DeniedError, NotOfferedError, DeniedError, NotOfferedError]


def test_error_of_s3_keeps_its_words() -> None:
    """In a namespace, too, where boto3 alone finds none."""
    body = (
        b'<?xml version="1.0"?><Error xmlns="urn:s3"><Code>Odd</Code><Message>so</Message></Error>'
    )
    bucket, _ = bucket_with(error("Odd", "so"), Answer(400, (), body))
    for _ in range(2):
        assert str(failure(bucket)) == (
            "An error occurred (Odd) when calling the PutObject operation: so (s3://backups/key)"
        )


@pytest.mark.parametrize("body", [b"", XHTML % (b"Moved", b"nginx")], ids=["bare", "page"])
def test_redirect_is_one_request_and_says_where_it_leads_to(body: bytes) -> None:
    """Without what may be a secret; boto3 alone asks 81 times, and fails for want of a stack."""
    location = ("Location", "https://store.example/login?token=s3cret")
    for status in (301, 302, 307, 308):
        bucket, asked = bucket_with(Answer(status, (location,), body))
        asks: list[Callable[[], object]] = [
            lambda: bucket.write("key", b""),  # noqa: B023
            lambda: bucket.head("key"),  # noqa: B023
            lambda: Listing(bucket).keys_in("folder/"),  # noqa: B023
        ]
        for ask in asks:
            with pytest.raises(StoreError) as failed:
                ask()
            text = str(failed.value)
            assert f"({status})" in text
            assert "leading to https://store.example/login" in text
            assert ENDPOINT in text
            assert "s3cret" not in text
        assert len(asked) == len(asks)


def test_redirect_to_another_region_is_followed() -> None:
    """As boto3 does it: by the region that the store names, once."""
    elsewhere = Answer(301, (("x-amz-bucket-region", "eu-west-1"),))
    bucket, asked = bucket_with(elsewhere, Answer(200, (("ETag", '"e"'),)))
    bucket.write("key", b"x")
    assert len(asked) == 2
    bucket, asked = bucket_with(elsewhere)
    text = str(failure(bucket))
    assert len(asked) == 2
    assert "the store names eu-west-1, and us-east-1 is set: AWS_DEFAULT_REGION=eu-west-1" in text


def test_redirect_of_s3s_that_names_no_region_keeps_its_words() -> None:
    """Boto3 asks for the region by a HEAD, which is redirected, too; then that is all."""
    place = "<Endpoint>s3.far.example</Endpoint>"
    bucket, asked = bucket_with(
        error("PermanentRedirect", "use the endpoint", status=301, more=place), Answer(301)
    )
    text = str(failure(bucket))
    assert len(asked) == 2
    assert "(PermanentRedirect)" in text
    assert text.endswith("the store names s3.far.example: set AWS_ENDPOINT_URL_S3 to that")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/html", PAGE.body),
        ("text/html", b"\n<!DOCTYPE html>\n<html><head><br></head></html>"),
        ("application/xhtml+xml", b'<?xml version="1.0"?>\n<html xmlns="x"><p/></html>'),
        ("application/json", b'{"status": "ok"}'),
        ("text/plain", b"OK"),
        ("application/xml", b"<feed><item/></feed>"),
        ("text/plain", b""),
    ],
)
def test_listing_that_is_no_answer_of_s3s_is_refused_at_once(kind: str, body: bytes) -> None:
    """Whatever it is: one request."""
    bucket, asked = bucket_with(Answer(200, (("Content-Type", kind),), body))
    with pytest.raises(StoreError) as failed:
        Listing(bucket).keys_if_there("")
    assert len(asked) == 1
    text = str(failed.value)
    assert f"OK: the answer is not S3's, of type {kind}" in text
    assert text.endswith(f"(s3://backups): is {ENDPOINT} (AWS_ENDPOINT_URL_S3) an S3 store?")


def test_page_in_place_of_an_object_is_none() -> None:
    """Nor is one in place of what a request to store something is answered by."""
    bucket, asked = bucket_with(PAGE)
    asks: list[Callable[[], object]] = [
        lambda: bucket.head("key"),
        lambda: bucket.read("key", 10),
        lambda: bucket.write("key", b""),
        lambda: MultipartUploads(bucket, "key").open(NO_METADATA),
        lambda: MultipartUploads(bucket, "key").list_open(),
    ]
    for ask in asks:
        with pytest.raises(StoreError, match="the answer is not S3's, of type text/html"):
            ask()
    assert len(asked) == len(asks)


def test_object_that_is_a_page_is_one_where_the_answer_is_s3s() -> None:
    """Somebody keeps a web site there; and Swift calls an empty answer a page."""
    bucket, _ = bucket_with(
        Answer(200, (*NGINX, ("Content-Length", "7"), ("x-amz-request-id", "1"))),
        Answer(200, (*NGINX, ("ETag", '"e"'))),
    )
    assert bucket.head("index.html") == Head(7, "", "", NO_METADATA)
    bucket.write("key", b"")


def test_head_that_tells_less_is_enough() -> None:
    """The size is what an answer with all bytes tells, or has; quotes of an ETag may be missing."""
    whole = b"x" * 42
    for headers in ((("Content-Length", "42"),), (("Transfer-Encoding", "chunked"),)):
        bucket, asked = bucket_with(Answer(200, (("ETag", "e"),)), Answer(200, headers, whole))
        assert bucket.head("key") == Head(42, "e", "", NO_METADATA)
        assert asked == ["HEAD /backups/key", "GET /backups/key"]


def test_key_that_was_seen_taken_is_taken() -> None:
    """A wrong 404 right after that doesn't make it free: nothing is sent without the condition."""
    there = Answer(200, (("Content-Length", "4"),))
    bucket, asked = bucket_with(error("PreconditionFailed", status=412), there, Answer(404))
    with pytest.raises(KeyTakenError):
        bucket.put(lambda: BytesIO(b"dump"), "key", "", NO_METADATA)
    assert [request.split()[0] for request in asked] == ["PUT", "HEAD"]


def test_arrival_is_proven_by_an_object_of_untold_size(tmp_path: Path) -> None:
    """Its bytes are read back, and counted."""
    content = os.urandom(1000)
    (tmp_path / "dump").write_bytes(content)
    with (tmp_path / "dump").open("rb") as file:
        fingerprint = fingerprint_of(file)
    head = Answer(200, (("x-amz-meta-dump-id", "d"),))
    bucket, _ = bucket_with(head, Answer(200, (), content))
    check(bucket, "key", "d", fingerprint)
    bucket, _ = bucket_with(head, Answer(200, (), content[:-1]))
    with pytest.raises(StoreError, match="has 999 bytes instead of 1000"):
        check(bucket, "key", "d", fingerprint)


def test_range_of_untold_length_is_one_by_its_status() -> None:
    """A whole object in its place is refused, and one that ends early is told."""
    content = os.urandom(100)
    bucket, _ = bucket_with(Answer(206, (), content))
    assert b"".join(bucket.read_range("key", "e", 7, 100)) == content
    with pytest.raises(StoreError, match="sent 100 bytes instead of 101"):
        list(bucket.read_range("key", "", 7, 101))
    bucket, _ = bucket_with(Answer(200, (), content))
    with pytest.raises(NotOfferedError, match="answers with all bytes"):
        list(bucket.read_range("key", "e", 7, 100))


@pytest.mark.parametrize(
    "listing",
    [
        b"<EncodingType>url</EncodingType><Contents><Size>1</Size></Contents>",
        b"<Contents><Key>k</Key><LastModified>then</LastModified></Contents>",
        b"<Contents><Key>k</Key><Size>large</Size></Contents>",
    ],
)
def test_answer_that_boto3_trips_over_is_one_line(listing: bytes) -> None:
    """It raises what it happens to: a KeyError, a ValueError."""
    bucket, _ = bucket_with(Answer(200, (), b"<ListBucketResult>%b</ListBucketResult>" % listing))
    with pytest.raises(StoreError, match="the store's answer can't be read: .*Error"):
        Listing(bucket).keys_if_there("")


def test_listing_of_uploads_may_tell_less() -> None:
    """One without a key or an id can't be known again; one without a time is old."""
    uploads = b"""<ListMultipartUploadsResult>
        <Upload><Key>key</Key><UploadId>1</UploadId></Upload>
        <Upload><Key>key</Key></Upload><Upload><UploadId>2</UploadId></Upload>
        <Upload><Key>key.gz</Key><UploadId>3</UploadId></Upload>
    </ListMultipartUploadsResult>"""
    bucket, _ = bucket_with(Answer(200, (), uploads))
    assert MultipartUploads(bucket, "key").list_open() == [("1", 0)]


def test_upload_in_parts_without_an_id_is_one_line() -> None:
    """Nothing can be sent to it."""
    result = b"<InitiateMultipartUploadResult><Key>key</Key></InitiateMultipartUploadResult>"
    bucket, _ = bucket_with(Answer(200, (), result))
    with pytest.raises(StoreError, match=r"told no id of it \(s3://backups/key\)"):
        MultipartUploads(bucket, "key").open(NO_METADATA)


def test_parts_of_which_less_is_told_are_sent_or_known_again(tmp_path: Path) -> None:
    """A part's ETag is the MD5 of its bytes where none is told; by that alone it is known again."""
    content = os.urandom(SMALLEST_PART + 1)
    (tmp_path / "dump").write_bytes(content)
    etag = hashlib.md5(content[:SMALLEST_PART], usedforsecurity=False).hexdigest()
    listed = f"""<ListPartsResult>
        <Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part>
        <Part><PartNumber>2</PartNumber></Part><Part><ETag>e</ETag></Part>
    </ListPartsResult>"""
    absent, done = Answer(404), b"<CompleteMultipartUploadResult/>"
    bucket, asked = bucket_with(
        Answer(200, (), listed.encode()), Answer(200), absent, Answer(200, (), done)
    )
    uploads = MultipartUploads(bucket, "key")
    parts = slices(str(tmp_path / "dump"), len(content))
    uploads.send("id", parts, len(content), resumed=True)
    assert [path.split("?")[0] for path in asked] == [
        f"{method} /backups/key" for method in ("GET", "PUT", "HEAD", "POST")
    ]
    assert "partNumber=2" in asked[1]
