"""Ticks ship what waits in the folders of several databases, each as if it were alone."""

from __future__ import annotations

import os
import shutil
from fcntl import LOCK_EX, flock
from pathlib import Path

import pytest
from support.mariadb import Server
from support.programs import Workplace, today
from support.proxy import Proxy
from support.restoring import back_up, make_restorer, workplace
from support.shop import DATABASE, make_account, rights
from support.store import Store

SEVERAL = {"DB_NAMES": "shop crm"}


def wait_in(work: Workplace, folder: str, content: bytes, age: int = 0) -> Path:
    """A dump that waits in that folder; ``age``: seconds."""
    path = work.dumps / folder / "datadump.sql"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    moment = 1_795_000_000 - age
    os.utime(path, (moment, moment))
    return path


def files_left(work: Workplace) -> list[str]:
    """Below the folder, but for locks."""
    paths = [path for path in work.dumps.rglob("*") if path.is_file()]
    return sorted(
        str(path.relative_to(work.dumps)) for path in paths if path.name != ".send-to-s3.lock"
    )


def test_all_folders_are_shipped_oldest_dump_first(
    uploads: Workplace, store: Store, proxy: Proxy, bucket: str
) -> None:
    """Also one that no setting names any more; each under its own prefix, with its own line."""
    wait_in(uploads, "shop", b"shop", age=10)
    wait_in(uploads, "crm", b"crm", age=20)
    wait_in(uploads, "taken off", b"off", age=30)
    result = uploads.tick(S3_PREFIX="hosts/one", **SEVERAL)
    assert result.returncode == 0, result.stderr
    day = today()
    assert store.objects(bucket) == {
        f"hosts/one/{name}/{day}/datadump1.sql": content
        for name, content in (("shop", b"shop"), ("crm", b"crm"), ("taken off", b"off"))
    }
    databases = ["taken off", "crm", "shop"]
    assert uploads.messages() == [f"file successfully uploaded: {name}" for name in databases]
    puts = [request.path.split("/")[4] for request in proxy.requests if request.is_object_put]
    assert puts == [name.replace(" ", "%20") for name in databases]
    assert files_left(uploads) == []
    metadata = store.metadata(bucket, f"hosts/one/crm/{day}/datadump1.sql")
    assert metadata["database"] == "crm"


def test_one_that_cannot_go_keeps_no_other(
    uploads: Workplace, store: Store, proxy: Proxy, bucket: str
) -> None:
    """Its line names it, and its dump stays."""
    wait_in(uploads, "crm", b"crm", age=20)
    wait_in(uploads, "shop", b"shop", age=10)
    proxy.choose = lambda request: 403 if "/crm/" in request.path else None
    assert uploads.tick(**SEVERAL).returncode == 1
    failed, uploaded = uploads.messages()
    assert failed.startswith("crm: An error occurred (403)")
    assert uploaded == "file successfully uploaded: shop"
    assert store.objects(bucket) == {f"shop/{today()}/datadump1.sql": b"shop"}
    proxy.choose = lambda _: None
    assert uploads.tick(**SEVERAL).returncode == 0
    assert store.objects(bucket)[f"crm/{today()}/datadump1.sql"] == b"crm"
    assert files_left(uploads) == []


def test_folder_that_cannot_be_used_keeps_no_other(uploads: Workplace) -> None:
    """Whatever it is that somebody made there."""
    wait_in(uploads, "shop", b"shop")
    wait_in(uploads, "crm", b"crm")
    (uploads.dumps / "crm/.send-to-s3.lock").mkdir()
    assert uploads.tick(**SEVERAL).returncode == 1
    failed, uploaded = uploads.messages()
    assert failed.startswith(f"crm: {uploads.dumps}/crm/.send-to-s3.lock")
    assert uploaded == "file successfully uploaded: shop"


def test_folder_that_is_on_another_disk_is_shipped(
    uploads: Workplace, store: Store, bucket: str, tmp_path: Path
) -> None:
    """By a link, as the dump takes it."""
    (tmp_path / "other").mkdir()
    (uploads.dumps / "shop").symlink_to(tmp_path / "other")
    wait_in(uploads, "shop", b"shop")
    assert uploads.tick(**SEVERAL).returncode == 0
    assert store.objects(bucket) == {f"shop/{today()}/datadump1.sql": b"shop"}


def test_nothing_to_upload_is_one_line_for_all(uploads: Workplace) -> None:
    for name in ("shop", "crm"):
        (uploads.dumps / name).mkdir()
    assert uploads.tick(**SEVERAL).returncode == 0
    assert uploads.messages() == ["there is no file to upload"]


