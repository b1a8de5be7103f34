"""Views that are broken, that this account may not see, or that read another database."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from support.mariadb import Server, contents
from support.programs import Workplace
from support.shop import rights

COMPLETED = ["database dump completed"]
DATABASE = "views"
OTHER = "c`rm"  # another one, which the account may not see

THINGS = """
CREATE OR REPLACE USER was@'%'; GRANT ALL ON *.* TO was@'%';
CREATE TABLE kept (id INT); INSERT INTO kept VALUES (1);
CREATE VIEW fine AS SELECT id FROM kept;
CREATE TABLE gone (id INT); CREATE TABLE less (id INT, extra INT); CREATE TABLE typed (n INT);
CREATE TABLE twin (id INT); CREATE SEQUENCE s;
CREATE TABLE sorted (a CHAR(1), b CHAR(1), c CHAR(1), d CHAR(1)) COLLATE utf8mb4_general_ci;
CREATE TABLE recoded (a CHAR(1)) CHARSET utf8mb4; CREATE TABLE indexed (a INT, KEY k (a));
CREATE TABLE parted (a INT) PARTITION BY HASH (a) PARTITIONS 2; CREATE TABLE whole LIKE parted;
CREATE TABLE versioned (a INT) WITH SYSTEM VERSIONING;
CREATE DEFINER=was@'%' FUNCTION g() RETURNS INT DETERMINISTIC RETURN 1;
CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1;
CREATE OR REPLACE DATABASE third; CREATE TABLE third.t (id INT);
"""
# Each broken view's SELECT, and what the server says of it in the end.
BROKEN = {
    "of_table": ("SELECT id FROM gone", "Table 'views.gone' doesn't exist"),
    "of_column": ("SELECT id, extra FROM less", "Unknown column 'views.less.extra'"),
    "of_function": ("SELECT f() f", "FUNCTION views.f does not exist"),
    "of_sequence": ("SELECT NEXTVAL(s) n", "Table 'views.s' doesn't exist"),
    "of_type": ("SELECT n + 1 n FROM typed", "Illegal parameter data types point and int"),
    "of_two_collations": ("SELECT a = b e FROM sorted", "Illegal mix of collations ("),
    "of_three": ("SELECT a IN (b, c) e FROM sorted", "Illegal mix of collations ("),
    "of_four": ("SELECT a IN (b, c, d) e FROM sorted", "Illegal mix of collations for operation"),
    "of_charset": (
        "SELECT a COLLATE utf8mb4_bin a FROM recoded",
        "COLLATION 'utf8mb4_bin' is not valid for CHARACTER SET 'latin1'",
    ),
    "of_one_type": ("SELECT -n n FROM typed", "Illegal parameter data type point for operation"),
    "of_index": ("SELECT a FROM indexed FORCE INDEX (k)", "Key 'k' doesn't exist"),
    "of_partition": ("SELECT a FROM parted PARTITION (p1)", "Unknown partition 'p1'"),
    "of_partitions": ("SELECT a FROM whole PARTITION (p0)", "on non partitioned table"),
    "of_history": ("SELECT a FROM versioned FOR SYSTEM_TIME ALL", "is not system-versioned"),
    "of_no_moment": (
        "SELECT a FROM versioned FOR SYSTEM_TIME AS OF '2020-01-01'",
        "Incorrect DATETIME value: '2020-01-01'",
    ),
    "of_nobodys_function": ("SELECT g() g", "The user specified as a definer ('was'@'%') does"),
    "of_database": ("SELECT id FROM third.t", "Table 'third.t' doesn't exist"),
    "of_broken": ("SELECT id FROM of_table", "Table 'views.gone' doesn't exist"),
    "of_itself": ("SELECT id FROM twin", "contains view recursion"),
}
BREAKING = """
DROP TABLE gone, typed, twin; ALTER TABLE less DROP COLUMN extra; DROP FUNCTION f;
DROP SEQUENCE s; DROP DATABASE third; CREATE TABLE typed (n POINT); DROP USER was@'%';
RENAME TABLE of_itself TO twin;
ALTER TABLE sorted MODIFY b CHAR(1) COLLATE utf8mb4_unicode_ci,
  MODIFY c CHAR(1) COLLATE utf8mb4_unicode_520_ci, MODIFY d CHAR(1) COLLATE utf8mb4_swedish_ci;
