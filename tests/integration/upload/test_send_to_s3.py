"""send-to-s3.py against a real S3 server: once in the bucket, then gone from the folder."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from datadump.dumps.taken import Destination, TakenDump
from support.programs import SCRIPTS, Workplace, small_disk, today
from support.proxy import Proxy
from support.store import UPLOADER_BUCKET, Store
from support.waiting import wait_for

DUMP_ID = "0123456789abcdef0123456789abcdef"
NOTED_AT = 1_700_000_000
UPLOADED = "file successfully uploaded"
LOCK = ".send-to-s3.lock"
IDLE = "there is no file to upload"


# Runs the script, then says as whom.
OBSERVER = """
import os, runpy, sys
del sys.argv[0]
try:
    sys.path.insert(0, os.path.dirname(sys.argv[0]))
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit:
    print(os.getresuid(), os.getresgid(), os.getgroups(), file=sys.stderr)
"""


def write_dump(
    uploads: Workplace, content: bytes, name: str = "datadump.sql", mtime: float | None = None
) -> None:
    """A finished dump that waits."""
    path = uploads.dumps / name
    path.write_bytes(content)
    if mtime is not None:
        os.utime(path, (mtime, mtime))


def note(bucket: str, key: str) -> str:
    """The name that a tick gives to a dump which it is about to upload there."""
    return TakenDump(DUMP_ID, "datadump.sql", Destination(bucket, key), NOTED_AT).name


def put_object_of(store: Store, bucket: str, key: str, dump: bytes, body: bytes) -> None:
    """The object that a tick stored for this dump before it died, with these bytes in it now."""
    digest = hashlib.sha256(dump).hexdigest()
    store.put(bucket, key, body, **{"dump-id": DUMP_ID, "sha256": digest})


@pytest.fixture
def made_bucket(store: Store, bucket: str) -> str:
    """A bucket that exists already."""
    store.client().create_bucket(Bucket=bucket)
    return bucket


def test_dump_arrives_byte_for_byte_and_leaves_the_folder(
    uploads: Workplace, store: Store, bucket: str
) -> None:
    """In a bucket that is made for it."""
    write_dump(uploads, b"the dump\n")
    result = uploads.tick()
    assert (result.returncode, result.stderr) == (0, "")
    assert store.objects(bucket) == {f"{today()}/datadump1.sql": b"the dump\n"}
    assert uploads.files() == {}
    assert uploads.messages() == [UPLOADED]
    assert result.stdout.endswith(f",{UPLOADED}\n")


def test_metadata_says_what_the_object_is(uploads: Workplace, store: Store, bucket: str) -> None:
    """Digest of the stored bytes, start of the snapshot, database, a random id."""
    write_dump(uploads, b"the dump\n", mtime=1_700_000_000.7)
    zone = {"TZ": "America/Sao_Paulo"}
    assert uploads.tick(DB_NAME="naïve", **zone).returncode == 0
    (key,) = store.objects(bucket)
    metadata = store.metadata(bucket, key)
    assert re.fullmatch("[0-9a-f]{32}", metadata.pop("dump-id"))
    assert metadata == {
        "sha256": hashlib.sha256(b"the dump\n").hexdigest(),
        "dumped-at": "2023-11-14T19:13:20-03:00",
        "database": "na%C3%AFve",
    }


def test_large_dump_arrives_in_parts(uploads: Workplace, store: Store, bucket: str) -> None:
    """With the checksum of the whole, which the store computed."""
    content = os.urandom(1024) * 1024 * 50
    write_dump(uploads, content)
    assert uploads.tick().returncode == 0
    key = f"{today()}/datadump1.sql"
    assert store.objects(bucket) == {key: content}
    assert store.client().head_object(Bucket=bucket, Key=key)["ETag"].endswith('-10"')
    assert store.client().list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []


def test_empty_file_is_no_dump(uploads: Workplace, store: Store, made_bucket: str) -> None:
    """It stays, the log names it, and the dump beside it goes all the same."""
    write_dump(uploads, b"")
    write_dump(uploads, b"dump", "datadump.sql.gz")
    assert uploads.tick().returncode == 1
    assert list(store.objects(made_bucket).values()) == [b"dump"]
    assert uploads.files() == {"datadump.sql": b""}
    path = uploads.dumps / "datadump.sql"
    assert f"{path} is empty, which no dump is: nothing is sent; remove it" in uploads.messages()


@pytest.mark.parametrize("year", [-3000, 12000])
def test_dump_whose_time_is_no_date_arrives(
    uploads: Workplace, store: Store, bucket: str, year: int
) -> None:
    """A tmpfs keeps such times; what the metadata then say is the time of the upload."""
    with small_disk(uploads.dumps, "1m"):
        write_dump(uploads, b"dump", mtime=(year - 1970) * 365.2425 * 86400)
        result = uploads.tick()
        assert [name for name in uploads.files() if name != LOCK] == []
    assert (result.returncode, uploads.messages()) == (0, [UPLOADED])
    assert "is no date: its dumped-at is the time of the upload" in result.stderr
    (key,) = store.objects(bucket)
    assert store.metadata(bucket, key)["dumped-at"].startswith(today())


HEAD = "-- MariaDB dump 10.19\n--\n-- Host: h    Database: {}\n-- ----\n"


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
def test_database_is_the_one_that_the_dump_names(
    uploads: Workplace, store: Store, bucket: str, suffix: str
) -> None:
    """Whatever DB_NAME says by then; a warning tells."""
    content = HEAD.format("crm & wiki").encode()
    program = {"": ["cat"], ".gz": ["gzip"], ".zst": ["zstd", "-q"]}[suffix]
    packed = subprocess.run(program, input=content, stdout=subprocess.PIPE, check=True).stdout
    write_dump(uploads, packed, f"datadump.sql{suffix}")
    result = uploads.tick(DB_NAME="shop")
    assert result.returncode == 0
    (key,) = store.objects(bucket)
    assert store.metadata(bucket, key)["database"] == "crm & wiki"
    assert "is a dump of crm & wiki, and DB_NAME is shop" in result.stderr


def test_database_is_that_of_the_settings_where_the_dump_cannot_be_read(
    uploads: Workplace, store: Store, bucket: str
) -> None:
    """It is cut, or no dump at all: judging dumps is the dump side's work."""
    write_dump(uploads, b"\x28\xb5\x2f\xfd", "datadump.sql.zst")
    assert uploads.tick(DB_NAME="shop").returncode == 0
    (key,) = store.objects(bucket)
    assert store.metadata(bucket, key)["database"] == "shop"


