"""What a swap that ends half way leaves, and says: no table is lost, and what is where is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from datadump.exchange.beside import Note, State
from datadump.exchange.sides import Sides, SwapError
from datadump.exchange.swap import Swap
from datadump.load.loading import Source
from datadump.mariadb.complaints import ServerError
from datadump.mariadb.server import DUMP_OPTIONS
from datadump.mariadb.server import Server as Client
from datadump.sql.reading import DumpFile
from support.mariadb import Server, contents, running_server
from support.shop import DATABASE, ODDITIES

BESIDE, BEFORE = "shop_new", "shop_before"
NEW = "CREATE TABLE parent (id INT PRIMARY KEY);\nINSERT INTO parent VALUES (7);\n"
# Rights that go without the one to put tables into the database for the old data.
RIGHTS = {
    DATABASE: "ALL PRIVILEGES",
    BESIDE: "ALL PRIVILEGES",
    BEFORE: "CREATE, DROP, EVENT, ALTER",
}
BROKEN_VIEW = b"-- Final view structure for view `v`\nCREATE VIEW v AS SELECT * FROM absent;\n"
BROKEN = b"CREATE TRIGGER broken BEFORE INSERT ON absent FOR EACH ROW SET @x = 1;\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With an account that can't finish."""
    with running_server(tmp_path_factory.mktemp("swapping")) as server:
        server.query("CREATE USER small@localhost")
        for database, rights in RIGHTS.items():
            server.query(f"GRANT {rights} ON {database}.* TO small@localhost")
        server.query("GRANT SET USER ON *.* TO small@localhost")
        server.query("GRANT SELECT ON mysql.* TO small@localhost")
        yield server


@pytest.fixture(autouse=True)
def databases(server: Server) -> None:
    """The one in use, and one that was loaded beside it."""
    server.load(ODDITIES.encode(), DATABASE)
    server.load(NEW.encode(), BESIDE)
    server.query(f"DROP DATABASE IF EXISTS {BEFORE}")


def client(server: Server, user: str = "root") -> Client:
    options = f"[client]\nsocket={server.socket}\nuser={user}\nskip-ssl\n!include {DUMP_OPTIONS}\n"
    return Client(options.encode())


def swap_by(client: Client, scratch: Path) -> Swap:
    return Swap(client, Sides(DATABASE, BESIDE, BEFORE), Note(State.LOADED), str(scratch))


def ended(swap: Swap, path: Path) -> str:
    """What the error says after its reason."""
    with pytest.raises(SwapError) as raised:
        swap.run(Source(DumpFile(str(path)), DATABASE))
    return str(raised.value).partition("; ")[2]


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    """What was loaded, by another tool, so that all of it is loaded again."""
    path = tmp_path / "dump.sql"
    path.write_bytes(b"")
    return path


def test_swap_whose_renaming_is_refused_leaves_the_database_as_it_was(
    server: Server, dump: Path, tmp_path: Path
) -> None:
    """Triggers, views and events, which were dropped or moved by then, are made again."""
    before = contents(server, DATABASE)
    swap = swap_by(client(server, "small"), tmp_path)
    swap.prepare()
    assert ended(swap, dump) == (
        f"{DATABASE} is as it was; what is to come is in {BESIDE}: the same command again goes on "
        "from there"
    )
    assert contents(server, DATABASE) == before
    assert server.query(f"SHOW DATABASES LIKE '{BEFORE}'") == []


@pytest.mark.parametrize("program", [BROKEN, BROKEN_VIEW], ids=["any", "a view"])
def test_swap_that_cannot_put_the_old_program_back_says_where_it_is(
    server: Server, dump: Path, tmp_path: Path, program: bytes
) -> None:
    """Its file in the scratch volume was damaged meanwhile; the tables are where they were."""
    swap = swap_by(client(server, "small"), tmp_path)
    swap.prepare()
    (tmp_path / f"{BEFORE}.sql").write_bytes(program)
    assert ended(swap, dump) == (
        f"{DATABASE} has its tables, but lacks triggers, views or events: they are in "
        f"{tmp_path}/{BEFORE}.sql of the scratch volume, and restore --undo makes them again"
    )
    assert len(server.query("SELECT * FROM parent", DATABASE)) == 3


