"""What S3 offers to keep an object by reaches every object, small or in parts."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from datadump.s3.multipart import LARGEST_PUT
from support.mariadb import Server, contents
from support.programs import Workplace, today
from support.proxy import Proxy
from support.restoring import back_up, make_restorer, workplace
from support.shop import DATABASE, make_account, rights
from support.store import KMS_KEY, Store, uploader_workplace

UPLOADED = "file successfully uploaded"
SIZES = pytest.mark.parametrize("size", [1000, 2 * LARGEST_PUT], ids=["one request", "parts"])
KEY = f"{today()}/datadump1.sql"


@pytest.fixture(scope="session")
def store(stores: Callable[[str], Store]) -> Store:
    """The one that has all of these, and enforces them."""
    return stores("seaweedfs-http")


def uploaded(uploads: Workplace, size: int, **settings: str) -> None:
    """One dump of so many bytes, and a tick with these settings."""
    (uploads.dumps / "datadump.sql").write_bytes(os.urandom(size))
    result = uploads.tick(**settings)
    assert (result.returncode, uploads.messages()) == (0, [UPLOADED]), result.stdout


@SIZES
def test_storage_class_and_encryption_are_the_objects(
    uploads: Workplace, store: Store, bucket: str, size: int
) -> None:
    uploaded(uploads, size, S3_STORAGE_CLASS="STANDARD_IA", S3_SSE="AES256")
    head = store.client().head_object(Bucket=bucket, Key=KEY)
    assert head.get("StorageClass") == "STANDARD_IA"
    assert head.get("ServerSideEncryption") == "AES256"


SSE = "x-amz-server-side-encryption"
KMS = {"S3_SSE": "aws:kms", "S3_SSE_KMS_KEY_ID": KMS_KEY}


@SIZES
@pytest.mark.parametrize("name", ["seaweedfs-http", "ministack-https"])
def test_object_is_encrypted_by_the_settings_key(
    stores: Callable[[str], Store], tmp_path: Path, bucket: str, name: str, size: int
) -> None:
    """SeaweedFS does encrypt, and tells the key by its id; ministack tells what it was told."""
    store = stores(name)
    uploads = uploader_workplace(tmp_path / "other", store, bucket)
    uploaded(uploads, size, **KMS)
    head = store.client().head_object(Bucket=bucket, Key=KEY)
    assert head.get("ServerSideEncryption") == "aws:kms"
    told = head.get("SSEKMSKeyId", "")
    assert told == KMS_KEY if "ministack" in name else re.fullmatch("[0-9a-f-]{36}", told)


def test_cut_upload_of_an_encrypted_object_goes_on(
    uploads: Workplace, proxy: Proxy, store: Store, bucket: str
) -> None:
    """No part goes up twice; only what makes an object names the key, as S3 wants it."""
    proxy.choose = lambda request: "cut" if request.completes else None
    content = os.urandom(2 * LARGEST_PUT)
    (uploads.dumps / "datadump.sql").write_bytes(content)
    assert uploads.tick(**KMS).returncode == 1
    proxy.choose = lambda request: None
    assert uploads.tick(**KMS).returncode == 0, uploads.messages()
    assert store.objects(bucket) == {KEY: content}
    assert store.client().head_object(Bucket=bucket, Key=KEY)["ServerSideEncryption"] == "aws:kms"
    assert proxy.part_bytes == len(content)
    naming = [request for request in proxy.requests if SSE in request.headers]
    assert [request.method for request in naming] == ["POST"]
    assert all(request.path.endswith("?uploads") for request in naming)


def test_answer_that_is_lost_makes_no_second_encrypted_object(
    uploads: Workplace, proxy: Proxy, store: Store, bucket: str
) -> None:
    """Its ETag isn't the MD5 of what was sent, at AWS."""
    content = os.urandom(1000)
    (uploads.dumps / "datadump.sql").write_bytes(content)
    proxy.choose = lambda request: "lost" if request.is_object_put else None
    uploads.tick(**KMS)
    proxy.choose = lambda request: None
    uploads.tick(**KMS)
    assert (store.objects(bucket), uploads.files()) == ({KEY: content}, {})