def test_idle_tick_is_one_line_and_no_boto3(uploads: Workplace) -> None:
    """A cron of every minute costs next to nothing."""
    result = uploads.tick("-X", "importtime")
    assert result.returncode == 0
    assert uploads.messages() == [IDLE]
    imported = {line.split("|")[-1].strip() for line in result.stderr.splitlines()}
    assert "datadump.commands.send" in imported
    late = {"boto3", "botocore", "datadump.s3", "datadump.upload"}
    assert not imported & (late | {"dataclasses", "__future__", "encodings.utf_8_sig"})


def test_number_follows_the_days_highest(
    uploads: Workplace, store: Store, made_bucket: str
) -> None:
    """Over all suffixes; gaps stay; other names and other days don't count."""
    for name in ("datadump2.sql", "datadump11.sql.zst", "datadump90.sql.bak", "x/datadump91.sql"):
        store.put(made_bucket, f"{today()}/{name}")
    store.put(made_bucket, "2020-01-01/datadump92.sql")
    write_dump(uploads, b"dump", "datadump.sql.gz")
    assert uploads.tick().returncode == 0
    assert store.objects(made_bucket)[f"{today()}/datadump12.sql.gz"] == b"dump"


def test_number_of_nobodys_hides_no_upload(
    uploads: Workplace, store: Store, made_bucket: str
) -> None:
    """With as many digits as there may be, whoever put it there: the next dumps go on as before."""
    poison = f"{today()}/datadump99999999999999.sql"
    store.put(made_bucket, poison, b"poison")
    for content in (b"first", b"second"):
        write_dump(uploads, content)
        assert uploads.tick().returncode == 0
    assert store.objects(made_bucket) == {
        poison: b"poison",
        f"{today()}/datadump1.sql": b"first",
        f"{today()}/datadump2.sql": b"second",
    }


def test_more_than_a_thousand_objects_a_day_number_rightly(
    uploads: Workplace, store: Store, made_bucket: str
) -> None:
    """A page of a listing holds 1,000."""
    client = store.client()
    with ThreadPoolExecutor(8) as pool:
        for number in range(1, 1003):
            pool.submit(
                client.put_object, Bucket=made_bucket, Key=f"{today()}/datadump{number}.sql"
            )
    write_dump(uploads, b"dump")
    assert uploads.tick().returncode == 0
    key = f"{today()}/datadump1003.sql"
    assert client.get_object(Bucket=made_bucket, Key=key)["Body"].read() == b"dump"


def test_prefix_keeps_hosts_apart(uploads: Workplace, store: Store, made_bucket: str) -> None:
    """Each counts its own."""
    store.put(made_bucket, f"{today()}/datadump7.sql")
    write_dump(uploads, b"dump")
    assert uploads.tick(S3_PREFIX="hosts/one").returncode == 0
    assert f"hosts/one/{today()}/datadump1.sql" in store.objects(made_bucket)


def test_waiting_dumps_all_go_oldest_first(uploads: Workplace, store: Store, bucket: str) -> None:
    """One of each suffix may wait."""
    write_dump(uploads, b"third", "datadump.sql", 3000)
    write_dump(uploads, b"first", "datadump.sql.zst", 1000)
    write_dump(uploads, b"second", "datadump.sql.gz", 2000)
    assert uploads.tick().returncode == 0
    assert store.objects(bucket) == {
        f"{today()}/datadump1.sql.zst": b"first",
        f"{today()}/datadump2.sql.gz": b"second",
        f"{today()}/datadump3.sql": b"third",
    }
    assert uploads.messages() == [UPLOADED] * 3