ALTER TABLE recoded CONVERT TO CHARACTER SET latin1; ALTER TABLE indexed DROP KEY k;
ALTER TABLE parted COALESCE PARTITION 1; ALTER TABLE whole REMOVE PARTITIONING;
ALTER TABLE versioned DROP SYSTEM VERSIONING;
"""


@pytest.fixture
def views(dumps: Workplace, server: Server, grant: Callable[..., None]) -> Iterator[Workplace]:
    """A database of its own for what is broken, and its dumps."""
    server.load(THINGS.encode(), DATABASE)
    server.run(f"CREATE OR REPLACE DATABASE `{OTHER.replace('`', '``')}`;".encode(), "mysql")
    grant(*rights(server, f"{DATABASE}.*"))
    dumps.settings["DB_NAME"] = DATABASE
    yield dumps
    server.query(f"DROP DATABASE {DATABASE}")


def make_broken(server: Server) -> None:
    for name, (select, _) in BROKEN.items():
        server.query(f"CREATE VIEW {name} AS {select}", DATABASE)
    select = "SELECT id FROM gone"
    server.query(f"CREATE DEFINER=was@'%' VIEW of_nobody AS {select}", DATABASE)
    server.query("GRANT EXECUTE ON FUNCTION g TO backup@'%'", DATABASE)
    server.run(BREAKING.encode(), DATABASE)


def comments(dump: str) -> dict[str, list[str]]:
    """Of each view that was left out what is said of it, and its definition's lines."""
    found: dict[str, list[str]] = {}
    lines = iter(dump.splitlines())
    for line in lines:
        if line.startswith("-- Broken view, left out: "):
            name, _, complaint = line.removeprefix("-- Broken view, left out: ").partition(": ")
            found[name] = [complaint]
            while (line := next(lines)).startswith("-- | "):
                found[name].append(line.removeprefix("-- | "))
            assert line == "--"
    return found


def test_broken_view_is_left_out_and_told(views: Workplace, server: Server) -> None:
    """By name, with its definition as a comment; all else is dumped, and loads."""
    make_broken(server)
    result = views.dump()
    assert (result.returncode, views.messages()) == (0, COMPLETED), result.stderr
    sql = views.files()["datadump.sql"].decode()
    told = comments(sql)
    expected = {name.replace("of_itself", "twin"): said for name, (_, said) in BROKEN.items()}
    expected["of_nobody"] = ""
    assert set(told) == {f"`{name}`" for name in expected}
    for name, said in expected.items():
        complaint, definition = told[f"`{name}`"]
        assert said in complaint
        assert definition.startswith("CREATE ALGORITHM=UNDEFINED DEFINER=`")
        assert f"SQL SECURITY DEFINER VIEW `{name}` AS select " in definition
        assert (
            f"warning: broken, and left out of the dump: view {name}: {complaint}" in result.stderr
        )
    assert len(result.stderr.splitlines()) == len(expected)
    server.load(sql.encode(), "restored")
    restored = contents(server, "restored")
    assert "VIEW fine" in restored
    assert restored["rows of kept"] == [(b"1",)]


def test_definition_that_the_server_tells_makes_the_view_again(
    views: Workplace, server: Server
) -> None:
    """Once what was gone is there again."""
    server.query(
        "CREATE VIEW v AS SELECT id FROM gone WHERE id > 1 WITH LOCAL CHECK OPTION", DATABASE
    )
    before = server.query("SHOW CREATE VIEW v", DATABASE)
    server.query("DROP TABLE gone", DATABASE)
    views.dump()
    _, definition = comments(views.files()["datadump.sql"].decode())["`v`"]
    server.query("CREATE TABLE gone (id INT)", DATABASE)
    server.query("DROP VIEW v", DATABASE)
    server.query(definition, DATABASE)
    assert server.query("SHOW CREATE VIEW v", DATABASE) == before


HOSTILE_NAME = "--\r\n-- x` $(touch /tmp/x) \\`|;'\"é -- Dump completed"
# The server's own writing of a view has line ends only where a name has them.
HOSTILE_COLUMN = "a\r\n-- Dump completed\rDROP TABLE kept;\n-- Broken view, \x1ab"
AS_A_COMMENT = ["a", "-- Dump completed", "DROP TABLE kept;", "-- Broken view,  b"]


def test_name_and_text_of_a_broken_view_are_nothing_but_a_comment(
    views: Workplace, server: Server
) -> None:
    """Neither bash, nor SQL, nor the client that loads it takes them for its own."""
    name = HOSTILE_NAME.replace("`", "``")
    server.query(f"CREATE VIEW `{name}` AS SELECT id AS `{HOSTILE_COLUMN}` FROM gone", DATABASE)
    server.query("DROP TABLE gone", DATABASE)
    result = views.dump()
    assert (result.returncode, views.messages()) == (0, COMPLETED), result.stderr
    sql = views.files()["datadump.sql"]
    ((told, lines),) = comments(sql.decode()).items()
    assert told == f"`{name}`".replace("\r", " ").replace("\n", " ")
    assert "\n".join(AS_A_COMMENT) in "\n".join(lines)
    assert b"\r" not in sql
    server.load(sql, "restored")
    assert contents(server, "restored")["rows of kept"] == [(b"1",)]


