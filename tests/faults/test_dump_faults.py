"""Single faults of the dump side: of the server, the disk, the clock, and kill -9 at any moment."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from support.clock import running_clock
from support.mariadb import Server, running_server
from support.programs import SCRIPTS, Workplace, small_disk
from support.relay import at_query
from support.shop import DATABASE, ODDITIES
from support.waiting import wait_for

COMPLETED = "database dump completed"
BULK = "CREATE TABLE bulk AS SELECT seq, REPEAT(MD5(seq), 10) text FROM seq_1_to_30000;"
FIRST_QUERY = b"SELECT VERSION()"
BEFORE = b"'ROW START'"  # the last query before the dump: its file is there, with nothing in it
MIDDLE = b"FROM `parent`"  # of the dump: bulk and child have passed


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of this file alone, since it is stopped in the middle of its work."""
    with running_server(tmp_path_factory.mktemp("mariadb")) as server:
        server.load((ODDITIES + BULK).encode(), DATABASE)
        server.query("CREATE USER backup@'%' IDENTIFIED BY 'x'")
        server.query("GRANT ALL ON *.* TO backup@'%'")
        yield server


@pytest.fixture
def dumps(tmp_path: Path, server: Server) -> Workplace:
    """Folders and settings for the dump script."""
    (tmp_path / "password").write_text("x")
    settings = {
        "DB_HOST": "127.0.0.1",
        "DB_PORT": str(server.port),
        "DB_NAME": DATABASE,
        "DB_PASSWORD_FILE": str(tmp_path / "password"),
        "DB_TLS": "off",  # no certificate is valid by every clock, and queries can be seen
    }
    return Workplace(tmp_path / "work", settings)


def assert_failed(dumps: Workplace, reason: str) -> None:
    """One line with the reason, and the old dump alone in the folder, as it was."""
    assert dumps.files() == {"datadump.sql": b"old"}
    (message,) = dumps.messages()
    assert message.startswith("database dump failed: ")
    assert reason in message


@pytest.mark.parametrize("query", [FIRST_QUERY, MIDDLE], ids=["first query", "middle"])
def test_server_that_hangs_fails_the_dump(dumps: Workplace, server: Server, query: bytes) -> None:
    """Its kernel still answers, as far as TCP goes."""
    (dumps.dumps / "datadump.sql").write_text("old")
    hang = partial(server.process.send_signal, signal.SIGSTOP)
    with at_query(server.port, query, hang) as port:
        process = dumps.start_dump(DB_PORT=port, DB_SILENCE_LIMIT="2")
        try:
            assert process.wait(20) == 1
        finally:
            server.process.send_signal(signal.SIGCONT)
    assert_failed(dumps, "the server sent nothing for 2 seconds (DB_SILENCE_LIMIT)")


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_slow_dump_is_not_taken_for_a_silent_one(
    dumps: Workplace, tmp_path: Path, compression: str
) -> None:
    """Time doesn't count, silence does; what a compressor keeps back is no silence."""
    (tmp_path / "bin").mkdir()
    slow = tmp_path / "bin" / "mariadb-dump"
    lines = "for n in {1..16}; do echo \"-- $n\"; sleep 0.25; done; echo '-- Dump completed'"
    slow.write_text(f"#!/bin/bash\n{lines}\n")
    slow.chmod(0o755)
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    dumps.dump(PATH=path, DB_SILENCE_LIMIT="1", DUMP_COMPRESSION=compression)
    assert dumps.messages() == [COMPLETED]


def test_slow_row_is_not_taken_for_silence(dumps: Workplace, server: Server) -> None:
    """mariadb-dump prints a row when it has all of it, and no byte before."""
    row = "CREATE TABLE big_row AS SELECT REPEAT('x', 10000000) text"
    server.query(row, DATABASE)
    try:
        with at_query(server.port, b"FROM `big_row`", bytes_a_second=2e6) as port:
            dumps.dump(DB_PORT=port, DB_SILENCE_LIMIT="1")
    finally:
        server.query("DROP TABLE big_row", DATABASE)
    assert dumps.messages() == [COMPLETED]
    assert b"x" * 10000000 in dumps.files()["datadump.sql"]


def remove_partial_dump(dumps: Workplace) -> Path:
    (partial_dump,) = dumps.dumps.glob(".database_dump.*")
    partial_dump.unlink()
    return partial_dump


@pytest.mark.parametrize("compression", ["none", "zstd"])
@pytest.mark.parametrize("query", [BEFORE, MIDDLE], ids=["before", "middle"])
def test_dump_that_is_removed_under_way_fails(
    dumps: Workplace, server: Server, query: bytes, compression: str
) -> None:
    """By a person, or a cleaner of old files: what is left of it is never taken for a dump."""
    old = {f"datadump.sql{'.zst' if compression == 'zstd' else ''}": b"old"}
    for name, content in old.items():
        (dumps.dumps / name).write_bytes(content)
    with at_query(server.port, query, lambda: remove_partial_dump(dumps)) as port:
        assert dumps.dump(DB_PORT=port, DUMP_COMPRESSION=compression).returncode == 1
    assert dumps.files() == old
    assert dumps.messages() == ["database dump failed: the dump in progress was removed"]


