"""Single tables come back alone, with their triggers and foreign keys: no other table moves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from support.mariadb import Server, contents, quoted, running_server
from support.programs import Workplace
from support.restoring import back_up, make_restorer, workplace
from support.shop import DATABASE, ODDITIES, make_account, rights
from support.store import Store

GRANDCHILD = """
CREATE TABLE grandchild (id INT PRIMARY KEY, child BIGINT, KEY (child),
  CONSTRAINT `of child` FOREIGN KEY (child) REFERENCES child (id) ON DELETE SET NULL) ENGINE=InnoDB;
INSERT INTO grandchild VALUES (1, 1), (2, NULL);
CREATE TABLE ticket (id BIGINT PRIMARY KEY DEFAULT NEXTVAL(numbers), v INT) ENGINE=InnoDB;
INSERT INTO ticket (v) VALUES (7);
CREATE TRIGGER after_parent AFTER INSERT ON parent FOR EACH ROW SET @inserted = NEW.id;
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("tables")) as server:
        server.load(ODDITIES.encode(), DATABASE)
        make_account(server, rights(server))
        make_restorer(server, DATABASE)
        yield server


class Backup(NamedTuple):
    """A bucket with one backup, and what the database held then."""

    bucket: str
    contents: dict[str, object]


@pytest.fixture(scope="module")
def backup(server: Server, store: Store, tmp_path_factory: pytest.TempPathFactory) -> Backup:
    """Of three generations of tables; no test here adds another."""
    server.load((ODDITIES + GRANDCHILD).encode(), DATABASE)
    name = "single-tables"
    path = tmp_path_factory.mktemp(name) / "work"
    back_up(workplace(path, server, store, name), DUMP_COMPRESSION="zstd")
    return Backup(name, contents(server, DATABASE))


@pytest.fixture
def work(tmp_path: Path, server: Server, store: Store, backup: Backup) -> Iterator[Workplace]:
    """The database is as it is in the backup."""
    server.load((ODDITIES + GRANDCHILD).encode(), DATABASE)
    yield workplace(tmp_path / "work", server, store, backup.bucket)
    for name in beside(server):
        server.query(f"DROP DATABASE {quoted(name)}")


def beside(server: Server) -> list[str]:
    found = [str(name) for (name,) in server.query("SHOW DATABASES")]
    return [name for name in found if name.startswith(f"{DATABASE}_")]


def in_order(found: dict[str, object]) -> dict[str, object]:
    """Foreign keys that were made again may stand in another order."""
    return {
        name: sorted(line.strip(" ,") for line in value.split("\n"))
        if name.startswith("BASE") and isinstance(value, str)
        else value
        for name, value in found.items()
    }


@pytest.mark.parametrize(
    "tables",
    [["parent"], ["child"], ["grandchild"], ["child", "parent"], ["past"], ["ticket"]],
    ids=" ".join,
)
def test_spoilt_table_is_replaced_and_brought_back_again(
    work: Workplace, server: Server, backup: Backup, tables: list[str]
) -> None:
    """All is as in the backup, foreign keys from and to it too; undo makes all as it was."""
    backed_up = contents(server, DATABASE) | {
        name: value for name, value in backup.contents.items() if name.endswith(tuple(tables))
    }
    spoil(server, tables)
    spoilt = contents(server, DATABASE)
    assert spoilt != backed_up
    words = [word for table in tables for word in ("--table", table)]
    result = work.restore("latest", *words, "--overwrite")
    assert (result.returncode, result.stderr) == (0, ""), result.stdout
    assert in_order(contents(server, DATABASE)) == in_order(backed_up)
    (kept,) = beside(server)
    assert f"what they took the place of is in {kept}" in result.stdout
    assert {name for (name,) in server.query(f"SHOW TABLES FROM {kept}")} == set(tables)
    assert work.restore("--undo").returncode == 0, work.messages()
    assert in_order(contents(server, DATABASE)) == in_order(spoilt)


def spoil(server: Server, tables: list[str]) -> None:
    changes = {
        "parent": "UPDATE parent SET name = CONCAT('wrong', id)",
        "child": "UPDATE child SET note = 'wrong'",
        "grandchild": "DELETE FROM grandchild WHERE id = 2",
        "past": "INSERT INTO past VALUES (3, 3)",
        "ticket": "UPDATE ticket SET v = 8",
    }
    for table in tables:
        server.query(changes[table], DATABASE)


