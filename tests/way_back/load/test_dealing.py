"""A load over several connections leaves what a load over one leaves, whatever the tables are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

import MySQLdb
import pytest
from datadump.load import dealing
from datadump.load.dealing import run_piece
from datadump.load.loading import Source, load_file
from datadump.load.survey import survey
from datadump.mariadb.complaints import ServerError
from datadump.mariadb.server import DUMP_OPTIONS
from datadump.mariadb.server import Server as Loader
from datadump.sql import lines
from datadump.sql.reading import DumpFile
from datadump.sql.sections import Kind, Section
from support.mariadb import CHARACTER_SETS, Server, contents, quoted, running_server
from support.round_trip import DATABASE, add_zone, fill
from support.waiting import wait_for

SHORT = ("--net-buffer-length=16384", "--order-by-primary")  # statements
ROWS = "SELECT seq, SHA2(seq, 512){} FROM seq_1_to_6000"
ID = "id INT PRIMARY KEY, t CHAR(128)"
PARTITIONS = ", ".join(f"PARTITION p{n} VALUES LESS THAN ({n * 125})" for n in range(1, 50))
# Tables: their definitions, and what their rows have beside a number and a text.
SHAPES = {
    "plain": (f"({ID})", ""),
    "keyed": (f"({ID}, n INT, KEY (t), KEY (n, t))", ", seq MOD 97"),
    "unique_by_chance": (f"({ID}, n CHAR(40), UNIQUE KEY (n), KEY (t))", ", SHA1(seq)"),
    "growing": ("(id INT PRIMARY KEY AUTO_INCREMENT, t CHAR(128)) AUTO_INCREMENT=90000", ""),
    "generated": (f"({ID}, n INT AS (id * 2) STORED INVISIBLE, v INT AS (id + 1) INVISIBLE, "
                  "KEY (v))", ""),
    "searched": (f"({ID}, FULLTEXT KEY (t))", ""),
    "located": (f"({ID}, p POINT NOT NULL, SPATIAL KEY (p))", ", POINT(seq, -seq)"),
    "parted": (f"({ID}, KEY (t)) PARTITION BY HASH (id) PARTITIONS 20", ""),
    "ranged": (f"({ID}) PARTITION BY RANGE (id) ({PARTITIONS})", ""),
    "packed": (f"({ID}, KEY (t)) ROW_FORMAT=COMPRESSED", ""),
    "myisam": (f"({ID}, KEY (t)) ENGINE=MyISAM", ""),
    "aria": (f"({ID}, KEY (t)) ENGINE=Aria", ""),
    "separated": ("(id INT NOT NULL, t CHAR(128) NOT NULL) ENGINE=CSV", ""),
    "keyless": ("(id INT, t CHAR(128), KEY (id))", ""),
    "versioned": (f"({ID}) WITH SYSTEM VERSIONING", ""),
    "apart": ("(id INT, t CHAR(128), a DATE, b DATE, PERIOD FOR p (a, b), "
              "UNIQUE (id, p WITHOUT OVERLAPS))", ", '2020-01-01', '2020-01-02'"),
    "other": (f"({ID}, n INT, KEY (n), FOREIGN KEY (n) REFERENCES own (id))", ", seq"),
    "own": (f"({ID}, n INT, KEY (n), FOREIGN KEY (n) REFERENCES other (id), "
            "FOREIGN KEY (id) REFERENCES own (n))", ", seq"),
}  # fmt: skip
CHANGES = """
UPDATE versioned SET t = 'changed' WHERE id MOD 3 = 0;
CREATE TABLE noted (id INT);
CREATE TRIGGER noting AFTER INSERT ON plain FOR EACH ROW INSERT INTO noted VALUES (NEW.id);
CREATE VIEW some AS SELECT id FROM keyed WHERE n = 3;
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    with running_server(folder, "--character-set-server=utf8mb4") as server:
        add_zone(server)
        yield server