def test_file_in_place_of_the_dump_in_progress_is_not_published(
    dumps: Workplace, server: Server
) -> None:
    """Its name alone proves nothing."""
    (dumps.dumps / "datadump.sql").write_text("old")

    def replace() -> None:
        remove_partial_dump(dumps).write_text("another's")

    with at_query(server.port, MIDDLE, replace) as port:
        assert dumps.dump(DB_PORT=port).returncode == 1
    assert_failed(dumps, "the dump in progress was removed")


@pytest.mark.parametrize("compression", ["zstd", "gzip"])
def test_disk_that_a_compressed_dump_fills_fails_it(dumps: Workplace, compression: str) -> None:
    """The compressor is the one that notices."""
    with small_disk(dumps.dumps, "64k"):
        (dumps.dumps / "datadump.sql").write_text("old")
        assert dumps.dump(DUMP_COMPRESSION=compression).returncode == 1
        assert_failed(dumps, "No space left on device")


def body(dump: bytes) -> bytes:
    """All but the date in the last line, without which the dump isn't whole."""
    text, mark, date = dump.rpartition(b"\n-- Dump completed on ")
    assert mark, "partial"
    assert date.endswith(b"\n")
    return text


def in_session(number: int, *what: str) -> bool:
    """Whether pgrep or pkill finds a program that runs there: not a zombie, that is."""
    command = [what[0], "--session", str(number), "--runstates", "D,R,S", *what[1:]]
    return subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode == 0


