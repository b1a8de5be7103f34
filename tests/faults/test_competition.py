"""Several uploaders in one bucket: the store decides who has a key."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from datadump.s3.multipart import LARGEST_PUT
from support.programs import Workplace, today
from support.proxy import LISTINGS, PAGE, Fault, Proxy, Request
from support.store import Store

UPLOADED = "file successfully uploaded"


@pytest.mark.parametrize("size", [1000, 2 * LARGEST_PUT], ids=["one request", "parts"])
def test_key_taken_at_the_last_moment_is_left_alone(
    uploads: Workplace, store: Store, proxy: Proxy, bucket: str, size: int
) -> None:
    """Between the listing and the upload somebody else was faster: 412 means the next number."""
    content = os.urandom(size)
    (uploads.dumps / "datadump.sql").write_bytes(content)
    taken: list[str] = []

    def choose(request: Request) -> Fault:
        if (request.is_object_put or request.completes) and not taken:
            taken.append(request.path.split("?")[0].removeprefix(f"/{bucket}/"))
            store.put(bucket, taken[0], b"theirs")
        return None

    proxy.choose = choose
    result = uploads.tick()
    assert (result.returncode, uploads.messages()) == (0, [UPLOADED])
    (key,) = taken
    mine = key.replace("datadump1", "datadump2")
    assert store.objects(bucket) == {key: b"theirs", mine: content}
    assert store.client().list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []


@pytest.mark.parametrize("size", [1000, 2 * LARGEST_PUT], ids=["one request", "parts"])
@pytest.mark.parametrize("refusal", [400, 405, 412, 501])
def test_store_that_refuses_the_condition_is_asked_for_the_key_before(
    uploads: Workplace, store: Store, proxy: Proxy, bucket: str, size: int, refusal: int
) -> None:
    """For keys that are free, too. What is there is left alone, and a person is told, once."""
    content = os.urandom(size)
    (uploads.dumps / "datadump.sql").write_bytes(content)
    taken: list[str] = []

    def choose(request: Request) -> Fault:
        if "if-none-match" not in request.headers:
            return None
        if not taken:
            taken.append(request.path.split("?")[0].removeprefix(f"/{bucket}/"))
            store.put(bucket, taken[0], b"theirs")
        return refusal

    proxy.choose = choose
    result = uploads.tick()
    assert (result.returncode, uploads.messages()) == (0, [UPLOADED])
    (key,) = taken
    mine = key.replace("datadump1", "datadump2")
    assert store.objects(bucket) == {key: b"theirs", mine: content}
    assert result.stdout.count("doesn't know If-None-Match") == 1


def test_refusal_of_an_upload_is_not_taken_for_one_of_the_condition(
    uploads: Workplace, proxy: Proxy
) -> None:
    """A store that doesn't know boto3's checksums refuses it without the condition, too."""
    (uploads.dumps / "datadump.sql").write_bytes(b"dump")
    proxy.choose = lambda request: 501 if request.is_object_put else None
    result = uploads.tick()
    assert result.returncode == 1
    assert "If-None-Match" not in result.stdout + result.stderr
    (message,) = uploads.messages()
    assert message.endswith("AWS_REQUEST_CHECKSUM_CALCULATION=when_required")


def test_key_taken_while_the_parts_go_up_is_seen_before_they_become_an_object(
    uploads: Workplace, store: Store, proxy: Proxy, bucket: str
) -> None:
    """A store that ignores the condition would overwrite what came there in these hours."""
    (uploads.dumps / "datadump.sql").write_bytes(os.urandom(2 * LARGEST_PUT))
    taken: list[str] = []

    def choose(request: Request) -> Fault:
        if request.is_part and not taken:
            taken.append(request.path.split("?")[0].removeprefix(f"/{bucket}/"))
            store.put(bucket, taken[0], b"theirs")
        return None

    proxy.choose = choose
    assert uploads.tick().returncode == 0
    assert store.objects(bucket)[taken[0]] == b"theirs"
    assert [r for r in proxy.requests if r.completes and taken[0] in r.path] == []


@pytest.fixture
def thirty(store: Store, bucket: str) -> dict[str, bytes]:
    """What is in the bucket under today's keys."""
    store.client().create_bucket(Bucket=bucket)
    objects = {f"{today()}/datadump{n}.sql": b"theirs %d" % n for n in range(1, 31)}
    for key, body in objects.items():
        store.put(bucket, key, body)
    return objects


@pytest.mark.parametrize(
    ("fault", "size", "ignores_conditions"),
    [
        *((fault, 1000, True) for fault in LISTINGS),
        pytest.param("nothing listed", 1000, False, id="the condition enforced"),
        pytest.param("nothing listed", 2 * LARGEST_PUT, True, id="parts"),
    ],
)
def test_listing_that_shows_nothing_gives_no_taken_number_twice(
    uploads: Workplace, store: Store, proxy: Proxy, bucket: str, thirty: dict[str, bytes],
    fault: Fault, size: int, ignores_conditions: bool,
) -> None:  # fmt: skip
    """Nor where the store would overwrite. It takes seconds, and no number is left out."""
    content = os.urandom(size)
    (uploads.dumps / "datadump.sql").write_bytes(content)
    proxy.ignores_conditions = ignores_conditions
    proxy.choose = lambda request: fault if request.lists_objects else None
    start = time.monotonic()
    result = uploads.tick()
    assert (result.returncode, uploads.messages()) == (0, [UPLOADED])
    assert time.monotonic() - start < 20
    mine = f"{today()}/datadump31.sql"
    assert store.objects(bucket) == {**thirty, mine: content}
    assert f"listing lacks {today()}/datadump1.sql, which is there" in result.stderr
    assert [r for r in proxy.requests if r.is_part and f"/{mine}?" not in r.path] == []
    assert len([r for r in proxy.requests if r.method == "HEAD"]) < 20


def test_page_is_no_listing(
    uploads: Workplace, store: Store, proxy: Proxy, bucket: str, thirty: dict[str, bytes]
) -> None:
    """Of a login, say, with status 200: nothing is sent, and the log says where to look."""
    (uploads.dumps / "datadump.sql").write_bytes(b"dump")
    proxy.choose = lambda request: PAGE if request.lists_objects else None
    assert uploads.tick().returncode == 1
    (line,) = uploads.messages()
    assert "AWS_ENDPOINT_URL_S3" in line
    assert store.objects(bucket) == thirty
    assert list(uploads.files()) == ["datadump.sql"]


def test_many_uploaders_of_small_dumps_lose_none(
    uploads: Workplace, store: Store, bucket: str, tmp_path: Path
) -> None:
    """Six at once, without a prefix of their own: as many objects as dumps."""
    store.client().create_bucket(Bucket=bucket)
    hosts = [Workplace(tmp_path / f"host{n}", uploads.settings) for n in range(6)]
    for number, host in enumerate(hosts):
        (host.dumps / "datadump.sql").write_bytes(b"dump of host %d" % number)
    processes = [host.start_tick() for host in hosts]
    assert [process.wait(60) for process in processes] == [0] * len(hosts)
    objects = store.objects(bucket)
    assert sorted(objects.values()) == [b"dump of host %d" % n for n in range(6)]
    numbers = sorted(int(key.split("/datadump")[1].split(".")[0]) for key in objects)
    assert numbers == [1, 2, 3, 4, 5, 6]