def make_link(path: Path) -> None:
    path.symlink_to("../target")


def hand_over(uploads: Workplace) -> None:
    """As the dump side does with a dump that waits, to make room for a newer one."""
    with suppress(FileNotFoundError):
        taken = TakenDump(secrets.token_hex(16), "datadump.sql").name
        (uploads.dumps / "datadump.sql").rename(uploads.dumps / taken)


@pytest.mark.parametrize("store", ["seaweedfs-http"], indirect=True)
@pytest.mark.parametrize("refused", ["GET HEAD PUT", "PUT"], ids=["all", "after the note"])
@pytest.mark.parametrize("shown", ["oldest", "newest"])
def test_dumps_of_an_outage_go_in_the_order_of_their_snapshots(
    uploads: Workplace, store: Store, proxy: Proxy, made_bucket: str, refused: str, shown: str
) -> None:
    """Whichever of them shows after the ticks that failed, and whether they have notes by then."""
    proxy.choose = lambda request: 403 if request.method in refused.split() else None
    for night in range(1, 4):
        hand_over(uploads)
        write_dump(uploads, b"of night %d" % night, mtime=night * 86400)
        if shown == "oldest":  # it has its turn first, and then the name is free
            hand_over(uploads)
        assert uploads.tick().returncode == 1
    assert set(uploads.files().values()) == {b"of night 1", b"of night 2", b"of night 3"}
    assert uploads.files()["datadump.sql"] == b"of night %d" % (1 if shown == "oldest" else 3)
    proxy.choose = lambda request: None
    assert uploads.tick().returncode == 0
    assert store.objects(made_bucket) == {
        f"{today()}/datadump{night}.sql": b"of night %d" % night for night in range(1, 4)
    }
    assert uploads.files() == {}
    assert uploads.messages()[-3:] == [UPLOADED] * 3


def test_dump_that_is_finished_meanwhile_overtakes_none(
    uploads: Workplace, store: Store, proxy: Proxy, made_bucket: str
) -> None:
    """It has the name by then that the one before it had when the tick began."""
    write_dump(uploads, b"first", f".send-to-s3.{DUMP_ID}.datadump.sql", mtime=1000)
    write_dump(uploads, b"second", mtime=2000)

    def finish_third(_: object) -> None:
        if b"third" not in uploads.files().values():
            hand_over(uploads)
            write_dump(uploads, b"third", mtime=3000)

    proxy.choose = finish_third
    assert uploads.tick().returncode == 0
    assert set(uploads.files().values()) == {b"second", b"third"}
    proxy.choose = lambda request: None
    assert uploads.tick().returncode == 0
    assert [content for _, content in sorted(store.objects(made_bucket).items())] == [
        b"first", b"second", b"third",
    ]  # fmt: skip


@pytest.mark.parametrize("moment", ["before its turn", "in hand"])
def test_dump_that_made_room_is_no_failure(
    uploads: Workplace, store: Store, proxy: Proxy, made_bucket: str, moment: str
) -> None:
    """The dump side drops the oldest that has no note, and logs that itself; the others go."""
    write_dump(uploads, b"first", mtime=1000)
    write_dump(uploads, b"second", f".send-to-s3.{DUMP_ID}.datadump.sql", mtime=2000)
    write_dump(uploads, b"third", "datadump.sql.gz", mtime=3000)
    dropped = b"first" if moment == "in hand" else b"second"

    def drop(_: object) -> None:
        for path in uploads.dumps.iterdir():
            if path.read_bytes() == dropped:
                path.unlink()

    proxy.choose = drop
    assert uploads.tick().returncode == 0, uploads.messages()
    assert uploads.messages() == [UPLOADED] * 2
    kept = {b"first", b"second", b"third"} - {dropped}
    assert set(store.objects(made_bucket).values()) == kept


@pytest.mark.parametrize(
    ("make", "kind"), [(make_link, "a link"), (Path.mkdir, "a folder")], ids=["link", "folder"]
)
def test_what_has_a_dumps_name_and_is_none_is_one_line_with_the_remedy(
    uploads: Workplace, store: Store, bucket: str, make: Callable[[Path], None], kind: str
) -> None:
    """No idle tick, with status 0; another dump goes all the same."""
    path = uploads.dumps / "datadump.sql"
    make(path)
    write_dump(uploads, b"dump", "datadump.sql.gz")
    assert uploads.tick().returncode == 1
    line = f"{path} is {kind}, and so no dump: nothing is sent of it; remove it"
    assert sorted(uploads.messages()) == [line, UPLOADED]
    assert list(store.objects(bucket).values()) == [b"dump"]
    assert uploads.tick().returncode == 1
    assert uploads.messages()[2:] == [line]