def test_swap_whose_new_program_does_not_load_says_where_the_old_one_is(
    server: Server, dump: Path, tmp_path: Path
) -> None:
    """The tables have changed places by then."""
    dump.write_bytes(BROKEN)
    swap = swap_by(client(server), tmp_path)
    swap.prepare()
    assert ended(swap, dump) == (
        f"{DATABASE} has the new tables and rows, but lacks some of their triggers, views, "
        "routines or events: the same command again makes them; what it held is in "
        f"{BEFORE}, its triggers, views, routines and events are in {tmp_path}/{BEFORE}.sql of the "
        "scratch volume"
    )
    assert server.query("SELECT * FROM parent", DATABASE) == [(7,)]
    assert len(server.query("SELECT * FROM parent", BEFORE)) == 3
    assert b"TRIGGER before_child" in (tmp_path / f"{BEFORE}.sql").read_bytes()


def test_swap_whose_old_program_does_not_load_has_restored_the_database(
    server: Server, dump: Path, tmp_path: Path
) -> None:
    """The file with it stays."""
    swap = swap_by(client(server), tmp_path)
    swap.prepare()
    (tmp_path / f"{BEFORE}.sql").write_bytes(BROKEN)
    assert ended(swap, dump) == (
        f"{DATABASE} has all that is new; what it held is in {BEFORE}, {tmp_path}/{BEFORE}.sql of "
        "the scratch volume"
    )
    assert server.query("SELECT * FROM parent", DATABASE) == [(7,)]
    assert len(server.query("SELECT * FROM parent", BEFORE)) == 3


def test_text_of_an_old_trigger_is_never_run_bare(
    server: Server, dump: Path, tmp_path: Path
) -> None:
    """What the mariadb client would cut where the server reads on; no view stands before it."""
    server.load(b"CREATE TABLE parent (id INT);\n", DATABASE)
    server.query(
        "CREATE TRIGGER trick BEFORE INSERT ON parent FOR EACH ROW SET @x = 1 */* 3 -- */ 2 --\x01 "
        ";; INSERT INTO parent VALUES (99);; SELECT 1\n + 2",
        DATABASE,
    )
    swap = swap_by(client(server), tmp_path)
    swap.prepare()
    swap.run(Source(DumpFile(str(dump)), DATABASE))
    # mariadb-dump's own comment around a trigger ends with its first */
    (lost,) = [text for text in swap.warnings if "trigger trick (ERROR 1064" in text]
    assert lost.endswith(f"its text is in {tmp_path}/{BEFORE}.sql")
    assert server.query("SELECT * FROM parent", DATABASE) == [(7,)]
    assert server.query("SELECT * FROM parent", BEFORE) == []


def test_program_waits_for_its_table_as_long_as_the_server_lets_it(server: Server) -> None:
    """Questions alone give up after 30 seconds: a table may be read again at once."""
    kept = b"CREATE TABLE kept AS SELECT @@lock_wait_timeout AS seconds;\n"
    with client(server).session(DATABASE) as session:
        session.run(kept)
    ((own,),) = server.query("SELECT @@GLOBAL.lock_wait_timeout")
    assert server.query("SELECT seconds FROM kept", DATABASE) == [(own,)]


def test_error_in_another_character_set_is_an_error(server: Server) -> None:
    """Mariadb-dump sets that of results for each view; MySQLdb would crash on what isn't UTF-8."""
    statements = [
        b"/*!50003 SET character_set_results = latin1 */ ;\n",
        "CREATE VIEW v AS SELECT * FROM `café`;\n".encode(),
    ]
    with client(server).session(DATABASE) as session:
        session.run(statements[0])
        with pytest.raises(ServerError, match="shop.café"):
            session.run(statements[1])
