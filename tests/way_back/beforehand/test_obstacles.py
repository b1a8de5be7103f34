"""What would fail at the end of a long load is told before it begins, and nothing else is."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import pytest
from datadump.beforehand.doubts import doubts
from datadump.beforehand.needs import TO_MAKE, Way, needed
from datadump.beforehand.obstacles import obstacles
from datadump.exchange.beside import Note, State
from datadump.exchange.sides import Sides
from datadump.exchange.swap import Swap
from datadump.load.loading import ALL, Source, load_file
from datadump.load.survey import survey
from datadump.mariadb.complaints import ServerError
from datadump.mariadb.objects import Schema
from datadump.mariadb.server import DUMP_OPTIONS
from datadump.mariadb.server import Server as Client
from datadump.restore.replacing import made_beside
from datadump.sql.inventory import Inventory
from datadump.sql.programs import Name
from datadump.sql.reading import DumpFile
from datadump.sql.sections import Kind
from support import round_trip
from support.mariadb import Server, contents, quoted, running_server
from support.restoring import pattern, restore_rights
from support.shop import DATABASE, ODDITIES

COPY, BESIDE, BEFORE = "shop_copy", "shop_new_1", "shop_before_1"
RIGHTS = sorted({"CREATE", *(right for rights in TO_MAKE.values() for right in rights)})
DRAWN = """
CREATE TABLE drawn (id INT PRIMARY KEY DEFAULT NEXTVAL(numbers), v INT, KEY (v)) ENGINE=InnoDB;
INSERT INTO drawn (v) VALUES (1), (2);
"""
PACKED = 1024**2  # bytes, the smallest limit of a packet that a test sets


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With a shop whose programs belong to root."""
    with running_server(tmp_path_factory.mktemp("beforehand")) as server:
        server.load((ODDITIES + DRAWN).encode(), DATABASE)
        yield server