def test_same_bytes_twice_are_two_dumps(uploads: Workplace, store: Store, bucket: str) -> None:
    """What a dump is, its id says."""
    for _ in range(2):
        write_dump(uploads, b"dump")
        assert uploads.tick().returncode == 0
    assert store.objects(bucket) == {
        f"{today()}/datadump1.sql": b"dump",
        f"{today()}/datadump2.sql": b"dump",
    }


def test_tick_that_finds_an_upload_under_way_says_nothing(uploads: Workplace) -> None:
    """Status 0, no line, nothing touched."""
    write_dump(uploads, b"dump")
    with (uploads.dumps / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        result = uploads.tick()
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert uploads.files() == {"datadump.sql": b"dump"}
    assert uploads.messages() == []


def test_lock_is_on_a_file_that_only_its_owner_can_open(uploads: Workplace) -> None:
    """Anybody who can open the folder may lock that, and for ever: no tick minds."""
    write_dump(uploads, b"dump")
    folder = os.open(uploads.dumps, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    try:
        assert [uploads.tick().returncode for _ in range(2)] == [0, 0]
    finally:
        os.close(folder)
    assert uploads.messages() == [UPLOADED, IDLE]
    (lock,) = uploads.dumps.iterdir()
    status = lock.stat()
    assert (lock.name, stat.filemode(status.st_mode), status.st_size) == (LOCK, "-rw-------", 0)


def make_others_file(path: Path) -> None:
    path.touch()
    os.chown(path, 1000, 1000)


def make_second_name(path: Path) -> None:
    path.hardlink_to(path.parent.parent / "target")


@pytest.mark.parametrize(
    "make", [make_link, make_second_name, make_others_file, Path.mkdir, os.mkfifo]
)
def test_what_is_no_lock_of_ours_is_one_line_with_the_remedy(
    uploads: Workplace, make: Callable[[Path], None]
) -> None:
    """Never followed, and never a reason to say nothing; without it the dump goes."""
    target = uploads.path / "target"
    target.write_text("kept")
    lock = uploads.dumps / LOCK
    make(lock)
    write_dump(uploads, b"dump")
    assert uploads.tick().returncode == 1
    (message,) = uploads.messages()
    assert message.startswith(f"{lock}: ")
    assert message.endswith(": it has to be a file of user id 0's own: remove what is there")
    assert (uploads.dumps / "datadump.sql").read_bytes() == b"dump"
    assert (target.read_text(), target.stat().st_mode & 0o777) == ("kept", 0o644)
    lock.rmdir() if lock.is_dir() else lock.unlink()
    assert uploads.tick().returncode == 0
    assert uploads.files() == {}


def bad_credentials(uploads: Workplace, *lines: str) -> None:
    Path(uploads.settings["CREDENTIALS_FILE"]).write_text("\n".join(lines))


def test_wrong_keys_leave_the_dump_and_log_the_stores_answer(
    uploads: Workplace, store: Store, bucket: str
) -> None:
    """And say no secret."""
    bad_credentials(uploads, store.admin.access_key_id, "wrong-secret", bucket)
    write_dump(uploads, b"dump")
    result = uploads.tick()
    assert result.returncode == 1
    assert uploads.files() == {"datadump.sql": b"dump"}
    (message,) = uploads.messages()
    assert "SignatureDoesNotMatch" in message
    assert "wrong-secret" not in message + result.stdout + result.stderr


def test_no_network_leaves_the_dump_and_logs_why(uploads: Workplace) -> None:
    """The next tick tries again."""
    write_dump(uploads, b"dump")
    assert uploads.tick(AWS_ENDPOINT_URL_S3="http://127.0.0.1:1").returncode == 1
    assert uploads.files() == {"datadump.sql": b"dump"}
    assert "Could not connect to the endpoint" in uploads.messages()[0]
    assert uploads.tick().returncode == 0
    assert uploads.files() == {}


def test_no_right_to_make_the_bucket_is_logged(uploads: Workplace, store: Store) -> None:
    """Nothing of the attempt stays: the bucket is then somebody else's to make."""
    bad_credentials(uploads, *store.uploader, "somebody-elses")
    write_dump(uploads, b"dump")
    assert uploads.tick().returncode == 1
    assert uploads.files() == {"datadump.sql": b"dump"}
    assert "AccessDenied" in uploads.messages()[0]
    assert "somebody-elses" not in [b["Name"] for b in store.client().list_buckets()["Buckets"]]


def test_upload_uses_no_right_on_other_buckets(uploads: Workplace, store: Store) -> None:
    """An account that may list, read and write one bucket is enough."""
    store.client().create_bucket(Bucket=UPLOADER_BUCKET)
    bad_credentials(uploads, *store.uploader, UPLOADER_BUCKET)
    write_dump(uploads, b"dump")
    assert uploads.tick().returncode == 0, uploads.messages()
    assert store.objects(UPLOADER_BUCKET) == {f"{today()}/datadump1.sql": b"dump"}


@pytest.mark.parametrize("problem", ["missing", "empty", "folder"])
@pytest.mark.parametrize("idle", [True, False])
def test_credentials_file_that_cannot_be_used_is_one_line_and_status_2(
    uploads: Workplace, tmp_path: Path, problem: str, idle: bool
) -> None:
    """Idle or not, and nothing in the folder changes."""
    path = tmp_path / "named"
    if problem == "empty":
        path.touch()
    elif problem == "folder":
        path.mkdir()
    if not idle:
        write_dump(uploads, b"dump")
    result = uploads.tick(CREDENTIALS_FILE=str(path))
    (line,) = result.stderr.splitlines()
    assert (result.returncode, result.stdout) == (2, "")
    assert f",CREDENTIALS_FILE: '{path}'" in line
    assert uploads.messages() == [line.split(",", 2)[2]]
    assert uploads.files() == ({} if idle else {"datadump.sql": b"dump"})


@pytest.mark.parametrize("idle", [True, False])
def test_folder_that_is_absent_is_one_line_and_status_2(uploads: Workplace, idle: bool) -> None:
    """Idle or not."""
    if not idle:
        write_dump(uploads, b"dump")
    result = uploads.tick(DUMPS_DIR="/nowhere")
    assert result.returncode == 2
    assert uploads.messages() == ["DUMPS_DIR: there is no folder '/nowhere'"]


def test_folder_that_cannot_be_written_is_one_line_and_status_2(uploads: Workplace) -> None:
    """Here because the file system is read-only."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", uploads.dumps], check=True)
    try:
        result = uploads.tick()
    finally:
        subprocess.run(["umount", uploads.dumps], check=True)
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert ",DUMPS_DIR: " in line


def test_log_that_cannot_be_written_stops_no_upload(
    uploads: Workplace, store: Store, bucket: str
) -> None:
    """It is said on standard error."""
    write_dump(uploads, b"dump")
    result = uploads.tick(LOGS_DIR="/nowhere")
    assert result.returncode == 0
    assert "the daily log /nowhere/" in result.stderr
    assert store.objects(bucket) == {f"{today()}/datadump1.sql": b"dump"}


def test_keys_can_come_from_boto3s_own_chain(uploads: Workplace, store: Store, bucket: str) -> None:
    """CREDENTIALS_FILE=/dev/null and S3_BUCKET; here from the environment."""
    write_dump(uploads, b"dump")
    result = uploads.tick(
        CREDENTIALS_FILE="/dev/null",
        S3_BUCKET=bucket,
        AWS_ACCESS_KEY_ID=store.admin.access_key_id,
        AWS_SECRET_ACCESS_KEY=store.admin.secret_access_key,
    )
    assert result.returncode == 0
    assert store.objects(bucket) == {f"{today()}/datadump1.sql": b"dump"}


@pytest.mark.parametrize(("region", "constrained"), [("us-east-1", False), ("sa-east-1", True)])
def test_bucket_is_made_in_the_region_that_is_set(
    uploads: Workplace, store: Store, proxy: Proxy, bucket: str, region: str, constrained: bool
) -> None:
    """Only us-east-1 goes without a constraint, which is the body of the request."""
    write_dump(uploads, b"dump")
    assert uploads.tick(AWS_DEFAULT_REGION=region).returncode == 0, uploads.messages()
    assert store.objects(bucket) == {f"{today()}/datadump1.sql": b"dump"}
    (made,) = [r for r in proxy.requests if (r.method, r.path) == ("PUT", f"/{bucket}")]
    assert (made.length > 0) == constrained


def test_new_bucket_is_closed_to_the_public_and_ends_forgotten_uploads(
    uploads: Workplace, proxy: Proxy, bucket: str
) -> None:
    """Both are asked for, once, and before the dump goes there; this store answers 501 to one."""
    for _ in range(2):
        write_dump(uploads, b"dump")
        assert uploads.tick().returncode == 0
    asked = [r.path for r in proxy.requests if r.method == "PUT"]
    assert asked[:3] == [f"/{bucket}", f"/{bucket}?publicAccessBlock", f"/{bucket}?lifecycle"]
    assert [path for path in asked[3:] if "datadump" not in path] == []


def test_existing_bucket_is_not_touched(uploads: Workplace, proxy: Proxy, made_bucket: str) -> None:
    """No right is used that an upload doesn't need, and no listing of all buckets."""
    write_dump(uploads, b"dump")
    assert uploads.tick().returncode == 0
    key = f"/{made_bucket}/{today()}/datadump1.sql"
    listing, *rest = [(request.method, request.path.split("?")[0]) for request in proxy.requests]
    assert listing == ("GET", f"/{made_bucket}")
    assert rest == [("HEAD", key), ("PUT", key), ("HEAD", key)]


def test_object_is_only_ever_put_under_the_condition_that_there_is_none(
    uploads: Workplace, proxy: Proxy
) -> None:
    """In one request and in parts alike."""
    write_dump(uploads, b"small")
    write_dump(uploads, b"x" * (17 * 1024 * 1024), "datadump.sql.zst")
    assert uploads.tick().returncode == 0
    deciding = [r for r in proxy.requests if r.is_object_put or r.completes]
    assert [request.headers["if-none-match"] for request in deciding] == ["*", "*"]


def test_store_that_tells_no_checksum_is_read_back(
    uploads: Workplace, store: Store, proxy: Proxy, bucket: str
) -> None:
    """What the bucket holds is compared either way."""
    proxy.hidden = {"x-amz-checksum-crc32"}
    write_dump(uploads, b"dump")
    assert uploads.tick().returncode == 0
    key = f"{today()}/datadump1.sql"
    assert (("GET", f"/{bucket}/{key}")) in [(r.method, r.path) for r in proxy.requests]
    other = f"{today()}/datadump2.sql"
    put_object_of(store, bucket, other, dump=b"mine", body=b"dump")
    write_dump(uploads, b"mine", note(bucket, other))
    assert uploads.tick().returncode == 1
    assert uploads.messages()[-1] == f"s3://{bucket}/{other} holds other bytes than the dump"


def test_checksums_are_left_out_where_boto3s_setting_says_so(
    uploads: Workplace, store: Store, proxy: Proxy, bucket: str
) -> None:
    """For stores that refuse them."""
    write_dump(uploads, b"dump")
    write_dump(uploads, b"x" * (17 * 1024 * 1024), "datadump.sql.zst")
    settings = {
        "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
        "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",
    }
    assert uploads.tick(**settings).returncode == 0
    sent = [r for r in proxy.requests if "/datadump" in r.path and r.method in {"PUT", "POST"}]
    names = {name for request in sent for name in request.headers}
    assert [name for name in names if name.startswith("x-amz-checksum-")] == []
    assert len(store.objects(bucket)) == 2


@pytest.mark.parametrize("store", ["seaweedfs-http"], indirect=True)
def test_folder_of_another_user_is_worked_in_as_that_user(uploads: Workplace) -> None:
    """Groups included; the credentials are read as the one who may."""
    credentials = Path(uploads.settings["CREDENTIALS_FILE"])
    credentials.chmod(0o600)
    for path in (uploads.dumps, uploads.logs, credentials):
        os.chown(path, 1000, 1000)
    for folder in (uploads.path, *uploads.path.parents[:3]):
        folder.chmod(folder.stat().st_mode | 0o755)
    result = subprocess.run(
        [sys.executable, "-c", OBSERVER, str(SCRIPTS / "send-to-s3.py")],
        env=uploads.environment(), text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert result.stderr == "(1000, 1000, 1000) (1000, 1000, 1000) []\n"
    assert uploads.messages() == [IDLE]
    assert [log.stat().st_uid for log in uploads.logs.iterdir()] == [1000]


@pytest.mark.parametrize("made", [True, False])
def test_bucket_left_unfinished_by_a_dead_tick_is_finished(
    uploads: Workplace, store: Store, bucket: str, made: bool
) -> None:
    """It may have been made, and lack what follows."""
    if made:
        store.client().create_bucket(Bucket=bucket)
    write_dump(uploads, b"dump", note(bucket, "datadump.sql.gz"))
    assert uploads.tick().returncode == 0, uploads.messages()
    assert uploads.files() == {}
    assert store.objects(bucket) == {f"{today()}/datadump1.sql.gz": b"dump"}


def test_dump_whose_object_arrived_before_the_tick_died_is_not_stored_again(
    uploads: Workplace, store: Store, made_bucket: str
) -> None:
    """Its own id is there: checked, cleaned up, logged."""
    key = f"{today()}/datadump1.sql"
    put_object_of(store, made_bucket, key, dump=b"dump", body=b"dump")
    write_dump(uploads, b"dump", note(made_bucket, key))
    assert uploads.tick().returncode == 0
    assert store.objects(made_bucket) == {key: b"dump"}
    assert uploads.files() == {}
    assert uploads.messages() == [UPLOADED]


def test_object_with_other_bytes_keeps_the_dump(
    uploads: Workplace, store: Store, made_bucket: str
) -> None:
    """The id alone is no proof of arrival."""
    key = f"{today()}/datadump1.sql"
    put_object_of(store, made_bucket, key, dump=b"dump", body=b"dumb")
    write_dump(uploads, b"dump", note(made_bucket, key))
    assert uploads.tick().returncode == 1
    assert uploads.files() == {note(made_bucket, key): b"dump", "datadump.sql": b"dump"}
    assert uploads.messages() == [f"s3://{made_bucket}/{key} holds other bytes than the dump"]


def test_dump_written_to_after_its_object_arrived_is_another_dump(
    uploads: Workplace, store: Store, made_bucket: str
) -> None:
    """Somebody copied a new one over the name that it shows under."""
    key = f"{today()}/datadump1.sql"
    put_object_of(store, made_bucket, key, dump=b"old", body=b"old")
    write_dump(uploads, b"new", note(made_bucket, key))
    assert uploads.tick().returncode == 0
    assert store.objects(made_bucket) == {key: b"old", f"{today()}/datadump2.sql": b"new"}
    assert store.metadata(made_bucket, f"{today()}/datadump2.sql")["dump-id"] != DUMP_ID


def test_shown_dump_of_a_failed_tick_is_stored_once(
    uploads: Workplace, store: Store, made_bucket: str
) -> None:
    """It has two names then, and is one dump; its retry is one line of the log."""
    noted = note(made_bucket, f"{today()}/datadump1.sql")
    write_dump(uploads, b"dump", noted)
    os.link(uploads.dumps / noted, uploads.dumps / "datadump.sql")
    assert uploads.tick(AWS_ENDPOINT_URL_S3="http://127.0.0.1:1").returncode == 1
    assert sorted(uploads.files()) == [noted, "datadump.sql"]
    result = uploads.tick()
    assert (result.returncode, uploads.messages()[1:]) == (0, [UPLOADED])
    assert uploads.files() == {}
    assert store.objects(made_bucket) == {f"{today()}/datadump1.sql": b"dump"}


def test_dump_of_a_dead_tick_goes_to_the_key_it_was_meant_for(
    uploads: Workplace, store: Store, made_bucket: str
) -> None:
    """Also past midnight, and although another number is free: a late request may still arrive."""
    key = "2020-02-29/datadump4.sql"
    write_dump(uploads, b"dump", note(made_bucket, key))
    assert uploads.tick().returncode == 0
    assert store.objects(made_bucket) == {key: b"dump"}
    assert store.metadata(made_bucket, key)["dump-id"] == DUMP_ID


@pytest.mark.parametrize("holder", [{"dump-id": "f" * 32}, {}], ids=["another dump", "foreign"])
def test_key_that_another_object_took_is_left_alone(
    uploads: Workplace, store: Store, made_bucket: str, holder: dict[str, str]
) -> None:
    """The dump goes to the next number."""
    key = f"{today()}/datadump1.sql"
    store.put(made_bucket, key, b"theirs", **holder)
    write_dump(uploads, b"ours", note(made_bucket, key))
    assert uploads.tick().returncode == 0
    assert store.objects(made_bucket) == {key: b"theirs", f"{today()}/datadump2.sql": b"ours"}


def test_dump_taken_by_a_dead_tick_is_uploaded(
    uploads: Workplace, store: Store, bucket: str
) -> None:
    """It had no destination yet."""
    write_dump(uploads, b"dump", f".send-to-s3.{DUMP_ID}.datadump.sql.zst")
    assert uploads.tick().returncode == 0
    assert store.objects(bucket) == {f"{today()}/datadump1.sql.zst": b"dump"}
    assert store.metadata(bucket, f"{today()}/datadump1.sql.zst")["dump-id"] == DUMP_ID


def test_number_that_a_failed_dump_is_noted_for_is_not_given_again(
    uploads: Workplace, store: Store, proxy: Proxy, made_bucket: str
) -> None:
    """Nor with another suffix: its object may still arrive."""
    write_dump(uploads, b"first", mtime=1000)
    write_dump(uploads, b"second", "datadump.sql.zst", mtime=2000)
    proxy.choose = lambda request: 403 if request.path.endswith("datadump1.sql") else None
    assert uploads.tick().returncode == 1
    assert store.objects(made_bucket) == {f"{today()}/datadump2.sql.zst": b"second"}
    proxy.choose = lambda request: None
    assert uploads.tick().returncode == 0
    assert store.objects(made_bucket)[f"{today()}/datadump1.sql"] == b"first"


def test_newer_dump_does_not_disturb_the_one_on_its_way(
    uploads: Workplace, store: Store, made_bucket: str
) -> None:
    """Both arrive, the older one first."""
    write_dump(uploads, b"older", note(made_bucket, f"{today()}/datadump1.sql"), mtime=2000)
    write_dump(uploads, b"newer", mtime=1000)
    assert uploads.tick().returncode == 0
    assert store.objects(made_bucket) == {
        f"{today()}/datadump1.sql": b"older",
        f"{today()}/datadump2.sql": b"newer",
    }


def test_bucket_that_vanished_since_the_note_is_made_again(
    uploads: Workplace, store: Store, bucket: str
) -> None:
    """No request can arrive in a bucket that isn't there."""
    write_dump(uploads, b"dump", note(bucket, "2020-02-29/datadump4.sql"))
    assert uploads.tick().returncode == 0
    assert store.objects(bucket) == {f"{today()}/datadump1.sql": b"dump"}


def test_note_of_another_bucket_sends_nothing_there(
    uploads: Workplace, store: Store, proxy: Proxy, made_bucket: str
) -> None:
    """Whoever made it; not even a question, which its owner could answer. Other dumps go on."""
    other, key = f"{made_bucket}-other", "2020-02-29/datadump4.sql"
    put_object_of(store, made_other(store, other), key, dump=b"noted", body=b"noted")
    noted = note(other, key)
    write_dump(uploads, b"noted", noted, mtime=1000)
    write_dump(uploads, b"waiting", "datadump.sql.gz", mtime=2000)
    assert uploads.tick().returncode == 1
    assert [request.path for request in proxy.requests if other in request.path] == []
    assert uploads.files() == {noted: b"noted", "datadump.sql": b"noted"}
    assert store.objects(made_bucket) == {f"{today()}/datadump1.sql.gz": b"waiting"}
    assert uploads.messages() == [
        f"datadump.sql is noted for the bucket '{other}', and the settings name '{made_bucket}': "
        "nothing is sent; set that bucket again until the dump has arrived there, "
        f"or rename {noted} to .send-to-s3.{DUMP_ID}.datadump.sql",
        UPLOADED,
    ]


def made_other(store: Store, bucket: str) -> str:
    store.client().create_bucket(Bucket=bucket)
    return bucket


@pytest.mark.parametrize("remedy", ["set back", "renamed"])
def test_dump_that_is_noted_for_another_bucket_goes_by_either_remedy(
    uploads: Workplace, store: Store, made_bucket: str, remedy: str
) -> None:
    """To the bucket and key of its note, or to the next key of this one."""
    other, key = made_other(store, f"{made_bucket}-other"), "2020-02-29/datadump4.sql"
    noted = note(other, key)
    write_dump(uploads, b"dump", noted)
    assert uploads.tick().returncode == 1
    if remedy == "set back":
        bad_credentials(uploads, *store.admin, other)
    else:
        (uploads.dumps / noted).rename(uploads.dumps / f".send-to-s3.{DUMP_ID}.datadump.sql")
    assert uploads.tick().returncode == 0
    assert uploads.files() == {}
    theirs, ours = {key: b"dump"}, {f"{today()}/datadump1.sql": b"dump"}
    expected = (theirs, {}) if remedy == "set back" else ({}, ours)
    assert (store.objects(other), store.objects(made_bucket)) == expected


def test_bucket_that_was_about_to_be_made_is_given_up_with_the_setting(
    uploads: Workplace, store: Store, proxy: Proxy, made_bucket: str
) -> None:
    """The dump had no key there."""
    write_dump(uploads, b"dump", note("never-made", "datadump.sql"))
    assert uploads.tick().returncode == 0
    assert store.objects(made_bucket) == {f"{today()}/datadump1.sql": b"dump"}
    assert [request.path for request in proxy.requests if "never-made" in request.path] == []


def test_note_outlives_a_change_of_the_prefix(
    uploads: Workplace, store: Store, made_bucket: str
) -> None:
    """A late request may still arrive at the old one."""
    key = "hosts/one/2020-02-29/datadump4.sql"
    write_dump(uploads, b"dump", note(made_bucket, key))
    assert uploads.tick(S3_PREFIX="hosts/two").returncode == 0
    assert store.objects(made_bucket) == {key: b"dump"}


@pytest.mark.parametrize(
    "key", ["../2020-02-29/datadump4.sql", "proofs/datadump4.sql", "2020-02-30/datadump4.sql"]
)
def test_note_of_a_key_that_no_dump_has_sends_nothing(
    uploads: Workplace, store: Store, proxy: Proxy, made_bucket: str, key: str
) -> None:
    """It isn't an uploader's; the dump stays, and one line says how it goes on."""
    noted = note(made_bucket, key)
    write_dump(uploads, b"dump", noted)
    assert uploads.tick().returncode == 1
    assert (proxy.requests, store.objects(made_bucket)) == ([], {})
    assert uploads.files() == {noted: b"dump", "datadump.sql": b"dump"}
    assert uploads.messages() == [
        f"datadump.sql is noted for '{key}', which is no dump's key: nothing is sent; "
        f"rename {noted} to .send-to-s3.{DUMP_ID}.datadump.sql"
    ]


MOMENTS: dict[str, Callable[[Workplace, Store, str], bool]] = {
    "taken": lambda uploads, store, bucket: "datadump.sql" not in uploads.files(),
    "destined": lambda uploads, store, bucket: any("%2F" in name for name in uploads.files()),
    "parts under way": lambda uploads, store, bucket: bool(
        store.client().list_multipart_uploads(Bucket=bucket).get("Uploads")
    ),
    "arrived": lambda uploads, store, bucket: bool(store.objects(bucket)),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_tick_is_made_good_by_the_next(
    uploads: Workplace, store: Store, made_bucket: str, moment: str
) -> None:
    """Once in the bucket, byte for byte, and gone from the folder."""
    content = os.urandom(1024) * 1024 * 40
    write_dump(uploads, content)
    process = uploads.start_tick()
    wait_for(moment, lambda: MOMENTS[moment](uploads, store, made_bucket))
    process.kill()
    process.wait()
    assert uploads.tick().returncode == 0
    assert uploads.files() == {}
    assert store.objects(made_bucket) == {f"{today()}/datadump1.sql": content}
