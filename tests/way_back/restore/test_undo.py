"""A restore is taken back, and what was cut goes on: no table, trigger, view or event is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.mariadb import Server, contents, quoted, running_server
from support.programs import Workplace, today
from support.restoring import back_up, make_restorer, workplace
from support.round_trip import DATABASE as EVERYTHING
from support.round_trip import fill, grants
from support.shop import DATABASE, ODDITIES, make_account, rights
from support.store import Store
from support.waiting import next_second

CHANGES = (
    "UPDATE parent SET name = 'newer' WHERE id = 1",
    "DROP VIEW a_view",
    "CREATE TABLE newer (id INT PRIMARY KEY, p INT REFERENCES parent (id))",
    "CREATE TRIGGER newer BEFORE INSERT ON newer FOR EACH ROW SET NEW.id = 1",
    "CREATE VIEW parent_names AS SELECT name FROM parent",
    "CREATE EVENT often ON SCHEDULE EVERY 1 YEAR DO SET @x = 1",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    options = ("--default-time-zone=+05:30", "--character-set-server=utf8mb4")
    with running_server(tmp_path_factory.mktemp("undo"), *options) as server:
        fill(server)
        make_account(server, [*rights(server), *grants(server)])
        make_restorer(server, DATABASE, EVERYTHING)
        yield server


@pytest.fixture
def work(tmp_path: Path, server: Server, store: Store, bucket: str) -> Iterator[Workplace]:
    """A backup is in the bucket, and the database has changed since."""
    server.load(ODDITIES.encode(), DATABASE)
    work = workplace(tmp_path / "work", server, store, bucket)
    back_up(work)
    for change in CHANGES:
        server.query(change, DATABASE)
    yield work
    for name in beside(server, DATABASE):
        server.query(f"DROP DATABASE {quoted(name)}")


def beside(server: Server, database: str) -> list[str]:
    found = [str(name) for (name,) in server.query("SHOW DATABASES")]
    return [name for name in found if name.startswith(f"{database}_")]


def test_overwriting_is_taken_back_by_one_word(work: Workplace, server: Server) -> None:
    """All is again as it was, owners and states of events too; the backup's stays beside it."""
    before = contents(server, DATABASE)
    assert work.restore("latest", "--overwrite").returncode == 0, work.messages()
    restored = contents(server, DATABASE)
    (kept,) = beside(server, DATABASE)
    result = work.restore("--undo")
    assert (result.returncode, result.stderr) == (0, ""), result.stdout
    assert contents(server, DATABASE) == before
    (undone,) = beside(server, DATABASE)
    assert undone.startswith(f"{DATABASE}_undone_")
    events = {"EVENT yearly", "state of events"}  # disabled beside the database in use
    found = contents(server, undone)
    assert {name for name in restored if found.get(name) != restored[name]} == events
    assert work.messages()[-1] == f"restore completed: {kept} into {DATABASE}"
    assert f"beside it: {undone} (" in result.stdout


def test_undo_itself_is_taken_back_by_name(work: Workplace, server: Server) -> None:
    """What it set aside is asked for."""
    assert work.restore("latest", "--overwrite").returncode == 0
    restored = contents(server, DATABASE)
    assert work.restore("--undo").returncode == 0
    nothing = work.restore("--undo")
    (undone,) = beside(server, DATABASE)
    assert nothing.returncode == 1
    assert (
        f"nothing is set aside for {DATABASE}; restore --undo NAME takes one of these: {undone} ("
        in work.messages()[-1]
    )
    assert work.restore("--undo", undone).returncode == 0
    assert contents(server, DATABASE) == restored


def test_undo_where_the_files_are_elsewhere(work: Workplace, server: Server) -> None:
    """Of another machine's scratch folder: all comes back, but events stay disabled."""
    before = contents(server, DATABASE)
    assert work.restore("latest", "--overwrite").returncode == 0
    for path in work.scratch.iterdir():
        path.unlink()
    assert work.restore("--undo").returncode == 0, work.messages()
    found = contents(server, DATABASE)
    assert {name for name in before if found.get(name) != before[name]} == {
        "EVENT yearly", "EVENT often", "state of events",
    }  # fmt: skip