@pytest.fixture(scope="module")
def logging_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that writes a binary log, and trusts nobody."""
    with running_server(tmp_path_factory.mktemp("logging"), "--log-bin") as server:
        server.query("SET GLOBAL log_bin_trust_function_creators = 1")
        server.load(ODDITIES.encode(), DATABASE)
        server.query("SET GLOBAL log_bin_trust_function_creators = 0")
        yield server


def client(server: Server, user: str = "small") -> Client:
    options = f"[client]\nsocket={server.socket}\nuser={user}\nskip-ssl\n!include {DUMP_OPTIONS}\n"
    return Client(options.encode())


def dump_of(server: Server, database: str, folder: Path) -> DumpFile:
    path = folder / "dump.sql"
    with client(server, "root").dump(database) as stream:
        path.write_bytes(stream.read())
    return DumpFile(str(path))


def inventory_of(dump: DumpFile) -> Inventory:
    return survey(dump).inventory


@pytest.fixture
def dump(server: Server, tmp_path: Path) -> DumpFile:
    return dump_of(server, DATABASE, tmp_path)


@pytest.fixture
def shop(dump: DumpFile) -> Inventory:
    return inventory_of(dump)


def grant(server: Server, rights: dict[str, list[str]], *others: str) -> None:
    """Make the account anew, with exactly these rights on these databases, and the others."""
    server.query("CREATE OR REPLACE USER small@localhost")
    for database, names in rights.items():
        server.query(f"GRANT {', '.join(names)} ON {pattern(database)}.* TO small@localhost")
    for other in others:
        server.query(f"GRANT {other} TO small@localhost")


def without(right: str, database: str, rights: dict[str, list[str]]) -> dict[str, list[str]]:
    return rights | {database: [name for name in rights[database] if name != right]}


def told(server: Server, way: Way, dump: Inventory, *, definers: bool = False) -> list[str]:
    return obstacles(client(server), way, dump, definers=definers)


def load(server: Server, dump: DumpFile, database: str, *, definers: bool = False) -> None:
    """Load the dump by the small account. Raises ServerError for what is refused, too."""
    loader = client(server)
    server.query(f"DROP DATABASE IF EXISTS {quoted(database)}")
    loader.query(f"CREATE DATABASE {quoted(database)}")
    source = Source(dump, database, definers=definers)
    for one in load_file(loader, source, database, survey(dump).outline).refused:
        raise one.error


@pytest.mark.parametrize("right", RIGHTS)
def test_each_right_that_a_load_lacks_is_told_by_its_name(
    server: Server, dump: DumpFile, shop: Inventory, right: str
) -> None:
    """And the load really fails for want of it."""
    way = Way(COPY)
    rights = needed(way, shop)
    assert right in rights[COPY]
    grant(server, without(right, COPY, rights))
    assert told(server, way, shop) == [f"the account small lacks {right} on {COPY}"]
    with pytest.raises(ServerError):
        load(server, dump, COPY)


def test_rights_that_a_load_takes_are_enough_for_it(
    server: Server, dump: DumpFile, shop: Inventory
) -> None:
    """No other is asked for."""
    grant(server, needed(Way(COPY), shop))
    assert told(server, Way(COPY), shop) == []
    load(server, dump, COPY)
    there = Schema(client(server, "root"), COPY).objects()
    assert there == shop.objects.keys()


def test_merge_table_takes_rights_on_what_it_merges(server: Server, tmp_path: Path) -> None:
    """Each of them."""
    tables = b"CREATE TABLE a (x INT) ENGINE=MyISAM; CREATE TABLE m (x INT) ENGINE=MERGE UNION=(a);"
    server.load(tables, "merged")
    dump = dump_of(server, "merged", tmp_path)
    rights = needed(Way(COPY), inventory_of(dump))
    grant(server, rights)
    load(server, dump, COPY)
    for right in ("SELECT", "UPDATE", "DELETE"):
        grant(server, without(right, COPY, rights))
        assert told(server, Way(COPY), inventory_of(dump)) == [
            f"the account small lacks {right} on {COPY}"
        ]
        with pytest.raises(ServerError):
            load(server, dump, COPY)


@pytest.mark.parametrize("database", [round_trip.DATABASE, round_trip.NAMED_DATABASE])
def test_rights_for_what_breaks_dumps_elsewhere_are_enough(
    server: Server, tmp_path: Path, database: str
) -> None:
    """With whom its programs belong to."""
    round_trip.fill(server)
    dump = dump_of(server, database, tmp_path)
    held, before = inventory_of(dump), contents(server, database)
    grant(server, needed(Way(database), held), "SET USER ON *.*")
    assert told(server, Way(database), held, definers=True) == []
    load(server, dump, database, definers=True)
    assert contents(server, database).keys() == before.keys()


OWNERS = """
CREATE TABLE t (id INT PRIMARY KEY) ENGINE=InnoDB;
CREATE DEFINER=small@localhost VIEW own AS SELECT 1 AS one;
CREATE DEFINER={} {};
"""
OF_OTHERS = {
    "view": "VIEW of_others AS SELECT 1 AS one",
    "trigger": "TRIGGER of_others BEFORE INSERT ON t FOR EACH ROW SET @x = 1",
    "function": "FUNCTION of_others() RETURNS INT DETERMINISTIC RETURN 1",
    "procedure": "PROCEDURE of_others() SELECT 1",
    "event": "EVENT of_others ON SCHEDULE EVERY 1 YEAR DO SET @x = 1",
}


@pytest.mark.parametrize("kind", OF_OTHERS)
@pytest.mark.parametrize("owner", ["app@'%'", "'a role'"])
def test_what_belongs_to_others_takes_a_right_of_its_own(
    server: Server, tmp_path: Path, kind: str, owner: str
) -> None:
    """Unless it is made the account's own. What is told is an account, or a role."""
    server.query("CREATE OR REPLACE USER app@'%'")
    server.query("CREATE OR REPLACE ROLE 'a role'")
    grant(server, {})
    server.load(OWNERS.format(owner, OF_OTHERS[kind]).encode(), "owned")
    dump = dump_of(server, "owned", tmp_path)
    held, way = inventory_of(dump), Way(COPY)
    grant(server, needed(way, held))
    assert told(server, way, held, definers=False) == []
    name = owner.replace("'", "")
    assert told(server, way, held, definers=True) == [
        f"the account small lacks SET USER (for {kind} of_others, which belongs to {name})"
    ]
    with pytest.raises(ServerError):
        load(server, dump, COPY, definers=True)
    grant(server, needed(way, held), "SET USER ON *.*")
    assert told(server, way, held, definers=True) == []
    load(server, dump, COPY, definers=True)


