"""The uploader at midnight, at a change of summer time, and after its clock was set back.

Against ministack, which lives by the same clock: a signature is only good for some minutes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.clock import Clock, running_clock
from support.programs import Workplace
from support.proxy import Proxy, Request, running_proxy
from support.store import Store, running_ministack, uploader_workplace
from support.waiting import wait_for

MEBIBYTE = 1024 * 1024
UPLOADED = "file successfully uploaded"
BUCKET = "clock"
SEVERAL_PARTS = 40 * MEBIBYTE
BEFORE_MIDNIGHT = datetime(2026, 3, 10, 23, 59, 57, tzinfo=UTC)
AFTER_MIDNIGHT = datetime(2026, 3, 11, 0, 0, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clock]:
    """Every test sets it."""
    with running_clock(tmp_path_factory.mktemp("clock"), BEFORE_MIDNIGHT) as clock:
        yield clock


@pytest.fixture(scope="module")
def store(clock: Clock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A server that lives by the clock."""
    folder = tmp_path_factory.mktemp("ministack") / "server"
    with running_ministack(folder, environment=clock.environment) as store:
        yield store


@pytest.fixture
def proxy(store: Store) -> Iterator[Proxy]:
    """The way to the server."""
    with running_proxy(store) as proxy:
        yield proxy


@pytest.fixture
def uploads(tmp_path: Path, store: Store, clock: Clock, proxy: Proxy, bucket: str) -> Workplace:
    """An uploader that lives by the clock; its bucket is there, since making it takes a pause."""
    clock.set(datetime.now(UTC))
    store.client().create_bucket(Bucket=bucket)
    uploads = uploader_workplace(tmp_path / "work", store, bucket)
    uploads.settings |= {"AWS_ENDPOINT_URL_S3": proxy.url, "TZ": "Etc/UTC", **clock.environment}
    return uploads


def write_dump(uploads: Workplace, content: bytes) -> None:
    (uploads.dumps / "datadump.sql").write_bytes(content)


def objects(store: Store, clock: Clock, bucket: str) -> dict[str, bytes]:
    """What is in the bucket; this test's own requests are signed by the real clock."""
    clock.set(datetime.now(UTC))
    return store.objects(bucket)


def kill_among_the_parts(uploads: Workplace, proxy: Proxy) -> None:
    """A tick that dies with parts in the bucket and no object."""
    proxy.choose = lambda request: "slow" if request.is_part else None
    process = uploads.start_tick()
    wait_for("a part goes up", lambda: any(request.is_part for request in proxy.requests))
    process.kill()
    process.wait()
    proxy.choose = lambda request: None


def test_upload_across_midnight_has_one_key_and_a_line_of_the_day_it_ended(
    uploads: Workplace, store: Store, clock: Clock, proxy: Proxy, bucket: str
) -> None:
    """The key is of the day when the upload began."""
    clock.set(BEFORE_MIDNIGHT)
    write_dump(uploads, b"dump")

    def choose(request: Request) -> None:
        if request.is_object_put:
            clock.set(AFTER_MIDNIGHT)

    proxy.choose = choose
    result = uploads.tick()
    assert result.returncode == 0, result.stdout
    assert uploads.messages() == [UPLOADED]
    assert [log.name for log in uploads.logs.iterdir()] == ["2026-03-11.txt"]
    assert "2026-03-11,00:00:0" in result.stdout
    assert objects(store, clock, bucket) == {"2026-03-10/datadump1.sql": b"dump"}


def test_upload_killed_before_midnight_is_finished_at_its_key_after_it(
    uploads: Workplace, store: Store, clock: Clock, proxy: Proxy, bucket: str
) -> None:
    """And the next dump is the first of its own day."""
    clock.set(BEFORE_MIDNIGHT)
    content = os.urandom(SEVERAL_PARTS)
    write_dump(uploads, content)
    kill_among_the_parts(uploads, proxy)
    clock.set(AFTER_MIDNIGHT)
    write_dump(uploads, b"next")
    assert uploads.tick().returncode == 0
    assert objects(store, clock, bucket) == {
        "2026-03-10/datadump1.sql": content,
        "2026-03-11/datadump1.sql": b"next",
    }


def test_clock_set_back_over_midnight_loses_and_overwrites_nothing(
    uploads: Workplace, store: Store, clock: Clock, proxy: Proxy, bucket: str
) -> None:
    """A day that comes twice goes on numbering; what was under way keeps its key."""
    clock.set(BEFORE_MIDNIGHT)
    write_dump(uploads, b"one")
    assert uploads.tick().returncode == 0
    clock.set(AFTER_MIDNIGHT)
    content = os.urandom(SEVERAL_PARTS)
    write_dump(uploads, content)
    kill_among_the_parts(uploads, proxy)
    clock.set(BEFORE_MIDNIGHT)
    write_dump(uploads, b"two")
    assert uploads.tick().returncode == 0
    assert uploads.messages() == [UPLOADED] * 3
    assert objects(store, clock, bucket) == {
        "2026-03-10/datadump1.sql": b"one",
        "2026-03-10/datadump2.sql": b"two",
        "2026-03-11/datadump1.sql": content,
    }
    assert uploads.files() == {}


@pytest.mark.parametrize(
    ("zone", "instants", "days"),
    [
        # 02:30 twice, and 01:30 to 03:30 within an hour
        ("Europe/Berlin", [(2026, 10, 25, 0, 30), (2026, 10, 25, 1, 30)], ["2026-10-25"] * 2),
        ("Europe/Berlin", [(2026, 3, 29, 0, 30), (2026, 3, 29, 1, 30)], ["2026-03-29"] * 2),
        # a midnight that didn't exist, and an evening that came twice
        (
            "America/Sao_Paulo",
            [(2018, 11, 4, 2, 59), (2018, 11, 4, 3, 0)],
            ["2018-11-03", "2018-11-04"],
        ),
        (
            "America/Sao_Paulo",
            [(2018, 2, 18, 1, 59), (2018, 2, 18, 2, 59), (2018, 2, 18, 3, 1)],
            ["2018-02-17", "2018-02-17", "2018-02-18"],
        ),
    ],
    ids=["hour twice", "hour left out", "midnight left out", "evening twice"],
)
def test_change_of_summer_time_gives_each_dump_its_local_day(
    uploads: Workplace,
    store: Store,
    clock: Clock,
    bucket: str,
    zone: str,
    instants: list[tuple[int, ...]],
    days: list[str],
) -> None:
    """In keys and in the log alike."""
    expected: dict[str, bytes] = {}
    for number, (instant, day) in enumerate(zip(instants, days, strict=True)):
        clock.set(datetime(*instant, tzinfo=UTC))  # type: ignore[arg-type, misc]
        write_dump(uploads, b"dump %d" % number)
        result = uploads.tick(TZ=zone)
        assert result.returncode == 0, result.stdout
        assert result.stdout.startswith(f"{day},")
        expected[f"{day}/datadump{days[: number + 1].count(day)}.sql"] = b"dump %d" % number
    assert uploads.messages() == [UPLOADED] * len(instants)
    assert objects(store, clock, bucket) == expected