def test_foreign_keys_hold_after_it(work: Workplace, server: Server) -> None:
    """As they did: they refer to the table that is in use, and not to the one set aside."""
    spoil(server, ["parent"])
    result = work.restore("latest", "--table", "parent", "--overwrite")
    said = "foreign keys from and to other tables are made again: child_ibfk_1 of child\n"
    assert said in result.stdout
    server.query("INSERT INTO parent VALUES (9, 'nine')", DATABASE)
    server.query("INSERT INTO child (parent) VALUES (9)", DATABASE)
    with pytest.raises(Exception, match="1452"):
        server.query("INSERT INTO child (parent) VALUES (10)", DATABASE)
    (kept,) = beside(server)
    server.query("DELETE FROM child WHERE parent = 9", DATABASE)
    server.query(f"DROP DATABASE {kept}")


def test_dropped_tables_come_back_unasked(work: Workplace, server: Server) -> None:
    """Where no such table is, nothing is set aside."""
    before = contents(server, DATABASE)
    server.run(b"SET foreign_key_checks = 0; DROP TABLE parent, child;\n", DATABASE)
    result = work.restore("latest", "--table", "parent", "--table", "child")
    assert (result.returncode, result.stderr) == (0, ""), result.stdout
    assert in_order(contents(server, DATABASE)) == in_order(before)
    assert beside(server) == []
    assert list(work.scratch.iterdir()) == []


def test_table_goes_to_a_database_beside(work: Workplace, server: Server) -> None:
    """Without what it refers to, which is said; with its triggers."""
    before = contents(server, DATABASE)
    result = work.restore("latest", "--table", "child", "--into", "shop_look")
    assert result.returncode == 0, work.messages()
    assert "child refers to parent (child_ibfk_1), which shop_look lacks: it is left out" in (
        result.stdout
    )
    found = contents(server, "shop_look")
    assert found["rows of child"] == before["rows of child"]
    assert "TRIGGER before_child" in found
    assert beside(server) == ["shop_look"]
    again = work.restore("latest", "--table", "child", "--into", "shop_look")
    assert again.returncode == 1
    assert "shop_look has the table child: with --overwrite it stays in " in work.messages()[-1]
    assert contents(server, DATABASE) == before


REFUSALS = {
    "its name is in use": ("--table child", "", "shop has the table child: with --overwrite"),
    "it isn't in the dump": (
        "--table child --table gone --overwrite", "", "the dump has no table gone; ",
    ),
    "it has other letters": (
        "--table CHILD", "", "the dump has no table CHILD; it has child; ",
    ),
    "a view has its name": ("--table a_view", "", "shop has a view of the name a_view"),
    "its parent is gone": (
        "--table child --overwrite",
        "SET foreign_key_checks = 0; DROP VIEW a_view; DROP TABLE parent",
        "child refers to parent (child_ibfk_1), which shop lacks: --table parent brings that back",
    ),
    "its parents lack a row": (
        "--table child --overwrite",
        "DELETE FROM grandchild; DELETE FROM child; DELETE FROM parent",
        "1 rows of child would refer to no row of parent (child_ibfk_1): --table parent",
    ),
    "its children have more": (
        "--table parent --overwrite",
        "INSERT INTO parent VALUES (9, 'x'); INSERT INTO child (parent) VALUES (9)",
        "1 rows of child would refer to no row of parent (child_ibfk_1): --table parent",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
def test_what_cannot_be_done_is_refused(work: Workplace, server: Server, name: str) -> None:
    """Before anything is changed, with what could be done."""
    words, change, reason = REFUSALS[name]
    if change:
        server.run(f"{change};\n".encode(), DATABASE)
    before = contents(server, DATABASE)
    assert work.restore("latest", *words.split()).returncode == 1
    message = work.messages()[-1]
    assert message.startswith(f"restore failed: {reason}")
    assert message.endswith(f"; {DATABASE} is as it was")
    assert contents(server, DATABASE) == before
    assert beside(server) == []


def test_text_of_a_trigger_is_no_foreign_key(work: Workplace, server: Server) -> None:
    """Whoever may make triggers would have the account that restores add what is written there."""
    clause = '["FOREIGN KEY (id) REFERENCES", " (id), ADD COLUMN evil INT"]'
    line = f'-- foreign key: ["past", "evil", "parent", {clause}]'
    server.run(
        f"DELIMITER //\nCREATE TRIGGER trick BEFORE INSERT ON parent FOR EACH ROW BEGIN\n{line}\n"
        "SET @x = 1; END//\n".encode(),
        DATABASE,
    )
    spoil(server, ["parent"])
    assert work.restore("latest", "--table", "parent", "--overwrite").returncode == 0
    assert server.query("SHOW COLUMNS FROM past LIKE 'evil'", DATABASE) == []
    assert work.restore("--undo").returncode == 0
    assert server.query("SHOW COLUMNS FROM past LIKE 'evil'", DATABASE) == []