def test_what_belongs_to_the_account_s_own_role_takes_no_right(
    server: Server, tmp_path: Path
) -> None:
    """Where it is the current one."""
    server.query("CREATE OR REPLACE ROLE restorer")
    grant(server, {}, "restorer")
    server.load(OWNERS.format("restorer", OF_OTHERS["view"]).encode(), "owned")
    dump = dump_of(server, "owned", tmp_path)
    held, way = inventory_of(dump), Way(COPY)
    grant(server, needed(way, held), "restorer")
    (sentence,) = told(server, way, held, definers=True)
    assert "which belongs to restorer" in sentence
    server.query("SET DEFAULT ROLE restorer FOR small@localhost")
    assert told(server, way, held, definers=True) == []
    load(server, dump, COPY, definers=True)


def test_all_that_is_lacking_is_one_sentence(server: Server, shop: Inventory) -> None:
    """On whatever database, and the right for what belongs to others."""
    grant(server, without("TRIGGER", COPY, needed(Way(COPY), shop)))
    (sentence,) = told(server, Way(COPY), shop, definers=True)
    assert sentence == (
        f"the account small lacks TRIGGER on {COPY}, SET USER (for trigger before_child, which "
        "belongs to root@localhost, and 4 more)"
    )


def test_rights_of_every_kind_of_grant_count(server: Server, shop: Inventory) -> None:
    """Those of a role, of a pattern, and global ones."""
    server.query("CREATE OR REPLACE ROLE restorer")
    server.query(r"GRANT ALL PRIVILEGES ON `shop\_%`.* TO restorer")
    grant(server, {}, "restorer")
    server.query("SET DEFAULT ROLE restorer FOR small@localhost")
    assert told(server, Way(COPY), shop) == []
    grant(server, {}, "ALL PRIVILEGES ON *.*")
    assert told(server, Way(COPY), shop, definers=True) == []


def exchange(server: Server, way: Way, dump: DumpFile, scratch: Path) -> list[str]:
    """Let the dump take the place by the small account; what somebody should know then."""
    small, source = client(server), Source(dump, way.target, definers=False)
    note = Note(State.LOADED)
    swap = Swap(small, Sides(way.target, way.beside, way.before), note, str(scratch))
    swap.prepare()
    copy = source._replace(home=way.beside, kinds=ALL - {Kind.EVENTS})
    with made_beside(small, way.beside, note):
        refused = load_file(small, copy, way.beside, survey(dump).outline).refused
    return [*map(str, refused), *map(str, swap.run(source)), *swap.warnings]


def way_of_an_exchange(server: Server) -> Way:
    """The shop's, with what an account sees that may see all."""
    server.load((ODDITIES + DRAWN).encode(), DATABASE)
    for database in (BESIDE, BEFORE):
        server.query(f"DROP DATABASE IF EXISTS {database}")
    return Way(DATABASE, BESIDE, BEFORE, Schema(client(server, "root"), DATABASE).objects())


READING = ["SELECT ON mysql.proc", "SET USER ON *.*"]  # before MariaDB 11.3


def test_rights_that_an_exchange_takes_are_enough_for_it(
    server: Server, dump: DumpFile, shop: Inventory, tmp_path: Path
) -> None:
    """On each of its databases, and nothing is lost."""
    way = way_of_an_exchange(server)
    grant(server, needed(way, shop), *READING)
    assert told(server, way, shop) == []
    assert exchange(server, way, dump, tmp_path) == []
    root = client(server, "root")
    assert Schema(root, BEFORE).objects() == way.there
    assert Schema(root, DATABASE).objects() == shop.objects.keys()


ALONE = {
    "table": "CREATE TABLE t (id INT PRIMARY KEY) ENGINE=InnoDB; INSERT INTO t VALUES (1)",
    "sequence": "CREATE SEQUENCE s",
    "view": "CREATE VIEW v AS SELECT 1 AS one",
    "function": "CREATE FUNCTION f() RETURNS INT RETURN 1",
    "event": "CREATE EVENT e ON SCHEDULE EVERY 1 YEAR DO SET @x = 1",
}


@pytest.mark.parametrize("kind", ALONE)
def test_rights_for_one_kind_alone_are_enough_for_it(
    server: Server, tmp_path: Path, kind: str
) -> None:
    """No other kind's stand in for them."""
    server.load(ALONE[kind].encode(), "alone")
    dump = dump_of(server, "alone", tmp_path)
    held = inventory_of(dump)
    for database in (BESIDE, BEFORE):
        server.query(f"DROP DATABASE IF EXISTS {database}")
    way = Way("alone", BESIDE, BEFORE, held.objects.keys())
    rights = needed(way, held)
    grant(server, rights, *READING)
    assert exchange(server, way, dump, tmp_path) == []
    assert Schema(client(server, "root"), BEFORE).objects() == held.objects.keys()
    assert "EVENT" not in rights[BESIDE]  # they are made at home alone
    grant(server, needed(Way(COPY), held))
    load(server, dump, COPY)


