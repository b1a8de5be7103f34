"""What S3 offers to keep an object by reaches every object, small or in parts."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from datadump.s3.multipart import LARGEST_PUT
from support.programs import Workplace, today
from support.store import Store, uploader_workplace

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
