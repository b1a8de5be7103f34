"""The mirror gets what the first place has, whole and checked, and loses and overwrites nothing."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from datadump.s3.multipart import LARGEST_PUT, PARALLEL_PARTS, part_size
from support.programs import SCRIPTS, Workplace
from support.proxy import Fault, Proxy, Request, running_proxy
from support.store import Store
from support.waiting import next_second, wait_for

MEBIBYTE = 1024 * 1024
MOST_MEMORY = 130 * MEBIBYTE
KEY = "2026-11-23/datadump1.sql"
PROOF = f"proofs/{KEY}.json"

# Runs mirror.py, and then says how many KiB of memory it had at most.
MEASURED = """
import re, runpy, sys
sys.argv = [sys.argv[1]]
try: runpy.run_path(sys.argv[0], run_name="__main__")
finally: print("peak", re.search("VmHWM:.*?([0-9]+) kB", open("/proc/self/status").read())[1])
"""


@pytest.fixture(scope="session")
def store(stores: Callable[[str], Store]) -> Store:
    """The first place's, and the mirror's, which has a bucket of its own."""
    return stores("seaweedfs-http")


@pytest.fixture
def second(bucket: str) -> str:
    """The mirror's bucket; nobody has made it yet."""
    return f"{bucket}-mirror"


@pytest.fixture
def proxy(store: Store) -> Iterator[Proxy]:
    """The way to the mirror leads through it, and no other."""
    with running_proxy(store) as proxy:
        yield proxy


@pytest.fixture
def work(uploads: Workplace, store: Store, proxy: Proxy, bucket: str, second: str) -> Workplace:
    """Settings that lead to both; the first bucket is there."""
    store.client().create_bucket(Bucket=bucket)
    credentials = uploads.path / "mirror.txt"
    credentials.write_text("\n".join([*store.admin, second]))
    uploads.settings |= {
        "MIRROR_CREDENTIALS_FILE": str(credentials),
        "MIRROR_ENDPOINT_URL_S3": proxy.url,
    }
    return uploads


def metadata_of(content: bytes, database: str = "FACULDADE") -> dict[str, str]:
    return {
        "dump-id": hashlib.md5(content, usedforsecurity=False).hexdigest(),
        "sha256": hashlib.sha256(content).hexdigest(),
        "database": database,
        "dumped-at": "2026-11-23T03:00:00-03:00",
    }


def put(store: Store, bucket: str, key: str, content: bytes, stored: bytes | None = None) -> None:
    """A backup with the metadata of this content."""
    store.put(bucket, key, content if stored is None else stored, **metadata_of(content))


def test_all_backups_and_proofs_are_copied_once(
    work: Workplace, store: Store, proxy: Proxy, bucket: str, second: str
) -> None:
    """With their metadata, the newest first, and nothing else; another run asks for no object."""
    keys = ["2026-11-24/datadump2.sql.zst", "2026-11-24/datadump1.sql", KEY, f"shop/{KEY}"]
    for number, key in enumerate(keys):
        put(store, bucket, key, b"%d" % number * number)  # the first one is empty
    store.put(bucket, PROOF, b"{}")
    for other in ("2026-11-23/notes.txt", "images/cat.png", "2026-11-23/deeper/datadump1.sql"):
        store.put(bucket, other)
    assert work.mirror().returncode == 0, work.messages()
    copied = store.objects(second)
    assert copied == {key: store.objects(bucket)[key] for key in [*keys, PROOF]}
    assert all(store.metadata(second, key) == store.metadata(bucket, key) for key in keys)
    assert work.messages() == [f"backup mirrored: {key}" for key in keys]
    puts = [request for request in proxy.requests if request.is_object_put]
    assert all(
        request.headers.get("if-none-match") == "*" or "/proofs/" in request.path
        for request in puts
    )
    (rule,) = store.client().get_bucket_lifecycle_configuration(Bucket=second)["Rules"]
    assert rule["ID"] == "open multipart uploads"
    proxy.requests.clear()
    result = work.mirror()
    assert (result.returncode, result.stdout) == (0, "0 of 0 backups copied\n")
    assert all(request.lists_objects for request in proxy.requests)
    assert len(work.messages()) == len(keys)


def test_another_store_is_a_mirror(
    work: Workplace, store: Store, stores: Callable[[str], Store], bucket: str
) -> None:
    """Of another kind, over TLS; the ETag, which its proof names, is the same there."""
    other = stores("ministack-https")
    content = os.urandom(MEBIBYTE) * 21
    client = store.client()
    (work.dumps / "datadump.sql").write_bytes(content)
    assert work.tick().returncode == 0
    Path(work.settings["MIRROR_CREDENTIALS_FILE"]).write_text("\n".join([*other.admin, bucket]))
    assert other.certificate
    work.settings |= {
        "MIRROR_ENDPOINT_URL_S3": other.endpoint_url,
        "AWS_CA_BUNDLE": str(other.certificate.path),
    }
    result = work.mirror()
    assert result.returncode == 0, result.stdout + result.stderr
    ((key, copied),) = other.objects(bucket).items()
    assert copied == content
    heads = [one.head_object(Bucket=bucket, Key=key) for one in (client, other.client())]
    assert heads[0]["ETag"] == heads[1]["ETag"]
    assert heads[0]["Metadata"] == heads[1]["Metadata"]