def test_each_right_that_an_exchange_lacks_is_told_by_its_name(
    server: Server, shop: Inventory
) -> None:
    """With the database's name; also to who sees less of what is there, for want of it."""
    way = way_of_an_exchange(server)
    rights = needed(way, shop)
    for database, names in rights.items():
        for right in names:
            grant(server, without(right, database, rights), *READING)
            seen = Schema(client(server), DATABASE).objects()
            assert told(server, way._replace(there=seen), shop) == [
                f"the account small lacks {right} on {database}"
            ]


def test_rights_that_the_page_grants_leave_nothing_in_the_way(
    server: Server, shop: Inventory
) -> None:
    """Neither of an exchange, nor of a load beside the database by an account that only looks."""
    way = way_of_an_exchange(server)
    page = restore_rights(server, DATABASE)
    grant(server, {}, *page)
    assert told(server, way, shop, definers=True) == []
    assert doubts(client(server), way, shop) == []
    (beside,) = (right for right in page if "\\_%" in right)
    grant(server, {}, beside)
    assert told(server, Way(COPY), shop, definers=False) == []
    (sentence,) = told(server, Way(DATABASE), shop, definers=False)
    assert sentence.startswith("the account small lacks CREATE, ALTER, DROP, ")


def test_routines_that_cannot_be_read_are_in_the_way_of_an_exchange(
    server: Server, shop: Inventory
) -> None:
    """They would be lost."""
    way = way_of_an_exchange(server)
    grant(server, needed(way, shop))
    assert told(server, way, shop) == [
        f"the account small lacks SHOW CREATE ROUTINE on {DATABASE} (before MariaDB 11.3: SELECT "
        "on mysql.proc)"
    ]
    server.query(f"DROP FUNCTION {DATABASE}.one")
    server.query(f"DROP PROCEDURE {DATABASE}.nothing")
    assert told(server, way, shop) == []


def test_old_programs_of_others_are_a_doubt(
    server: Server, dump: DumpFile, shop: Inventory, tmp_path: Path
) -> None:
    """They are lost to the old data, whoever is to have the new ones."""
    way = way_of_an_exchange(server)
    grant(server, needed(way, shop), READING[0])
    assert doubts(client(server), way, shop) == [
        f"the account small lacks SET USER, so {BEFORE} will lack view a_view, which belongs to "
        "root@localhost, and 3 more"
    ]
    lost = exchange(server, way, dump, tmp_path)
    assert len([text for text in lost if text.startswith(f"{BEFORE} lacks ")]) == 4
    assert doubts(client(server), Way(COPY), shop) == []


FUNCTIONS = {
    "plain": b"CREATE FUNCTION f() RETURNS INT RETURN 1;",
    "deterministic": b"CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1;",
    "no SQL": b"CREATE FUNCTION f() RETURNS INT NO SQL RETURN 1;",
    "reads": b"CREATE FUNCTION f() RETURNS INT READS SQL DATA RETURN 1;",
    "modifies": b"CREATE FUNCTION f() RETURNS INT MODIFIES SQL DATA RETURN 1;",
}


@pytest.mark.parametrize("kind", FUNCTIONS)
def test_binary_log_keeps_functions_out_unless_they_are_trusted(
    server: Server, logging_server: Server, tmp_path: Path, kind: str
) -> None:
    """Without SUPER all of them, with it those that might do another thing elsewhere."""
    server.load(FUNCTIONS[kind], "functions")
    dump = dump_of(server, "functions", tmp_path)
    held, way = inventory_of(dump), Way(COPY)
    for rights in ((), ("SUPER ON *.*",)):
        grant(logging_server, needed(way, held), *rights)
        sentences = told(logging_server, way, held)
        if rights and kind not in {"plain", "modifies"}:
            assert sentences == []
            load(logging_server, dump, COPY)
            continue
        (sentence,) = sentences
        assert sentence.endswith(
            "such as function f: SET GLOBAL log_bin_trust_function_creators = 1 lets it"
        )
        with pytest.raises(ServerError):
            load(logging_server, dump, COPY)
        logging_server.query("SET GLOBAL log_bin_trust_function_creators = 1")
        try:
            assert told(logging_server, way, held) == []
            load(logging_server, dump, COPY)
        finally:
            logging_server.query("SET GLOBAL log_bin_trust_function_creators = 0")