def test_view_that_leaves_with_another_fails_the_dump(views: Workplace, server: Server) -> None:
    """mariadb-dump would leave out the table as well, whose name differs in case only."""
    server.query("CREATE VIEW Kept AS SELECT id FROM gone", DATABASE)
    server.query("DROP TABLE gone", DATABASE)
    assert views.dump().returncode == 1
    (message,) = views.messages()
    assert "the view Kept is broken, and can't be left out alone" in message
    assert views.files() == {}


@pytest.mark.parametrize("security", ["DEFINER", "INVOKER"])
def test_view_that_the_account_may_not_see_fails_the_dump(
    views: Workplace, server: Server, security: str
) -> None:
    """It is not broken: others see it. The line names the view, the function and the remedy."""
    server.query(f"CREATE SQL SECURITY {security} VIEW calls AS SELECT f() f", DATABASE)
    assert server.query("SELECT * FROM calls", DATABASE) == [(1,)]
    assert views.dump().returncode == 1
    (message,) = views.messages()
    assert "the view calls can't be dumped: execute command denied to user 'backup'@" in message
    assert "for routine 'views.f': GRANT EXECUTE ON FUNCTION" in message
    assert views.files() == {}
    server.query("GRANT EXECUTE ON FUNCTION views.f TO backup@'%'")
    result = views.dump()
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("security", ["DEFINER", "INVOKER"])
def test_view_of_what_the_account_may_not_read_is_dumped(
    views: Workplace, server: Server, security: str
) -> None:
    """Its definition is all that there is to dump."""
    other = OTHER.replace("`", "``")
    server.query(f"CREATE TABLE `{other}`.t (id INT)")
    server.query(
        f"CREATE SQL SECURITY {security} VIEW abroad AS SELECT id FROM `{other}`.t", DATABASE
    )
    result = views.dump()
    assert (result.returncode, views.messages()) == (0, COMPLETED)
    assert result.stderr.endswith(f" that they read: abroad (`{other}`)\n")
    assert b"VIEW `abroad` AS" in views.files()["datadump.sql"]


ABROAD = {
    "joined": "SELECT k.id FROM kept k LEFT JOIN (crm.t JOIN less l) ON 1",
    "with a comma": "SELECT k.id FROM kept k, crm.t",
    "below": "SELECT id FROM kept WHERE id IN (SELECT id FROM crm.t)",
    "named before": "WITH x AS (SELECT id FROM crm.t) SELECT * FROM x",
    "a function": "SELECT crm.f() f",
    "a sequence": "SELECT NEXTVAL(crm.s) n",
    "by a view": "SELECT id FROM crm.v",
}
AT_HOME = {
    "a text": "SELECT 'it''s \\\\'' from `crm`.`t`' a, \" from `crm`.`t`\" b FROM kept",
    "an alias": "SELECT crm.id FROM kept crm JOIN less t ON crm.id = t.id",
    "a part of a date": "SELECT EXTRACT(YEAR FROM k.id) y FROM kept k JOIN less l",
    "a trimmed text": "SELECT TRIM(LEADING l.id FROM k.id) t FROM kept k JOIN less l",
    "an order": "SELECT STRAIGHT_JOIN k.id FROM kept k STRAIGHT_JOIN less l",
    "the server's own": "SELECT TABLE_NAME FROM information_schema.TABLES",
    "its own by name": "SELECT views.f() f, views.kept.id FROM views.kept",
}


def test_views_that_read_another_database_are_named(views: Workplace, server: Server) -> None:
    """They can be restored only where that is; the dump completes. No others are named."""
    server.load(
        b"CREATE TABLE t (id INT); CREATE SEQUENCE s; CREATE VIEW v AS SELECT id FROM t;"
        b"CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1;",
        "crm",
    )
    for name, select in (ABROAD | AT_HOME).items():
        server.query(f"CREATE VIEW `{name}` AS {select}", DATABASE)
    server.query("GRANT EXECUTE ON FUNCTION crm.f TO backup@'%'")
    server.query("GRANT EXECUTE ON FUNCTION views.f TO backup@'%'")
    result = views.dump()
    assert (result.returncode, views.messages()) == (0, COMPLETED)
    named = result.stderr.rstrip("\n").partition(" that they read: ")[2].split("; ")
    assert sorted(named) == sorted(f"{name} (`crm`)" for name in ABROAD)
