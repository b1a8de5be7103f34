"""Single faults, each at the place where it hurts."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest
from datadump.s3.multipart import LARGEST_PUT, PARALLEL_PARTS, part_size, slices
from support.programs import Workplace, small_disk
from support.proxy import Chooser, Fault, Proxy, Request
from support.store import Store
from support.waiting import POLL, wait_for

MEBIBYTE = 1024 * 1024
MOST_MEMORY = 150 * MEBIBYTE
UPLOADED = "file successfully uploaded"


def once(fault: Fault, matches: Chooser) -> Chooser:
    """This fault for the first request that matches, and none after it."""
    left = [fault]

    def choose(request: Request) -> Fault:
        return left.pop() if left and matches(request) else None

    return choose


def always(fault: Fault, matches: Chooser) -> Chooser:
    return lambda request: fault if matches(request) else None


def the_only_object(store: Store, bucket: str) -> bytes:
    """The bytes of the bucket's one object; no multipart upload is open beside it."""
    assert store.client().list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []
    (content,) = store.objects(bucket).values()
    return content


@pytest.mark.parametrize("fault", ["cut", "half", "lost", 500, 503, 409, "aborted"])
@pytest.mark.parametrize("size", [1000, 3 * LARGEST_PUT], ids=["one request", "parts"])
def test_tick_gets_over_a_fault_that_passes(
    uploads: Workplace, store: Store, proxy: Proxy, bucket: str, fault: Fault, size: int
) -> None:
    """Among them the ambiguous one, an answer that is lost: the object is there once."""
    content = os.urandom(size)
    (uploads.dumps / "datadump.sql").write_bytes(content)
    proxy.choose = once(fault, lambda r: r.completes if size > LARGEST_PUT else r.is_object_put)
    result = uploads.tick()
    assert (result.returncode, uploads.messages()) == (0, [UPLOADED])
    assert sum(proxy.faults.values()) == 1
    assert the_only_object(store, bucket) == content
    assert uploads.files() == {}


@pytest.mark.parametrize("fault", ["cut", "lost", 500, 403])
def test_fault_that_stays_leaves_the_dump_to_the_next_tick(
    uploads: Workplace, store: Store, proxy: Proxy, bucket: str, fault: Fault
) -> None:
    """Whether or not the object is there by then."""
    (uploads.dumps / "datadump.sql").write_bytes(b"dump")
    proxy.choose = always(fault, lambda request: request.is_object_put)
    assert uploads.tick().returncode in ((0, 1) if fault == "lost" else (1,))
    proxy.choose = lambda request: None
    assert uploads.tick().returncode == 0
    assert the_only_object(store, bucket) == b"dump"
    assert uploads.files() == {}


def in_turn(faults: list[Fault], matches: Chooser) -> Chooser:
    """These for the first requests that match, and none after them."""
    left = iter(faults)
    return lambda request: next(left, None) if matches(request) else None


def test_dump_whose_answer_was_lost_is_stored_once_though_the_bucket_seems_gone(
    uploads: Workplace, store: Store, proxy: Proxy, bucket: str
) -> None:
    """A store that says so for a while is no reason to go to another key."""
    store.client().create_bucket(Bucket=bucket)
    (uploads.dumps / "datadump.sql").write_bytes(b"dump")
    proxy.choose = in_turn(["lost", *[404] * 5], lambda request: request.is_object_put)
    assert uploads.tick().returncode == 0
    assert the_only_object(store, bucket) == b"dump"


def test_bucket_that_seems_gone_keeps_the_dump_at_its_key(
    uploads: Workplace, store: Store, proxy: Proxy, bucket: str
) -> None:
    """Its listing works, so it is there: a late request may still arrive."""
    store.client().create_bucket(Bucket=bucket)
    (uploads.dumps / "datadump.sql").write_bytes(b"dump")
    proxy.choose = in_turn([404] * 6, lambda request: request.is_object_put)
    assert uploads.tick().returncode == 0
    assert the_only_object(store, bucket) == b"dump"
    puts = [request.path.split("?")[0] for request in proxy.requests if request.is_object_put]
    assert (len(puts), len(set(puts))) == (7, 1)
    made = [r.path for r in proxy.requests if r.method == "PUT" and not r.is_object_put]
    assert made == []


