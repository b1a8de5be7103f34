"""A dump replaces no other: the one that waits is handed over to the uploader, up to a number."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from datadump.dumps.taken import Destination, TakenDump, parse_taken
from support.programs import Workplace, noon_zone, small_disk, stand_in

COMPLETED = "database dump completed"
NAMES = ["datadump.sql", "datadump.sql.zst", "datadump.sql.gz"]
HOUR = 3600


def put(dumps: Workplace, name: str, content: str, hours_ago: int = 1) -> Path:
    file = dumps.dumps / name
    file.write_text(content)
    os.utime(file, (2_000_000_000 - hours_ago * HOUR,) * 2)
    return file


def taken(number: int, name: str = "datadump.sql") -> str:
    return TakenDump(f"{number:032x}", name).name


def noted(number: int) -> str:
    key = Destination("bucket", "shop/2026-11-23/datadump7.sql.zst")
    return TakenDump(f"{number:032x}", "datadump.sql.zst", key, number, number).name


def dropped(hours_ago: int) -> str:
    """The line for it; its time as Python writes it into an object's metadata."""
    moment = datetime.fromtimestamp(2_000_000_000 - hours_ago * HOUR, ZoneInfo(noon_zone()))
    return f"dump dropped, never uploaded: {moment.isoformat(timespec='seconds')}"


@pytest.mark.parametrize("name", NAMES)
def test_waiting_dump_is_handed_over_and_not_replaced(dumps: Workplace, name: str) -> None:
    """Whatever suffix it has; with its time, by which the uploader takes the oldest first."""
    old = put(dumps, name, "old").stat()
    assert dumps.dump().returncode == 0
    (handed_over,) = [file for file in dumps.files() if parse_taken(file)]
    assert set(dumps.files()) == {handed_over, "datadump.sql"}
    dump = parse_taken(handed_over)
    assert dump is not None
    assert (dump.finished_name, dump.destination) == (name, None)
    status = (dumps.dumps / handed_over).stat()
    assert (status.st_ino, status.st_mtime_ns) == (old.st_ino, old.st_mtime_ns)
    assert b"-- Dump completed" in dumps.files()["datadump.sql"]
    assert dumps.messages() == [COMPLETED]


def test_dump_that_the_uploader_gives_back_at_the_last_moment_is_not_replaced(
    dumps: Workplace, tmp_path: Path
) -> None:
    """Between the two steps in which the new one gets its name."""
    once = tmp_path / "once"
    give_back = f"[[ -e {once} ]] || echo back | tee {once} >{dumps.dumps}/datadump.sql"
    result = dumps.dump(PATH=stand_in(tmp_path / "bin", "ln", f'{give_back}; exec "$real" "$@"'))
    assert (result.returncode, result.stderr, dumps.messages()) == (0, "", [COMPLETED])
    assert sorted(dumps.files().values())[1] == b"back\n"
    assert b"-- Dump completed" in dumps.files()["datadump.sql"]


def test_failed_dump_hands_nothing_over_and_drops_nothing(dumps: Workplace) -> None:
    """The folder is as it was."""
    for number in range(3):
        put(dumps, taken(number), "taken", 10)
    put(dumps, "datadump.sql", "old")
    before = dumps.files()
    assert dumps.dump(DB_PORT="1", KEEP_WAITING="1").returncode == 1
    assert dumps.files() == before


def test_oldest_dump_makes_room_when_too_many_wait(dumps: Workplace) -> None:
    """Each with a line, whatever names it has; the new one counts."""
    for number in range(4):
        put(dumps, taken(number), f"taken {number}", 10 + number)
    os.link(dumps.dumps / taken(3), dumps.dumps / taken(30))
    put(dumps, "datadump.sql", "shown")
    assert dumps.dump(KEEP_WAITING="3").returncode == 0
    files = dumps.files()
    assert len(files) == 3
    assert {b"shown", b"taken 0"} < set(files.values())
    assert dumps.messages() == [dropped(13), dropped(12), dropped(11), COMPLETED]


def test_seven_dumps_wait_where_nothing_is_set(dumps: Workplace) -> None:
    """A week of nights."""
    for number in range(8):
        put(dumps, taken(number), "taken", 10 + number)
    dumps.dump()
    assert len(dumps.files()) == 7
    assert dumps.messages() == [dropped(17), dropped(16), COMPLETED]


def test_noted_dump_counts_and_never_makes_room(dumps: Workplace) -> None:
    """It may be in the bucket, or arrive there. A file that shows beside its note is one dump."""
    for number in range(3):
        put(dumps, noted(number), f"noted {number}", 20 + number)
    put(dumps, taken(9), "taken", 5)
    os.link(dumps.dumps / noted(2), dumps.dumps / "datadump.sql")
    assert dumps.dump(KEEP_WAITING="4").returncode == 0
    files = dumps.files()
    assert [f"noted {number}".encode() for number in range(3)] == [
        files[noted(number)] for number in range(3)
    ]
    assert b"taken" not in files.values()
    assert len({(dumps.dumps / file).stat().st_ino for file in files}) == 4
    assert dumps.messages() == [dropped(5), COMPLETED]
    assert dumps.dump(KEEP_WAITING="1").returncode == 0
    assert {noted(number) for number in range(3)} < set(dumps.files())


def test_new_dump_never_makes_room(dumps: Workplace) -> None:
    """Though all others are of the future, by a clock that was fast."""
    put(dumps, taken(1), "of the future", -100000)
    assert dumps.dump(KEEP_WAITING="1").returncode == 0
    assert list(dumps.files()) == ["datadump.sql"]
    assert dumps.messages() == [dropped(-100000), COMPLETED]


def test_dump_is_dropped_whose_time_is_no_date(dumps: Workplace) -> None:
    """Some file systems keep it; the line has the seconds then."""
    with small_disk(dumps.dumps, "10m"):
        os.utime(put(dumps, taken(1), "old"), (-(2**40), -(2**40)))
        assert dumps.dump(KEEP_WAITING="1").returncode == 0
        assert list(dumps.files()) == ["datadump.sql"]
    line = f"dump dropped, never uploaded: {-(2**40)} seconds after 1970"
    assert dumps.messages() == [line, COMPLETED]


def test_files_of_others_neither_count_nor_make_room(dumps: Workplace) -> None:
    """What only looks like a dump of the uploader's."""
    others = [".send-to-s3.lock", ".send-to-s3.0123.datadump.sql", "datadump.sql.bz2", "notes"]
    others += [taken(1) + ".part", taken(2).upper(), noted(3).replace("datadump", "other")]
    for name in others:
        put(dumps, name, name, 50)
    assert dumps.dump(KEEP_WAITING="1").returncode == 0
    assert set(others) < set(os.listdir(dumps.dumps))
    assert dumps.messages() == [COMPLETED]


def make_link(path: Path) -> None:
    path.symlink_to("elsewhere")


@pytest.mark.parametrize("make", [make_link, Path.mkdir, os.mkfifo])
def test_what_is_no_file_under_the_finished_name_fails_the_dump_at_once(
    dumps: Workplace, make: Callable[[Path], None]
) -> None:
    """Before the server is asked; the line names it and says what to do."""
    make(dumps.dumps / "datadump.sql")
    assert dumps.dump(DB_PORT="1").returncode == 1
    (message,) = dumps.messages()
    assert re.search(r"/datadump\.sql is no file, but .*: remove it", message)
    assert set(os.listdir(dumps.dumps)) == {"datadump.sql", ".database_dump_lock"}