def test_killed_copy_goes_on_with_its_parts(
    work: Workplace, store: Store, proxy: Proxy, bucket: str, second: str
) -> None:
    """What was under way is sent again at most; memory is bounded by that, too."""
    content = os.urandom(MEBIBYTE) * 60
    put(store, bucket, KEY, content)
    next_second()  # an upload that is gone on with has begun after the backup was stored
    store.client().create_bucket(Bucket=second)
    passed = len(content) // part_size(len(content)) // 2
    proxy.choose = lambda request: "slow" if proxy.part_bytes > passed * 5 * MEBIBYTE else None
    process = work.start_mirror()
    wait_for("half of it is there", lambda: proxy.faults["slow"] > 1)
    process.kill()
    process.communicate()
    assert store.objects(second) == {}
    proxy.choose = lambda _: None
    result = subprocess.run(
        [sys.executable, "-c", MEASURED, str(SCRIPTS / "mirror.py")],
        env=work.environment(PYTHONPATH=str(SCRIPTS)), text=True, capture_output=True, check=True,
    )  # fmt: skip
    (peak,) = re.findall(r"^peak (\d+)$", result.stdout, re.MULTILINE)
    assert int(peak) * 1024 < MOST_MEMORY
    assert store.objects(second) == {KEY: content}
    assert store.client().list_multipart_uploads(Bucket=second).get("Uploads", []) == []
    assert proxy.part_bytes - len(content) <= PARALLEL_PARTS * part_size(len(content))


def test_upload_that_another_backup_left_at_the_key_is_not_gone_on_with(
    work: Workplace, store: Store, bucket: str, second: str
) -> None:
    """Its metadata would be that one's."""
    client = store.client()
    client.create_bucket(Bucket=second)
    theirs = client.create_multipart_upload(Bucket=second, Key=KEY, Metadata={"dump-id": "0"})
    content = os.urandom(MEBIBYTE) * 17
    put(store, bucket, KEY, content)
    assert work.mirror().returncode == 0, work.messages()
    assert store.metadata(second, KEY) == metadata_of(content)
    (left,) = client.list_multipart_uploads(Bucket=second)["Uploads"]
    assert left["UploadId"] == theirs["UploadId"]


@pytest.mark.parametrize("size", [1000, LARGEST_PUT + 1], ids=["one request", "parts"])
def test_damaged_backup_is_not_copied_and_keeps_no_other(
    work: Workplace, store: Store, bucket: str, second: str, size: int
) -> None:
    """One line names it; nothing of it is at the mirror."""
    content = os.urandom(size)
    put(store, bucket, KEY, content, stored=content[:-1] + bytes([content[-1] ^ 1]))
    put(store, bucket, "2026-11-22/datadump1.sql", b"older")
    assert work.mirror().returncode == 1
    assert store.objects(second) == {"2026-11-22/datadump1.sql": b"older"}
    failed, mirrored = work.messages()
    assert failed == (
        f"mirror failed: the object in the bucket is not what was uploaded: s3://{bucket}/{KEY} "
        "has other bytes than the sha256 of its metadata says"
    )
    assert mirrored == "backup mirrored: 2026-11-22/datadump1.sql"
    assert store.client().list_multipart_uploads(Bucket=second).get("Uploads", []) == []


def test_nothing_is_overwritten(
    work: Workplace, store: Store, proxy: Proxy, bucket: str, second: str
) -> None:
    """Neither what is there, nor what comes there while a copy is under way; each is named."""
    late = "2026-11-22/datadump1.sql"
    put(store, bucket, KEY, b"ours")
    put(store, bucket, late, os.urandom(LARGEST_PUT + 1))
    store.client().create_bucket(Bucket=second)
    store.put(second, KEY, b"theirs, longer")

    def choose(request: Request) -> Fault:
        if request.completes:
            store.put(second, late, b"theirs")
        return None

    proxy.choose = choose
    assert work.mirror().returncode == 1
    assert store.objects(second) == {KEY: b"theirs, longer", late: b"theirs"}
    for line, key in zip(work.messages(), (KEY, late), strict=True):
        assert line.startswith(f"mirror failed: s3://{second}/{key} is another object than ")
    assert store.client().list_multipart_uploads(Bucket=second).get("Uploads", []) == []