@pytest.fixture(scope="module")
def shapes(server: Server) -> str:
    """A database with tables of all kinds."""
    made = [
        f"CREATE TABLE {name} {definition}; INSERT INTO {name} {ROWS.format(values)};\n"
        for name, (definition, values) in SHAPES.items()
    ]
    sql = "SET foreign_key_checks = 0;\n" + "".join(made) + CHANGES
    server.load(sql.encode(), "shapes")
    return "shapes"


@pytest.fixture
def loader(server: Server) -> Loader:
    options = f"[client]\nsocket={server.socket}\nuser=root\n".encode()
    return Loader(options + Path(DUMP_OPTIONS).read_bytes())


@pytest.fixture
def dealt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables are large from 16 KiB on, of which every connection gets some rows."""
    monkeypatch.setattr(dealing, "SMALL", 16 * 1024)
    monkeypatch.setattr(lines, "CHUNK", 16 * 1024)


def dumped(loader: Loader, database: str, path: Path, *options: str) -> DumpFile:
    """A dump whose statements are short."""
    with loader.dump(database, *SHORT, "--dump-history", *options) as sql:
        path.write_bytes(sql.read())
    return DumpFile(str(path))


def loaded(
    loader: Loader, dump: DumpFile, into: str, *, in_parallel: bool, character_set: str = ""
) -> None:
    outline = survey(dump).outline
    assert outline is not None
    loader.query(f"CREATE DATABASE {quoted(into)} {character_set}")
    load_file(loader, Source(dump, into), into, outline if in_parallel else None)


@pytest.mark.usefixtures("dealt")
@pytest.mark.parametrize("locked", [False, True])
def test_tables_of_all_kinds_are_what_a_load_over_one_connection_makes(
    server: Server, loader: Loader, shapes: str, tmp_path: Path, locked: bool
) -> None:
    """Also those of another's dump, which locks tables, or makes a transaction of each."""
    options = ("--add-locks", "--no-autocommit") if locked else ()
    dump = dumped(loader, shapes, tmp_path / "dump.sql", *options)
    expected = contents(server, shapes)
    for in_parallel in (True, False):
        name = f"{shapes}_{locked}_{in_parallel}"
        loaded(loader, dump, name, in_parallel=in_parallel)
        assert contents(server, name) == expected


@pytest.mark.usefixtures("dealt")
def test_what_breaks_dumps_elsewhere_is_what_a_load_over_one_connection_makes(
    server: Server, loader: Loader, tmp_path: Path
) -> None:
    fill(server)
    dump = dumped(loader, DATABASE, tmp_path / "dump.sql")
    expected = contents(server, DATABASE)
    ((_, collation),) = expected[f"{CHARACTER_SETS}the database"]
    character_set = f"COLLATE {collation}"
    for in_parallel in (True, False):
        loader.query(f"DROP DATABASE {quoted(DATABASE)}")
        loaded(loader, dump, DATABASE, in_parallel=in_parallel, character_set=character_set)
        assert contents(server, DATABASE) == expected


@pytest.fixture
def two(server: Server) -> str:
    """A database of two tables, of which the first has keys that are added late."""
    keyed = SHAPES["keyed"]
    made = [
        f"CREATE TABLE {name} {keyed[0]}; INSERT INTO {name} {ROWS.format(keyed[1])};\n"
        for name in ("one", "two")
    ]
    server.load("".join(made).encode(), "two")
    return "two"


@contextmanager
def keys_withheld(server: Server, table: str) -> Iterator[None]:
    """Whoever wants to alter the table waits until the context ends; rows may come."""
    connection = server.connect()
    connection.autocommit(False)

    def reads() -> bool:
        connection.rollback()
        with suppress(MySQLdb.Error):
            return bool(connection.cursor().execute(f"SELECT 1 FROM {table} LIMIT 1"))
        return False

    reader = Thread(target=wait_for, args=("the table", reads), kwargs={"poll": 0.001})
    reader.start()
    try:
        yield
    finally:
        reader.join()
        connection.close()


def at_work(server: Server, database: str) -> list[str]:
    """The statements that run in that database, or await something."""
    there = f"SELECT info FROM information_schema.processlist WHERE db = '{database}'"
    return [info for (info,) in server.query(there) if info]