def test_binary_log_keeps_triggers_out_and_nothing_else(logging_server: Server) -> None:
    """Of what isn't a function."""
    definition = "CREATE DEFINER=`small`@`localhost` X"
    held = Inventory()
    for kind in TO_MAKE.keys() - {"trigger", "function"}:
        held.object(kind, kind).definition = definition.encode()
    way = Way(COPY)
    grant(logging_server, {COPY: ["ALL PRIVILEGES"]})
    assert told(logging_server, way, held) == []
    held.object("trigger", "t")
    assert told(logging_server, way, held) == [
        "the server writes a binary log, and then makes no function or trigger of an account "
        "without SUPER, such as trigger t: SET GLOBAL log_bin_trust_function_creators = 1 lets it"
    ]
    grant(logging_server, {COPY: ["ALL PRIVILEGES"]}, "SUPER ON *.*")
    assert told(logging_server, way, held) == []


@pytest.mark.parametrize("spare", [1, 0, -1], ids=lambda spare: f"{spare} bytes to spare")
def test_statement_that_is_too_long_for_the_server_is_told_with_the_remedy(
    server: Server, spare: int
) -> None:
    """To the byte: it is measured with its delimiter."""
    grant(server, {COPY: ["ALL PRIVILEGES"]})
    statement = "SELECT '{}';"
    statement = statement.format("x" * (PACKED - len(statement) + 2 - spare))
    server.query(f"SET GLOBAL max_allowed_packet = {PACKED}")
    try:
        sentences = told(server, Way(COPY), Inventory(longest=len(statement)))
        if spare == 1:
            assert sentences == []
            client(server, "root").load([statement.encode()], "mysql")
            return
        with pytest.raises(ServerError):
            client(server, "root").load([statement.encode()], "mysql")
        (sentence,) = sentences
        assert sentence == (
            "the dump has a statement of 1.0 MiB, and the server's max_allowed_packet is 1.0 MiB: "
            "SET GLOBAL max_allowed_packet = 2097152 lets it in"
        )
        server.query(sentence.partition(": ")[2].removesuffix(" lets it in"))
        assert told(server, Way(COPY), Inventory(longest=len(statement))) == []
        client(server, "root").load([statement.encode()], "mysql")
    finally:
        server.query("SET GLOBAL max_allowed_packet = 67108864")


def test_view_of_a_table_elsewhere_is_a_doubt_where_it_cannot_be_read(
    server: Server, tmp_path: Path
) -> None:
    """For want of a right, or of the table; one that can be is none."""
    server.load(b"CREATE TABLE items (id INT); CREATE TABLE sold (id INT);", "stock")
    views = (
        b"CREATE TABLE t (id INT);"
        b"CREATE VIEW of_items AS SELECT items.id FROM t JOIN stock.items ON items.id = t.id;"
        b"CREATE VIEW of_sold AS SELECT id FROM stock.sold;"
        b"CREATE VIEW of_none AS SELECT id, ' from `a`.`b`' AS x FROM t;"
    )
    server.load(views, "viewing")
    dump = dump_of(server, "viewing", tmp_path)
    held, way = inventory_of(dump), Way(COPY)
    grant(server, needed(way, held), "SELECT ON stock.sold")
    server.query("DROP TABLE stock.items")
    assert doubts(client(server), way, held) == [
        "view of_items reads stock.items, on which this account has no right, and is left out"
    ]
    assert told(server, way, held) == []
    grant(server, needed(way, held), "SELECT ON stock.*")
    assert doubts(client(server), way, held) == [
        "view of_items reads stock.items, which isn't there, and is left out"
    ]
    loaded = left_out(server, dump)
    assert loaded == {Name("view", "of_items")}


def left_out(server: Server, dump: DumpFile) -> Collection[Name]:
    server.query(f"DROP DATABASE IF EXISTS {COPY}")
    client(server).query(f"CREATE DATABASE {COPY}")
    source = Source(dump, COPY, definers=False)
    return {one.name for one in load_file(client(server), source, COPY, None).refused}