def test_folder_that_another_tick_works_in_is_left_to_it(
    uploads: Workplace, store: Store, bucket: str
) -> None:
    """Without a line; the others are shipped."""
    waiting = wait_in(uploads, "crm", b"crm")
    assert uploads.tick(**SEVERAL, AWS_ENDPOINT_URL_S3="http://127.0.0.1:1").returncode == 1
    lines = uploads.messages()
    with (waiting.parent / ".send-to-s3.lock").open("r+") as lock:
        flock(lock, LOCK_EX)
        assert uploads.tick(**SEVERAL).returncode == 0
        assert uploads.messages() == lines
        wait_in(uploads, "shop", b"shop")
        assert uploads.tick(**SEVERAL).returncode == 0
    assert store.objects(bucket) == {f"shop/{today()}/datadump1.sql": b"shop"}


def test_note_of_one_of_several_leads_back_to_its_key(
    uploads: Workplace, store: Store, proxy: Proxy, bucket: str
) -> None:
    """The answer was lost: the next tick finds the object there, also under another prefix."""
    wait_in(uploads, "shop", b"shop")
    proxy.choose = lambda request: "lost" if request.is_object_put else None
    assert uploads.tick(S3_PREFIX="a/b", **SEVERAL).returncode == 1
    noted = [name for name in files_left(uploads) if name.startswith("shop/.send-to-s3.")]
    assert len(noted) == 1
    assert f"{bucket}%2Fa%2Fb%2F%2F{today()}%2Fdatadump1.sql" in noted[0]
    proxy.choose = lambda _: None
    assert uploads.tick(S3_PREFIX="elsewhere", **SEVERAL).returncode == 0
    assert store.objects(bucket) == {f"a/b/shop/{today()}/datadump1.sql": b"shop"}
    assert files_left(uploads) == []


def test_longest_name_fits_with_all_else(uploads: Workplace, store: Store, bucket: str) -> None:
    """Percent-encoded it is longer than the note of its key could be."""
    name = "%2F" * 64
    wait_in(uploads, name, b"slashes")
    assert uploads.tick(S3_PREFIX="p" * 80, **SEVERAL).returncode == 0, uploads.messages()
    assert store.objects(bucket) == {f"{'p' * 80}/{name}/{today()}/datadump1.sql": b"slashes"}
    assert uploads.messages() == [f"file successfully uploaded: {'/' * 64}"]
    key = f"{'p' * 80}/{name}/{today()}/datadump1.sql"
    assert store.metadata(bucket, key)["database"] == "/" * 64


def test_folders_of_others_are_not_touched_where_one_database_is_meant(
    uploads: Workplace, store: Store, bucket: str
) -> None:
    """Somebody's copies, say. Those that were pipelines before are still shipped."""
    copy = wait_in(uploads, "copies", b"copy")
    assert uploads.tick().returncode == 0
    assert uploads.messages() == ["there is no file to upload"]
    left = wait_in(uploads, "crm", b"crm")
    (left.parent / ".send-to-s3.lock").touch(mode=0o600)
    assert uploads.tick().returncode == 0
    assert store.objects(bucket) == {f"crm/{today()}/datadump1.sql": b"crm"}
    assert copy.read_bytes() == b"copy"


@pytest.mark.parametrize("store", ["seaweedfs-http"], indirect=True)
def test_from_one_database_to_several_goes_on_in_the_same_objects(
    server: Server, store: Store, bucket: str, tmp_path: Path
) -> None:
    """Numbers go on, the proof stays valid, and the restore finds what was there before."""
    make_account(server, rights(server))
    make_restorer(server, DATABASE)
    work = workplace(tmp_path / "work", server, store, bucket)
    alone = {"DB_NAME": DATABASE, "S3_PREFIX": DATABASE}
    back_up(work, **alone)
    assert work.drill(**alone).returncode == 0, work.messages()
    several = {"DB_NAMES": DATABASE}
    back_up(work, **several)
    listed = work.restore("--list", **several).stdout.splitlines()
    keys = [f"{DATABASE}/{today()}/datadump{number}.sql" for number in (2, 1)]
    assert [line.split()[0] for line in listed[1:]] == keys
    assert [("verified" in line) for line in listed[1:]] == [False, True]
    into = ("--into", f"{DATABASE}_look")
    try:
        for what in ("latest", keys[1]):
            result = work.restore(what, *into, "--overwrite", **several)
            assert result.returncode == 0, result.stderr
    finally:
        for (name,) in server.query(f"SHOW DATABASES LIKE '{DATABASE}\\_%'"):
            server.query(f"DROP DATABASE `{name}`")
    shutil.rmtree(work.dumps / DATABASE)