@pytest.mark.usefixtures("dealt")
def test_next_table_begins_while_keys_of_the_last_one_are_built(
    server: Server, loader: Loader, two: str, tmp_path: Path
) -> None:
    dump = dumped(loader, two, tmp_path / "dump.sql")
    with ThreadPoolExecutor(1) as pool:
        with keys_withheld(server, "late.one"):
            load = pool.submit(loaded, loader, dump, "late", in_parallel=True)
            wait_for("the keys' turn", lambda: "ALTER" in "".join(at_work(server, "late")))
            wait_for("all other rows", lambda: rows_of(server, "late.two") == 6000)
            assert not load.done()
        load.result()
    assert contents(server, "late") == contents(server, two)


def rows_of(server: Server, table: str) -> int:
    """How many; 0 where there is no such table."""
    try:
        return int(server.query(f"SELECT COUNT(*) FROM {table}")[0][0])
    except MySQLdb.Error:
        return 0


@pytest.mark.usefixtures("dealt")
def test_failure_tells_table_and_statement_and_ends_all_at_once(
    server: Server, loader: Loader, two: str, tmp_path: Path
) -> None:
    """Though another connection awaits what never comes. No value is told."""
    dump = dumped(loader, two, tmp_path / "dump.sql")
    path = Path(dump.path)
    rows = path.read_bytes().rpartition(b"`two` VALUES")
    path.write_bytes(b"".join([*rows[:2], re.sub(rb"^\(\d+", b"(1", rows[2], count=1, flags=re.M)]))
    with keys_withheld(server, "failed.one"):
        with pytest.raises(ServerError) as failed:
            loaded(loader, dump, "failed", in_parallel=True)
        wait_for("the end of what it had under way", lambda: not at_work(server, "failed"))
    assert str(failed.value) == (
        "ERROR 1062: Duplicate entry '…' (table two: INSERT INTO `two` VALUES (…)"
    )


def test_table_that_a_dump_locks_takes_rows_while_others_refer_to_it(
    server: Server, loader: Loader, tmp_path: Path
) -> None:
    """Another connection makes those meanwhile. To lock tables is mariadb-dump's default."""
    made = [
        f"CREATE TABLE a{n:02}_parent ({ID});\nINSERT INTO a{n:02}_parent {ROWS.format('')};\n"
        f"CREATE TABLE a{n:02}_child (id INT PRIMARY KEY, FOREIGN KEY (id) REFERENCES "
        f"a{n:02}_parent (id) ON DELETE CASCADE);\n"
        for n in range(20)
    ]
    server.load("".join(made).encode(), "family")
    dump = dumped(loader, "family", tmp_path / "dump.sql", "--add-locks")
    loaded(loader, dump, "unlocked", in_parallel=True)
    assert contents(server, "unlocked") == contents(server, "family")


def test_statement_that_a_deadlock_undid_runs_again() -> None:
    """First rows of partitions lock each other out now and then; so the server is played here."""
    ran: list[bytes] = []

    def run(statement: bytes) -> None:
        ran.append(statement)
        if len(ran) < 3:
            raise ServerError("ERROR 1213: Deadlock found", 1213)

    run_piece(run, Section(Kind.ROWS, "t"), b"INSERT INTO `t` VALUES\n(1);\n")
    assert ran == [b"INSERT INTO `t` VALUES\n(1)"] * 3


@pytest.mark.usefixtures("dealt")
def test_load_goes_on_with_the_connections_that_the_server_grants(
    server: Server, loader: Loader, two: str, tmp_path: Path
) -> None:
    dump = dumped(loader, two, tmp_path / "dump.sql")
    server.query("CREATE USER few@localhost WITH MAX_USER_CONNECTIONS 3")
    server.query("GRANT ALL ON `granted`.* TO few@localhost")
    few = Loader(f"[client]\nsocket={server.socket}\nuser=few\n".encode())
    loaded(few, dump, "granted", in_parallel=True)
    assert contents(server, "granted") == contents(server, two)