def test_undo_brings_back_all_that_breaks_dumps_elsewhere(work: Workplace, server: Server) -> None:
    fill(server)
    back_up(work, DB_NAME=EVERYTHING)
    before = contents(server, EVERYTHING)
    assert work.restore("latest", "--overwrite", DB_NAME=EVERYTHING).returncode == 0
    result = work.restore("--undo", DB_NAME=EVERYTHING)
    assert result.returncode == 0, result.stdout
    assert contents(server, EVERYTHING) == before
    for name in beside(server, EVERYTHING):
        server.query(f"DROP DATABASE {quoted(name)}")


def test_undo_asks_which_where_there_are_several(work: Workplace, server: Server) -> None:
    """Nobody can tell; nothing begins, and each is shown with what took its place."""
    states = []
    for _ in range(2):
        states.append(contents(server, DATABASE))
        assert work.restore("latest", "--overwrite").returncode == 0
    first, second = beside(server, DATABASE)
    lines = work.messages()
    result = work.restore("--undo")
    assert (result.returncode, result.stdout) == (2, "")
    key = f"{today()}/datadump1.sql"
    told = [line.partition(" (")[0] for line in result.stderr.splitlines()[1:]]
    assert told == [second, first]
    assert result.stderr.count(f", when {key} was restored)") == 2
    assert work.messages() == lines
    assert work.restore("--undo", first).returncode == 0
    assert contents(server, DATABASE) == states[0]
    assert work.restore("--undo", "shop_before_20010101_000000").returncode == 1


def test_undo_brings_a_database_back_that_was_dropped_since(
    work: Workplace, server: Server
) -> None:
    before = contents(server, DATABASE)
    assert work.restore("latest", "--overwrite").returncode == 0
    server.query(f"DROP DATABASE {DATABASE}")
    assert work.restore("--undo").returncode == 0, work.messages()
    assert contents(server, DATABASE) == before


def test_what_earlier_restores_left_in_scratch_is_removed_and_told(
    work: Workplace, server: Server
) -> None:
    """Files of databases that are gone, and cut downloads; what a person may need stays."""
    assert work.restore("latest", "--overwrite").returncode == 0
    (gone,) = beside(server, DATABASE)
    server.query(f"DROP DATABASE {gone}")
    next_second()  # or the next one has its name
    part = work.scratch / f"restore.{'0' * 16}.part"
    part.write_bytes(b"x" * 8192)
    lacks = work.scratch / f"{DATABASE}_lacks_20260101_000000.sql"
    lacks.write_text("-- view v\n")
    result = work.restore("latest", "--overwrite")
    (kept,) = beside(server, DATABASE)
    assert {path.name for path in work.scratch.iterdir()} == {f"{kept}.sql", lacks.name}
    for line in (
        f"{work.scratch}: 1 files of databases that are gone are removed",
        f"{work.scratch}: 8.0 KiB are removed that other commands had fetched",
        f"{work.scratch}: {lacks.name} has what an earlier restore couldn't make",
    ):
        assert line in result.stdout.splitlines()


def test_undo_that_was_cut_is_no_restore_to_go_on_with(work: Workplace, server: Server) -> None:
    """Its tables are the old ones, which the backup's triggers and views don't belong to."""
    before = contents(server, DATABASE)
    assert work.restore("latest", "--overwrite").returncode == 0
    (kept,) = beside(server, DATABASE)
    program = work.scratch / f"{kept}.sql"
    whole = program.read_bytes()
    program.write_bytes(b"CREATE TRIGGER broken BEFORE INSERT ON absent FOR EACH ROW SET @x = 1;\n")
    assert work.restore("--undo").returncode == 1
    program.write_bytes(whole)
    assert work.restore("latest", "--overwrite").returncode == 1
    message = work.messages()[-1]
    assert message.startswith("restore failed: the exchange of ")
    assert "; restore --undo again mends it; " in message
    assert work.restore("--undo").returncode == 0, work.messages()
    assert contents(server, DATABASE) == before
