"""A restore that is killed amid its exchange: nothing is lost, all say so, one command mends it."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from support.mariadb import Server, contents, quoted, running_server
from support.programs import Workplace, today
from support.restoring import back_up, make_restorer, workplace
from support.shop import DATABASE, ODDITIES, make_account, rights
from support.store import Store
from support.waiting import wait_for

ROUNDS, ROUNDS_OF_TABLES = 50, 20
POLL = 0.005  # seconds; an exchange takes some tenths of one
TABLES = [f"t{n}" for n in range(10)]
MORE = "".join(
    f"CREATE TABLE t{n} (id INT PRIMARY KEY, v INT);\nINSERT INTO t{n} VALUES ({n}, 1);\n"
    f"CREATE TRIGGER b{n} BEFORE UPDATE ON t{n} FOR EACH ROW SET NEW.v = NEW.v + {n};\n"
    f"CREATE VIEW v{n} AS SELECT * FROM t{n};\n"
    f"CREATE EVENT e{n} ON SCHEDULE EVERY 1 YEAR DO SET @x = {n};\n"
    for n in range(10)
)
CHANGES = "UPDATE t1 SET v = 7;\nDROP VIEW v2;\nDROP TRIGGER b3;\nCREATE TABLE newer (id INT);\n"


@pytest.fixture(scope="session")
def store(stores: Callable[[str], Store]) -> Store:
    return stores("seaweedfs-http")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("exchange")) as server:
        server.load((ODDITIES + MORE).encode(), DATABASE)
        make_account(server, rights(server))
        make_restorer(server, DATABASE)
        yield server


@pytest.fixture
def work(tmp_path: Path, server: Server, store: Store, bucket: str) -> Iterator[Workplace]:
    """A backup is in the bucket, and the database has changed since."""
    work = workplace(tmp_path / "work", server, store, bucket)
    back_up(work)
    server.run(CHANGES.encode(), DATABASE)
    yield work
    clear(server)
    server.load((ODDITIES + MORE).encode(), DATABASE)


def beside(server: Server) -> list[str]:
    found = [str(name) for (name,) in server.query("SHOW DATABASES")]
    return [name for name in found if name.startswith(f"{DATABASE}_")]


def clear(server: Server) -> None:
    for name in beside(server):
        server.query(f"DROP DATABASE {quoted(name)}")


def lasted(work: Workplace, *words: str) -> float:
    """How long the exchange of that command takes, from its first line in the log to its last."""
    process = work.start_restore(*words)
    begun = wait_for_line(work, "exchange begun: ")
    ended = wait_for_line(work, "exchange ended: ")
    process.communicate(timeout=120)
    assert process.returncode == 0, work.messages()
    return ended - begun


def wait_for_line(work: Workplace, start: str) -> float:
    """The moment when a new line of the log began so."""
    count = sum(line.startswith(start) for line in work.messages())
    wait_for(
        start,
        lambda: sum(line.startswith(start) for line in work.messages()) > count,
        seconds=60,
        poll=POLL,
    )
    return time.monotonic()


def kill_amid(work: Workplace, words: list[str], seconds: float) -> bool:
    """Kill that command so long after its exchange began; whether it was still at work."""
    process = work.start_restore(*words)
    begun = wait_for_line(work, "exchange begun: ")
    wait_for("the moment", lambda: time.monotonic() - begun >= seconds, seconds + 30, poll=POLL)
    kill_tree(process)
    process.communicate(timeout=60)
    return process.returncode == -signal.SIGKILL


def adapted(seconds: float, was_at_work: bool) -> float:
    """The span of the next kill: a machine that got quicker, or slower, is followed."""
    return seconds * (1.1 if was_at_work else 0.8)


def kill_tree(process: subprocess.Popen[str]) -> None:
    """It and the clients that it has started, as the end of a container does."""
    listed = subprocess.run(
        ["ps", "-eo", "pid=,ppid="], stdout=subprocess.PIPE, text=True, check=True
    )
    children = [int(pid) for pid, parent in map(str.split, listed.stdout.splitlines())
                if int(parent) == process.pid]  # fmt: skip
    process.kill()
    for pid in children:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def test_exchange_killed_at_any_moment_is_told_and_mended(work: Workplace, server: Server) -> None:
    """By undo all is as before; by the same restore as in the backup, and undo goes back as well.

    The listing says that it was cut, and so does a restore of anything else.
    """
    before = contents(server, DATABASE)
    back_up_of_changes = f"{today()}/datadump2.sql"
    back_up(work)
    restore = [f"{today()}/datadump1.sql", "--overwrite"]
    seconds = lasted(work, *restore)
    restored = contents(server, DATABASE)
    assert work.restore("--undo").returncode == 0
    clear(server)
    chance, cut = random.Random("exchange"), 0
    for number in range(ROUNDS):
        is_undo, mends_by_undo = number % 4 == 3, number % 2 == 0
        words = restore
        if is_undo:
            assert work.restore(*restore).returncode == 0
            words = ["--undo"]
        was_at_work = kill_amid(work, words, chance.uniform(0, seconds))
        seconds = adapted(seconds, was_at_work)
        if not was_at_work or not is_told(work):
            assert contents(server, DATABASE) in (before, restored)
        else:
            cut += 1
            other = work.restore(back_up_of_changes, "--overwrite")
            assert other.returncode == 1
            assert " was cut: shop " in work.messages()[-1]
            mended = work.restore(*(["--undo"] if mends_by_undo or is_undo else restore))
            assert mended.returncode == 0, work.messages()
            assert not is_told(work)
            assert contents(server, DATABASE) == (before if mends_by_undo or is_undo else restored)
        if contents(server, DATABASE) == restored:
            (kept,) = [name for name in beside(server) if "_before_" in name]
            assert work.restore("--undo", kept).returncode == 0, work.messages()
        assert contents(server, DATABASE) == before
        assert ended(work)
        clear(server)
    assert cut > ROUNDS / 3, "most kills came too late"


def test_exchange_of_tables_killed_at_any_moment_is_told_and_mended(
    work: Workplace, server: Server
) -> None:
    """As that of all; the foreign keys between them and others are as they were."""
    before = contents(server, DATABASE)
    words = [word for table in ("child", *TABLES) for word in ("--table", table)]
    restore = [f"{today()}/datadump1.sql", *words, "--overwrite"]
    seconds = lasted(work, *restore)
    restored = contents(server, DATABASE)
    assert work.restore("--undo").returncode == 0
    assert contents(server, DATABASE) == before
    chance, cut = random.Random("tables"), 0
    for number in range(ROUNDS_OF_TABLES):
        was_at_work = kill_amid(work, restore, chance.uniform(0, seconds))
        seconds = adapted(seconds, was_at_work)
        if was_at_work and is_told(work):
            cut += 1
            mended = work.restore(*(restore if number % 2 else ["--undo"]))
            assert mended.returncode == 0, work.messages()
            assert not is_told(work)
            assert contents(server, DATABASE) == (restored if number % 2 else before)
        if contents(server, DATABASE) == restored:
            assert work.restore("--undo").returncode == 0, work.messages()
        assert contents(server, DATABASE) == before
        assert ended(work)
        clear(server)
    assert cut > ROUNDS_OF_TABLES / 4, "most kills came too late"


def is_told(work: Workplace) -> bool:
    result = work.restore("--list")
    assert result.returncode == 0
    return "warning: the exchange of " in result.stderr


def ended(work: Workplace) -> bool:
    """Whether the log, and so the watch, has an end for each exchange that was begun."""
    begun = {line.partition(": ")[2] for line in work.messages() if "exchange begun" in line}
    return begun <= {
        line.partition(": ")[2] for line in work.messages() if "exchange ended" in line
    }


def in_use(server: Server) -> closing[Any]:
    """A connection that holds a table until it is closed."""
    connection = server.connect(DATABASE)
    connection.autocommit(False)
    connection.cursor().execute("SELECT * FROM parent")
    return closing(connection)


def test_table_in_use_costs_no_second_load(work: Workplace, server: Server) -> None:
    """The database is as it was, and the same restore goes on from what was loaded.

    It is of that backup alone: another one is loaded for itself, and names the first.
    """
    before = contents(server, DATABASE)
    with in_use(server):
        assert work.restore("latest", "--overwrite").returncode == 1
    message, (waiting,) = work.messages()[-1], beside(server)
    assert re.fullmatch(
        r"restore failed: ERROR 1205: Lock wait timeout exceeded; try restarting transaction; "
        r"in use by connection \d+ of root@localhost, for \d+ seconds; "
        rf"{DATABASE} is as it was; what is to come is in {waiting}: .*",
        message,
    )
    assert contents(server, DATABASE) == before
    back_up(work)
    result = work.restore("latest", "--overwrite")
    assert (result.returncode, contents(server, DATABASE)) == (0, before)
    key = f"{today()}/datadump1.sql"
    assert f"beside it: {waiting} ({key}, loaded and not in use" in result.stdout
    result = work.restore(key, "--overwrite")
    assert result.returncode == 0, work.messages()
    assert f"{waiting} has it already: nothing is loaded again" in result.stdout
    assert waiting not in beside(server)
    assert not server.query("SHOW TABLES LIKE 'newer'", DATABASE)


def test_undo_waits_for_a_table_in_use_and_changes_nothing(work: Workplace, server: Server) -> None:
    """Then the same word goes on."""
    before = contents(server, DATABASE)
    assert work.restore("latest", "--overwrite").returncode == 0
    restored = contents(server, DATABASE)
    with in_use(server):
        assert work.restore("--undo").returncode == 1
    assert f"; {DATABASE} is as it was; what is to come is in " in work.messages()[-1]
    assert contents(server, DATABASE) == restored
    assert work.restore("--undo").returncode == 0
    assert contents(server, DATABASE) == before