def test_encrypted_object_is_restored_and_proven(
    tmp_path: Path, server: Server, store: Store, bucket: str
) -> None:
    """Without the setting: a store decrypts by itself."""
    work = workplace(tmp_path / "work", server, store, bucket)
    make_account(server, rights(server))
    make_restorer(server, DATABASE)
    before = contents(server, DATABASE)
    back_up(work, **KMS)
    server.query(f"DROP DATABASE {DATABASE}")
    server.query(f"CREATE DATABASE {DATABASE}")
    assert work.restore("latest").returncode == 0, work.messages()
    assert contents(server, DATABASE) == before
    assert work.drill().returncode == 0, work.messages()


@SIZES
def test_key_that_the_store_lacks_is_told_by_the_settings_name(
    uploads: Workplace, size: int
) -> None:
    """In one line, although the store calls it an internal error of its own; the dump waits on."""
    content = os.urandom(size)
    (uploads.dumps / "datadump.sql").write_bytes(content)
    result = uploads.tick(S3_SSE="aws:kms", S3_SSE_KMS_KEY_ID="alias/none")
    assert result.returncode == 1
    (line,) = uploads.messages()
    assert "S3_SSE_KMS_KEY_ID has to name a key" in line
    assert set(uploads.files().values()) == {content}


@SIZES
@pytest.mark.parametrize("checksums", ["when_supported", "when_required"])
def test_locked_object_goes_for_no_account_before_its_time(
    uploads: Workplace, store: Store, bucket: str, size: int, checksums: str
) -> None:
    """The bucket is made for it; the lock's end counts from the upload."""
    lock = {"S3_OBJECT_LOCK": "COMPLIANCE", "S3_OBJECT_LOCK_DAYS": "3"}
    uploaded(uploads, size, **lock, AWS_REQUEST_CHECKSUM_CALCULATION=checksums)
    client = store.client()
    head = client.head_object(Bucket=bucket, Key=KEY)
    assert head["ObjectLockMode"] == "COMPLIANCE"
    left = head["ObjectLockRetainUntilDate"] - datetime.now(UTC)
    assert timedelta(days=3, minutes=-5) < left <= timedelta(days=3)
    version = head["VersionId"]
    with pytest.raises(ClientError, match="AccessDenied|InvalidRequest|WORM|locked"):
        client.delete_object(Bucket=bucket, Key=KEY, VersionId=version)
    assert client.head_object(Bucket=bucket, Key=KEY)["VersionId"] == version


def test_bucket_that_cannot_lock_is_told_by_the_settings_name(
    uploads: Workplace, store: Store, bucket: str
) -> None:
    """The dump waits on."""
    store.client().create_bucket(Bucket=bucket)
    (uploads.dumps / "datadump.sql").write_bytes(b"x")
    result = uploads.tick(S3_OBJECT_LOCK="GOVERNANCE", S3_OBJECT_LOCK_DAYS="3")
    assert result.returncode == 1
    (line,) = uploads.messages()
    assert "S3_OBJECT_LOCK is set, the bucket has to be made with Object Lock on" in line
    assert set(uploads.files().values()) == {b"x"}


def test_store_that_passes_the_lock_over_is_told(
    stores: Callable[[str], Store], tmp_path: Path, bucket: str
) -> None:
    """As ministack does for uploads in parts."""
    uploads = uploader_workplace(tmp_path / "other", stores("ministack-https"), bucket)
    (uploads.dumps / "datadump.sql").write_bytes(os.urandom(2 * LARGEST_PUT))
    result = uploads.tick(S3_OBJECT_LOCK="GOVERNANCE", S3_OBJECT_LOCK_DAYS="3")
    assert result.returncode == 0, uploads.messages()
    assert "warning: the store doesn't say that what was uploaded is locked" in result.stderr


WRONG = {
    "S3_STORAGE_CLASS": {"S3_STORAGE_CLASS": "two words"},
    "S3_SSE": {"S3_SSE": "aes256"},
    "S3_SSE_KMS_KEY_ID": {"S3_SSE_KMS_KEY_ID": "key"},
    "S3_OBJECT_LOCK": {"S3_OBJECT_LOCK": "GOVERNANCE"},
    "S3_OBJECT_LOCK_DAYS": {"S3_OBJECT_LOCK": "COMPLIANCE", "S3_OBJECT_LOCK_DAYS": "0"},
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_setting_stops_the_tick_in_one_line(uploads: Workplace, name: str) -> None:
    result = uploads.tick(**WRONG[name])
    assert result.returncode == 2
    (line,) = uploads.messages()
    assert line.startswith(f"{name}: ")
