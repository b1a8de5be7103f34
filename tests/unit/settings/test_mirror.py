"""The mirror's settings lead to the mirror, and are named where they don't."""

from __future__ import annotations

from pathlib import Path

import pytest
from datadump.s3.client import connect
from datadump.settings.environment import SettingsError
from datadump.settings.mirror import read_mirror
from datadump.settings.objects import ObjectSettings
from datadump.settings.store import Credentials, StoreAccess

FIRST = StoreAccess(None, "backups", "http://127.0.0.1:8333", "us-east-1", "auto")


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    """Of a mirror at AWS."""
    path = tmp_path / "mirror.txt"
    path.write_text("key\nsecret\nbackups\n")
    return {"MIRROR_CREDENTIALS_FILE": str(path)}


def test_there_is_none_where_none_is_set() -> None:
    assert read_mirror({"MIRROR_REGION": "eu-central-1"}, FIRST) is None


def test_bucket_of_the_same_name_at_another_store_is_a_mirror(settings: dict[str, str]) -> None:
    """Of the first one's settings it has the lock, which is a promise about each backup."""
    settings |= {
        "MIRROR_REGION": "eu-central-1",
        "S3_STORAGE_CLASS": "GLACIER",
        "S3_OBJECT_LOCK": "COMPLIANCE",
        "S3_OBJECT_LOCK_DAYS": "30",
    }
    access = read_mirror(settings, FIRST)
    assert access is not None
    assert access[:4] == (Credentials("key", "secret"), "backups", None, "eu-central-1")
    assert access.objects == ObjectSettings(lock="COMPLIANCE", lock_days=30)


def test_endpoint_of_the_first_store_does_not_lead_a_mirror_at_aws_there(
    settings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though boto3 reads that variable itself."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:8333")
    access = read_mirror(settings, FIRST)
    assert access is not None
    assert connect(access).client.meta.endpoint_url == "https://s3.amazonaws.com"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"MIRROR_CREDENTIALS_FILE": "/dev/null"},
         "MIRROR_CREDENTIALS_FILE: '/dev/null' has 0 lines instead of three"),
        ({"MIRROR_CREDENTIALS_FILE": "/absent"}, "MIRROR_CREDENTIALS_FILE: '/absent': No such"),
        ({"MIRROR_ENDPOINT_URL_S3": "s3.example.com"}, "MIRROR_ENDPOINT_URL_S3: 's3.example.com'"),
        ({"MIRROR_REGION": "eu central"}, "MIRROR_REGION: 'eu central' is not like us-east-1"),
        ({"MIRROR_ENDPOINT_URL_S3": "HTTP://127.0.0.1:8333/"},
         "MIRROR_CREDENTIALS_FILE: it names the bucket that is to be mirrored"),
    ],
)  # fmt: skip
def test_wrong_setting_is_named(
    settings: dict[str, str], change: dict[str, str], said: str
) -> None:
    """Not the first store's of that kind."""
    with pytest.raises(SettingsError) as raised:
        read_mirror(settings | change, FIRST)
    assert str(raised.value).startswith(said)