@pytest.mark.parametrize("slips", [1, 2])
def test_bucket_that_seems_gone_keeps_its_lifecycle_rules(
    uploads: Workplace, store: Store, proxy: Proxy, bucket: str, slips: int
) -> None:
    """Nor does it lose them if the store says twice that there is none."""
    client = store.client()
    client.create_bucket(Bucket=bucket)
    rule = {
        "ID": "theirs",
        "Status": "Enabled",
        "Filter": {"Prefix": "x/"},
        "Expiration": {"Days": 30},
    }
    client.put_bucket_lifecycle_configuration(
        Bucket=bucket,
        LifecycleConfiguration={"Rules": [rule]},  # type: ignore[list-item]
    )
    (uploads.dumps / "datadump.sql").write_bytes(b"dump")
    proxy.choose = in_turn([404] * slips, lambda request: request.lists_objects)
    assert uploads.tick().returncode == 0
    assert the_only_object(store, bucket) == b"dump"
    rules = client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert [rule["ID"] for rule in rules] == ["theirs"]
    asked = [r.path for r in proxy.requests if r.method == "PUT" and not r.is_object_put]
    assert asked == ([] if slips == 1 else [f"/{bucket}"])


@pytest.mark.parametrize("size", [1000, 3 * LARGEST_PUT], ids=["one request", "parts"])
def test_full_disk_stops_no_upload(
    uploads: Workplace, store: Store, proxy: Proxy, bucket: str, size: int
) -> None:
    """Neither one under the dumps, where the note is a name, nor one under the log."""
    content = os.urandom(size)
    with small_disk(uploads.dumps, "64m"), small_disk(uploads.logs, "4k"):
        (uploads.dumps / "datadump.sql").write_bytes(content)
        fill(uploads.dumps)
        fill(uploads.logs)
        proxy.choose = once(
            "lost", lambda r: r.completes if size > LARGEST_PUT else r.is_object_put
        )
        result = uploads.tick()
        assert (result.returncode, result.stdout[20:]) == (0, f"{UPLOADED}\n")
        assert "cannot be written" in result.stderr
        assert list(uploads.files()) == ["full"]
    assert the_only_object(store, bucket) == content


def fill(folder: Path) -> None:
    with (folder / "full").open("wb", 0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4096)


