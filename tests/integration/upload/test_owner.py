"""Root's tick works as the owner of the dumps folder: what that person can't read is said."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest
from support.programs import SCRIPTS, Workplace

pytestmark = pytest.mark.parametrize("store", ["seaweedfs-http"], indirect=True)

OWNER = 1000
DUMP = b"dump"


@pytest.fixture
def owned(uploads: Workplace) -> Workplace:
    """The folders are that person's, who can go there; a dump waits."""
    (uploads.dumps / "datadump.sql").write_bytes(DUMP)
    for path in (uploads.dumps, uploads.dumps / "datadump.sql", uploads.logs):
        os.chown(path, OWNER, OWNER)
    for folder in (uploads.path, *uploads.path.parents[:3]):
        folder.chmod(folder.stat().st_mode | 0o755)
    return uploads


def tick(
    owned: Workplace, *options: str, scripts: Path = SCRIPTS, **changes: str
) -> subprocess.CompletedProcess[str]:
    """By the system's Python: the one that the tests run by may be in root's home."""
    modules = {"PYTHONPATH": sysconfig.get_path("purelib"), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        ["/usr/bin/python3", *options, scripts / "send-to-s3.py"],
        env=owned.environment(**(modules | changes)), text=True, capture_output=True, check=False,
    )  # fmt: skip


def roots_own(path: Path) -> Path:
    """A folder or file that root alone can read."""
    path.chmod(0o700 if path.is_dir() else 0o600)
    os.chown(path, 0, 0)
    return path


def assert_failed(owned: Workplace, result: subprocess.CompletedProcess[str], status: int) -> str:
    """One line, and no more; the dump waits under its name. Returns the line's message."""
    assert result.returncode == status
    assert len((result.stdout + result.stderr).splitlines()) == 1
    assert owned.files() == {"datadump.sql": DUMP}
    (message,) = owned.messages()
    return message


def test_scripts_that_root_alone_can_read_are_named(owned: Workplace, tmp_path: Path) -> None:
    """In root's home, say. The line is written before root is given up, or there would be none."""
    scripts = tmp_path / "scripts"
    shutil.copytree(SCRIPTS, scripts)
    roots_own(scripts)
    roots_own(owned.logs)
    assert assert_failed(owned, tick(owned, scripts=scripts), 1) == (
        f"{scripts}/common/daily_log.sh can't be read by user id {OWNER}, whose {owned.dumps} is "
        f"and as whom root works there: let that user read it, or chown 0 {owned.dumps}"
    )


def test_boto3_that_cannot_be_imported_is_one_line(owned: Workplace) -> None:
    """As one that root alone can read: Python doesn't see it. Here it isn't looked for."""
    assert assert_failed(owned, tick(owned, "-S", PYTHONPATH=""), 1) == (
        f"No module named 'botocore': user id {OWNER} works here, and has to be able to read it"
    )


def test_keys_in_roots_home_are_named(owned: Workplace, tmp_path: Path) -> None:
    """Boto3 alone says that there are none."""
    home = tmp_path / "home"
    (home / ".aws").mkdir(parents=True)
    (home / ".aws/credentials").write_text("[default]\naws_access_key_id = x\n")
    roots_own(home)
    result = tick(
        owned, CREDENTIALS_FILE="/dev/null", S3_BUCKET="bucket", HOME=str(home),
        AWS_EC2_METADATA_DISABLED="true",
    )  # fmt: skip
    assert assert_failed(owned, result, 1) == (
        f"boto3 finds no keys: user id {OWNER} can't read {home}/.aws/config or "
        f"{home}/.aws/credentials: let that user read it (s3://bucket)"
    )


def test_authority_that_root_alone_can_read_is_named(owned: Workplace, tmp_path: Path) -> None:
    """Idle or not: a wrong setting."""
    bundle = tmp_path / "ca.pem"
    bundle.touch()
    roots_own(bundle)
    assert assert_failed(owned, tick(owned, AWS_CA_BUNDLE=str(bundle)), 2) == (
        f"AWS_CA_BUNDLE: '{bundle}' can't be read by user id {OWNER}: let that user read it"
    )


@pytest.mark.parametrize("name", ["datadump.sql", f".send-to-s3.{'a' * 32}.datadump.sql"])
def test_roots_own_dump_in_a_persons_folder_is_named(owned: Workplace, name: str) -> None:
    """Made by root's cron. It keeps its name, and goes when it was given to that person."""
    dump = (owned.dumps / "datadump.sql").rename(owned.dumps / name)
    roots_own(dump)
    assert tick(owned).returncode == 1
    assert owned.files() == {name: DUMP}
    assert owned.messages() == [
        f"{dump} is user id 0's, and user id {OWNER}, whose folder this is, can't read it: "
        f"chown {OWNER} {dump}"
    ]
    os.chown(dump, OWNER, OWNER)
    assert tick(owned).returncode == 0
    assert owned.files() == {}


def test_dump_that_its_user_may_not_link_shows_again(owned: Workplace) -> None:
    """As Linux has it with another's file: the same error as where there are no hard links."""
    dump = owned.dumps / "datadump.sql"
    dump.chmod(0o644)
    os.chown(dump, 0, 0)
    assert tick(owned, AWS_ENDPOINT_URL_S3="http://127.0.0.1:1").returncode == 1
    assert owned.files() == {"datadump.sql": DUMP}
    assert tick(owned).returncode == 0
    assert owned.files() == {}