def kill_at(dumps: Workplace, seconds: float, *, whole: bool) -> None:
    """Start a dump and kill it then: all of its programs, or the script and not what it started."""
    process = subprocess.Popen(
        ["bash", str(SCRIPTS / "database_dump.sh")],
        env=dumps.environment(), stdout=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        if whole:
            in_session(process.pid, "pkill", "--signal", "KILL")
        process.kill()
        process.wait()
    wait_for("its orphans' end", lambda: not in_session(process.pid, "pgrep"))


def waiting(dumps: Workplace) -> list[bytes]:
    """The dumps that wait, each whole, under a finished name or as the uploader's."""
    files = dumps.files().items()
    return [body(dump) for name, dump in files if not name.startswith(".database_dump.")]


def test_dump_that_is_killed_at_any_moment_is_whole_or_not_there(
    dumps: Workplace, server: Server, pytestconfig: pytest.Config
) -> None:
    """The older one is there in any case; the next run sweeps what was left, and makes room."""
    rounds, seed = max(5, pytestconfig.getoption("rounds") // 10), pytestconfig.getoption("seed")
    dumps.settings["KEEP_WAITING"] = "2"
    start = time.monotonic()
    dumps.dump()
    duration = time.monotonic() - start
    finished = dumps.dumps / "datadump.sql"
    for number in range(rounds):
        chance = random.Random(f"{seed} {number}")
        old = body(finished.read_bytes())
        server.query(f"REPLACE INTO parent VALUES (4, 'round {number}')", DATABASE)
        kill_at(dumps, chance.uniform(0, duration * 1.2), whole=chance.random() < 0.5)
        left = waiting(dumps)
        assert old in left, f"round {number} of seed {seed}"
        assert len(left) <= 3
        assert dumps.dump().returncode == 0, dumps.messages()
        assert b"'round %d'" % number in body(finished.read_bytes())
        assert len(waiting(dumps)) == len(dumps.files()) == 2, f"round {number} of seed {seed}"
    for message in dumps.messages():
        assert message == COMPLETED or message.startswith("dump dropped, never uploaded: ")


# What each program is given at a step of a dump's end.
STEPS = {
    "mv": "*/datadump.sql *",  # the waiting one is handed over
    "ln": "*/datadump.sql",  # the new one gets the name
    "rm": "-f -- */.database_dump.??????",  # and loses the other
    "sync": "*/dumps",  # the name is on the disk
    "date": "*+%FT%T*",  # the oldest has made room
}


@pytest.mark.parametrize("program", STEPS)
def test_dump_that_is_killed_at_a_step_of_its_end_loses_none(
    dumps: Workplace, tmp_path: Path, program: str
) -> None:
    """Killed before that step. The next run ends well, and none is there twice."""
    oldest, shown = dumps.dumps / f".send-to-s3.{1:032x}.datadump.sql", dumps.dumps / "datadump.sql"
    oldest.write_text("oldest")
    shown.write_text("shown")
    os.utime(oldest, (1, 1))
    stand_in = tmp_path / "bin" / program
    stand_in.parent.mkdir()
    real = f'exec {shutil.which(program)} "$@"'
    step = f'step="{STEPS[program]}"; [[ "$*" != $step ]] || pkill --signal KILL --session 0'
    stand_in.write_text(f"#!/bin/bash\n{step}\n{real}\n")
    stand_in.chmod(0o755)
    path = f"{stand_in.parent}:{os.environ['PATH']}"
    process = subprocess.run(
        ["bash", str(SCRIPTS / "database_dump.sh")],
        env=dumps.environment(PATH=path, KEEP_WAITING="2"), start_new_session=True, check=False,
    )  # fmt: skip
    assert process.returncode == -signal.SIGKILL
    assert dumps.dump().returncode == 0
    left = list(dumps.files().values())
    kept = [dump for dump in (b"oldest", b"shown") if dump in left]
    assert kept == ([b"shown"] if program == "date" else [b"oldest", b"shown"])
    for dump in kept:
        left.remove(dump)
    assert len({body(dump) for dump in left}) == 1
    assert len(left) == len(set(inodes(dumps))) - len(kept)


def inodes(dumps: Workplace) -> list[int]:
    return [(dumps.dumps / name).stat().st_ino for name in dumps.files()]


def dated(dumps: Workplace) -> list[str]:
    """The lines of all logs, each of which is in the file of its own day."""
    lines = []
    for log in sorted(dumps.logs.iterdir()):
        for line in log.read_text().splitlines():
            assert line.split(",")[0] == log.stem
            lines.append(line)
    return lines


SECOND = timedelta(seconds=1)
CHANGES = {
    "midnight": ("Asia/Tokyo", datetime(2026, 2, 28, 15, 0, tzinfo=UTC), "2026-03-01,00:00:0"),
    "spring": ("Europe/Berlin", datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "2026-03-29,03:00:0"),
    "autumn": ("America/New_York", datetime(2026, 11, 1, 6, 0, tzinfo=UTC), "2026-11-01,01:00:0"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_dump_across_a_change_of_the_local_time(
    dumps: Workplace, server: Server, tmp_path: Path, name: str
) -> None:
    """The line has the moment when the dump ended, the dump the one when its snapshot began."""
    zone, change, logged = CHANGES[name]
    with running_clock(tmp_path, change - 9 * SECOND) as clock:
        before = clock.now()
        with at_query(server.port, MIDDLE, lambda: clock.set(change)) as port:
            dumps.dump(TZ=zone, DB_PORT=port, **clock.environment)
    (line,) = dated(dumps)
    assert line.startswith(logged)
    assert line.endswith(f",{COMPLETED}")
    mtime = (dumps.dumps / "datadump.sql").stat().st_mtime
    assert before <= mtime < change.timestamp()


NOON = datetime(2026, 5, 5, 12, tzinfo=UTC)


def test_dump_is_kept_when_the_clock_is_set_back_under_it(
    dumps: Workplace, server: Server, tmp_path: Path
) -> None:
    """And so is the next one, whose time is earlier."""
    with running_clock(tmp_path, NOON) as clock:
        with at_query(server.port, MIDDLE, lambda: clock.set(NOON - timedelta(days=1))) as port:
            dumps.dump(TZ="UTC", DB_PORT=port, **clock.environment)
        finished = dumps.dumps / "datadump.sql"
        assert finished.stat().st_mtime >= NOON.timestamp()
        assert dumps.dump(TZ="UTC", **clock.environment).stderr == ""
        assert finished.stat().st_mtime < NOON.timestamp()
    assert [line.split(",")[::2] for line in dated(dumps)] == [["2026-05-04", COMPLETED]] * 2


def test_dump_from_before_the_clock_was_set_back_never_wins(
    dumps: Workplace, server: Server, tmp_path: Path
) -> None:
    """Though its time was ahead when the new one began and is past when that ends."""
    finished, taken = dumps.dumps / "datadump.sql", dumps.dumps / ".send-to-s3.taken"
    finished.write_text("older, by a clock that was fast")
    os.utime(finished, (NOON.timestamp(), NOON.timestamp()))

    def much_later() -> None:
        clock.set(NOON + 60 * SECOND)
        finished.rename(taken)  # by an upload that fails
        taken.rename(finished)

    with (
        running_clock(tmp_path, NOON - 60 * SECOND) as clock,
        at_query(server.port, MIDDLE, much_later) as port,
    ):
        assert dumps.dump(TZ="UTC", DB_PORT=port, **clock.environment).stderr == ""
    assert finished.stat().st_mtime < NOON.timestamp()
    assert len(dumps.files()) == 2


def test_dump_of_the_future_never_wins(dumps: Workplace, server: Server) -> None:
    """One that a failed upload gives back while the new one is under way."""
    finished = dumps.dumps / "datadump.sql"

    def give_back() -> None:
        finished.write_text("of tomorrow")
        tomorrow = time.time() + 86400
        os.utime(finished, (tomorrow, tomorrow))

    with at_query(server.port, MIDDLE, give_back) as port:
        assert dumps.dump(DB_PORT=port).stderr == ""
    assert body(finished.read_bytes())
    assert b"of tomorrow" in dumps.files().values()