def parts_in_store(store: Store, bucket: str) -> int:
    """How many parts the bucket's one open upload has."""
    client = store.client()
    for upload in client.list_multipart_uploads(Bucket=bucket).get("Uploads", []):
        listed = client.list_parts(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
        return len(listed.get("Parts", []))
    return 0


def kill_at(parts: int, uploads: Workplace, store: Store, proxy: Proxy, bucket: str) -> None:
    """A tick that dies when so many parts are in the store; parts are slow from then on."""
    proxy.choose = always("slow", lambda request: request.is_part)
    process = uploads.start_tick()
    wait_for(f"{parts} parts", lambda: parts_in_store(store, bucket) >= parts, 120)
    process.kill()
    process.communicate()


def peak_memory(process: subprocess.Popen[str]) -> int:
    """In bytes, of a process that is waited for here."""
    peak = 0
    while process.poll() is None:
        status = Path(f"/proc/{process.pid}/status").read_text()
        peak = max([peak, *map(int, re.findall(r"VmHWM:\s+(\d+) kB", status))])
        time.sleep(POLL)
    return peak * 1024


def test_killed_upload_goes_on_with_the_parts_that_are_there(
    uploads: Workplace,
    store: Store,
    proxy: Proxy,
    bucket: str,
    pytestconfig: pytest.Config,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """At most a part for each of the four connections is sent again, and memory is bounded."""
    store.client().create_bucket(Bucket=bucket)
    kills = pytestconfig.getoption("kills")
    content = os.urandom(pytestconfig.getoption("mebibytes") * MEBIBYTE)
    (uploads.dumps / "datadump.sql").write_bytes(content)
    for kill in range(1, kills + 1):
        parts = kill * len(slices("", len(content))) // (kills + 1)
        kill_at(parts, uploads, store, proxy, bucket)
    process = uploads.start_tick()
    memory = peak_memory(process)
    assert process.returncode == 0
    again = proxy.part_bytes - len(content)
    with capsys.disabled():
        print(
            f"\n{len(content) // MEBIBYTE} MiB, killed {kills} times: {again / len(content):.2%} "
            f"sent again, peak memory {memory // MEBIBYTE} MiB"
        )
    assert the_only_object(store, bucket) == content
    assert again <= kills * PARALLEL_PARTS * part_size(len(content))
    assert memory < MOST_MEMORY


def test_parts_of_other_bytes_are_sent_again(
    uploads: Workplace, store: Store, proxy: Proxy, bucket: str
) -> None:
    """The dump was written to between the ticks: nothing of the old one is in the object."""
    store.client().create_bucket(Bucket=bucket)
    (uploads.dumps / "datadump.sql").write_bytes(os.urandom(MEBIBYTE) * 80)
    kill_at(2, uploads, store, proxy, bucket)
    (taken,) = uploads.files()
    content = os.urandom(MEBIBYTE) * 80
    (uploads.dumps / taken).write_bytes(content)
    assert uploads.tick().returncode == 0
    assert the_only_object(store, bucket) == content


def test_upload_that_vanished_in_the_store_starts_again(
    uploads: Workplace, store: Store, proxy: Proxy, bucket: str
) -> None:
    """Somebody aborted it."""
    client = store.client()
    client.create_bucket(Bucket=bucket)
    content = os.urandom(MEBIBYTE) * 80
    (uploads.dumps / "datadump.sql").write_bytes(content)
    kill_at(2, uploads, store, proxy, bucket)
    (upload,) = client.list_multipart_uploads(Bucket=bucket)["Uploads"]
    client.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
    assert uploads.tick().returncode == 0
    assert the_only_object(store, bucket) == content


@pytest.mark.parametrize("taken", [True, False], ids=["key was taken", "dump has arrived"])
def test_upload_that_cannot_be_ended_now_is_ended_by_the_next_tick(
    uploads: Workplace, store: Store, proxy: Proxy, bucket: str, taken: bool
) -> None:
    """The dump's note stays until then, since nobody else knows of the upload."""
    client = store.client()
    client.create_bucket(Bucket=bucket)
    content = os.urandom(3 * LARGEST_PUT)
    (uploads.dumps / "datadump.sql").write_bytes(content)
    theirs: dict[str, bytes] = {}

    def choose(request: Request) -> Fault:
        if request.completes and not theirs and taken:
            key = request.path.split("?")[0].removeprefix(f"/{bucket}/")
            theirs[key] = b"theirs"
            store.put(bucket, key, b"theirs")
        return 409 if request.ends_uploads else None

    proxy.choose = choose
    assert uploads.tick().returncode == 1
    proxy.choose = lambda request: None
    assert uploads.tick().returncode == 0
    assert client.list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []
    found = store.objects(bucket)
    assert theirs.items() <= found.items()
    assert [body for body in found.values() if body != b"theirs"] == [content]
    assert uploads.files() == {}


def test_upload_of_another_at_the_key_is_left_alone(
    uploads: Workplace, store: Store, bucket: str
) -> None:
    """It was there before this dump came."""
    client = store.client()
    client.create_bucket(Bucket=bucket)
    content = os.urandom(MEBIBYTE) * 20
    (uploads.dumps / "datadump.sql").write_bytes(content)
    assert uploads.tick().returncode == 0
    (key,) = store.objects(bucket)
    other = key.replace("datadump1", "datadump2")
    theirs = client.create_multipart_upload(Bucket=bucket, Key=other)["UploadId"]
    wait_for("the second is over", lambda: second_is_over(client, bucket))
    (uploads.dumps / "datadump.sql").write_bytes(content)
    assert uploads.tick().returncode == 0
    uploads_left = client.list_multipart_uploads(Bucket=bucket)["Uploads"]
    assert [upload["UploadId"] for upload in uploads_left] == [theirs]


def second_is_over(client: object, bucket: str) -> bool:
    """Whether the open upload is older than this second, in which notes are dated."""
    from datetime import UTC, datetime

    (upload,) = client.list_multipart_uploads(Bucket=bucket)["Uploads"]  # type: ignore[attr-defined]
    return bool(int(datetime.now(UTC).timestamp()) > int(upload["Initiated"].timestamp()))


def test_dump_that_is_written_to_while_it_goes_up_is_not_removed(
    uploads: Workplace, store: Store, proxy: Proxy, bucket: str
) -> None:
    """Somebody's cp that isn't over: the tail would be lost with the file."""
    begun, tail = os.urandom(20 * MEBIBYTE), os.urandom(MEBIBYTE)
    with (uploads.dumps / "datadump.sql").open("wb", 0) as file:
        file.write(begun)
        left = [tail]

        def choose(request: Request) -> None:
            if request.is_part and left:
                file.write(left.pop())

        proxy.choose = choose
        assert uploads.tick().returncode == 1
    (message,) = uploads.messages()
    assert message.startswith("datadump.sql was written to while it went up")
    assert set(uploads.files().values()) == {begun + tail}
    assert uploads.tick().returncode == 0
    assert list(store.objects(bucket).values()) == [begun, begun + tail]
    assert uploads.files() == {}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_an_upload_at_once(
    uploads: Workplace, store: Store, proxy: Proxy, bucket: str, number: signal.Signals
) -> None:
    """Though its parts hang; the next tick brings the dump home."""
    content = os.urandom(3 * LARGEST_PUT)
    (uploads.dumps / "datadump.sql").write_bytes(content)
    hanging, over = threading.Event(), threading.Event()

    def choose(request: Request) -> Fault:
        if not request.is_part:
            return None
        hanging.set()
        over.wait(60)
        return "cut"

    proxy.choose = choose
    process = uploads.start_tick()
    try:
        wait_for("parts that hang", hanging.is_set)
        process.send_signal(number)
        assert process.wait(5) == -number
    finally:
        over.set()
        process.kill()
        process.communicate()
    assert list(uploads.files().values()) == [content]
    proxy.choose = lambda request: None
    assert uploads.tick().returncode == 0
    assert uploads.files() == {}
    assert the_only_object(store, bucket) == content


@pytest.mark.parametrize("fault", [403, 501, 405])
def test_upload_needs_no_right_to_ask_for_what_is_there(
    uploads: Workplace, store: Store, proxy: Proxy, bucket: str, fault: int
) -> None:
    """Killed among its parts, it goes up anew; a person is told what that may leave behind."""
    client = store.client()
    client.create_bucket(Bucket=bucket)
    content = os.urandom(MEBIBYTE) * 80
    (uploads.dumps / "datadump.sql").write_bytes(content)
    kill_at(2, uploads, store, proxy, bucket)
    proxy.choose = always(fault, lambda request: request.lists_uploads or request.lists_parts)
    result = uploads.tick()
    assert (result.returncode, uploads.files()) == (0, {})
    assert result.stderr.count("multipart uploads may stay open: ") == 1
    assert list(store.objects(bucket).values()) == [content]


@pytest.mark.parametrize("fault", [403, 501])
def test_parts_that_cannot_be_listed_go_up_again(
    uploads: Workplace, store: Store, proxy: Proxy, bucket: str, fault: int
) -> None:
    """Of an upload that was killed; a new one has none, and isn't asked."""
    store.client().create_bucket(Bucket=bucket)
    content = os.urandom(MEBIBYTE) * 80
    (uploads.dumps / "datadump.sql").write_bytes(content)
    kill_at(2, uploads, store, proxy, bucket)
    assert [request for request in proxy.requests if request.lists_parts] == []
    proxy.choose = always(fault, lambda request: request.lists_parts)
    result = uploads.tick()
    assert (result.returncode, uploads.files()) == (0, {})
    assert "all parts go up again: " in result.stderr
    assert the_only_object(store, bucket) == content


def test_store_that_loses_metadata_gets_a_dump_once(
    uploads: Workplace, store: Store, proxy: Proxy, bucket: str
) -> None:
    """Whose the object is can't be known then: the dump stays, and waits for a person."""
    (uploads.dumps / "datadump.sql").write_bytes(b"dump")
    proxy.hidden = {"x-amz-meta-dump-id"}
    for _ in range(3):
        assert uploads.tick().returncode == 1
    assert the_only_object(store, bucket) == b"dump"
    assert set(uploads.files().values()) == {b"dump"}
    said = uploads.messages()
    assert ["holds these bytes without a dump-id" in line for line in said] == [True] * 3


def test_waiting_dump_that_is_removed_keeps_no_other(
    uploads: Workplace, store: Store, proxy: Proxy, bucket: str
) -> None:
    """By a person, while the one before it goes up."""
    for age, suffix in enumerate(("", ".gz", ".zst"), start=1000):
        path = uploads.dumps / f"datadump.sql{suffix}"
        path.write_bytes(b"dump" + suffix.encode())
        os.utime(path, (age, age))

    def choose(request: Request) -> None:
        if request.is_object_put:
            (uploads.dumps / "datadump.sql.gz").unlink(missing_ok=True)

    proxy.choose = choose
    assert uploads.tick().returncode == 0
    assert uploads.messages() == [UPLOADED] * 2
    assert sorted(store.objects(bucket).values()) == [b"dump", b"dump.zst"]


def test_conflict_on_completion_ends_the_upload_before_another_begins(
    uploads: Workplace, store: Store, proxy: Proxy, bucket: str
) -> None:
    """As the store asks: it can't be completed any more."""
    content = os.urandom(2 * LARGEST_PUT)
    (uploads.dumps / "datadump.sql").write_bytes(content)
    proxy.choose = once(409, lambda request: request.completes)
    assert uploads.tick().returncode == 0
    tried = [request.path for request in proxy.requests if request.completes]
    assert len(set(tried)) == 2
    assert the_only_object(store, bucket) == content


def test_tries_are_further_and_further_apart(
    uploads: Workplace, store: Store, proxy: Proxy, bucket: str
) -> None:
    """A store that is busy with the key isn't pressed."""
    (uploads.dumps / "datadump.sql").write_bytes(b"dump")
    moments: list[float] = []

    def choose(request: Request) -> Fault:
        if not request.is_object_put:
            return None
        moments.append(time.monotonic())
        return 409 if len(moments) < 5 else None

    proxy.choose = choose
    assert uploads.tick().returncode == 0
    pauses = [after - before for before, after in pairwise(moments)]
    assert [pause >= least for pause, least in zip(pauses, (0.1, 0.2, 0.4, 0.8), strict=True)] == (
        [True] * 4
    )
    assert the_only_object(store, bucket) == b"dump"