def test_two_mirrors_at_once_make_one_copy(
    work: Workplace, store: Store, bucket: str, second: str
) -> None:
    """Neither fails."""
    contents = {KEY: os.urandom(LARGEST_PUT + 1), "2026-11-22/datadump1.sql": b"small"}
    for key, content in contents.items():
        put(store, bucket, key, content)
    store.client().create_bucket(Bucket=second)
    both = [work.start_mirror() for _ in range(2)]
    said = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert store.objects(second) == contents


def test_proof_follows_its_backup_and_the_one_after_it_too(
    work: Workplace, store: Store, bucket: str, second: str
) -> None:
    """A drill puts its proof in place of the last one; both speak for the copy."""
    put(store, bucket, KEY, b"dump")
    etag = store.client().head_object(Bucket=bucket, Key=KEY)["ETag"].strip('"')
    proof = {
        "key": KEY, "dump-id": metadata_of(b"dump")["dump-id"], "etag": etag, "verified": True,
        "reason": "", "at": "2026-11-25T05:30:00-03:00", "numbers": {}, "seconds": {},
    }  # fmt: skip
    for at in ("2026-11-25", "2026-11-26"):
        content = json.dumps(proof | {"at": f"{at}T05:30:00-03:00"}).encode()
        store.put(bucket, PROOF, content)
        assert work.mirror().returncode == 0, work.messages()
        assert store.objects(second)[PROOF] == content
    listed = work.restore("--list", "--from", "mirror")
    assert "verified 2026-11-26" in listed.stdout, listed.stderr


@pytest.mark.parametrize("away", ["AWS_ENDPOINT_URL_S3", "MIRROR_ENDPOINT_URL_S3"])
def test_store_that_is_away_is_one_line(
    work: Workplace, store: Store, bucket: str, away: str
) -> None:
    """Which names the setting of that store."""
    for number in range(1, 6):
        put(store, bucket, f"2026-11-23/datadump{number}.sql", b"dump")
    assert work.mirror(**{away: "http://127.0.0.1:1"}).returncode == 1
    (line,) = work.messages()
    assert line.startswith("mirror failed: ")
    assert f" ({away}) up, and reachable from here?" in line


def test_account_that_may_not_write_is_not_tried_for_each(
    work: Workplace, store: Store, proxy: Proxy, bucket: str, second: str
) -> None:
    """After some refusals in a row it isn't the object."""
    for number in range(1, 10):
        put(store, bucket, f"2026-11-23/datadump{number}.sql", b"dump")
    store.client().create_bucket(Bucket=second)
    proxy.choose = lambda request: 403 if request.is_object_put else None
    assert work.mirror().returncode == 1
    assert len(work.messages()) == 3
    assert all("2026-11-23/datadump" in line for line in work.messages())


def test_backup_that_is_cut_on_its_way_arrives(
    work: Workplace, store: Store, bucket: str, second: str
) -> None:
    """It goes on where it was cut."""
    content = os.urandom(LARGEST_PUT * 2)
    put(store, bucket, KEY, content)
    with running_proxy(store) as source:
        source.choose = lambda request: (
            "torn" if "range" in request.headers and source.faults["torn"] < 3 else None
        )
        work.settings["AWS_ENDPOINT_URL_S3"] = source.url
        assert work.mirror().returncode == 0, work.messages()
        assert source.faults["torn"] == 3
    assert store.objects(second) == {KEY: content}


def test_mirror_locks_what_is_to_be_locked(
    work: Workplace, store: Store, bucket: str, second: str
) -> None:
    """A bucket that it makes can; the lock is a promise about each backup."""
    put(store, bucket, KEY, b"dump")
    assert work.mirror(S3_OBJECT_LOCK="COMPLIANCE", S3_OBJECT_LOCK_DAYS="1").returncode == 0
    head = store.client().head_object(Bucket=second, Key=KEY)
    assert head["ObjectLockMode"] == "COMPLIANCE"


def test_missing_or_same_place_is_a_wrong_setting(
    work: Workplace, store: Store, bucket: str
) -> None:
    """For the restore out of it, too; one line names the setting."""
    for run in (work.mirror, lambda **unset: work.restore("latest", "--from", "mirror", **unset)):
        result = run(MIRROR_CREDENTIALS_FILE="")
        assert result.returncode == 2
        assert "MIRROR_CREDENTIALS_FILE: it isn't set" in result.stderr
    Path(work.settings["MIRROR_CREDENTIALS_FILE"]).write_text("\n".join([*store.admin, bucket]))
    result = work.mirror(MIRROR_ENDPOINT_URL_S3=store.endpoint_url + "/")
    assert result.returncode == 2
    assert "MIRROR_CREDENTIALS_FILE: it names the bucket that is to be mirrored" in result.stderr
