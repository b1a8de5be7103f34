"""What can't be made of a backup undoes nothing else, and nobody can miss that it is missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.mariadb import Server, contents, running_server
from support.programs import Workplace
from support.restoring import back_up, make_restorer, workplace
from support.shop import DATABASE, ODDITIES, make_account, rights
from support.store import Store

OTHER = "crm"
READS_ANOTHER = "CREATE VIEW by_city AS SELECT name, city FROM parent JOIN crm.customers USING (id)"
READS_THAT = "CREATE VIEW again AS SELECT name FROM by_city"  # is made before what it reads


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With a second database, which the account that restores has no right on."""
    with running_server(tmp_path_factory.mktemp("incomplete")) as server:
        server.load(b"CREATE TABLE customers (id INT, city VARCHAR(9));\n", OTHER)
        make_account(server, [*rights(server), f"SELECT ON {OTHER}.*"])
        make_restorer(server, DATABASE)
        yield server


@pytest.fixture
def work(tmp_path: Path, server: Server, store: Store, bucket: str) -> Iterator[Workplace]:
    """A backup of the small database is in the bucket, with two views that need the other one."""
    server.load(ODDITIES.encode(), DATABASE)
    server.query(READS_ANOTHER, DATABASE)
    server.query(READS_THAT, DATABASE)
    work = workplace(tmp_path / "work", server, store, bucket)
    back_up(work)
    yield work
    for (name,) in server.query(f"SHOW DATABASES LIKE '{DATABASE}\\_%'"):
        server.query(f"DROP DATABASE {name}")


def whole(server: Server, database: str) -> dict[str, object]:
    """All but the two views, and the events, which are disabled beside the database in use."""
    return {
        name: value
        for name, value in contents(server, database).items()
        if "by_city" not in name and "again" not in name and "event" not in name.lower()
    }


@pytest.mark.parametrize(
    "words",
    [["latest"], ["latest", "--overwrite"], ["latest", "--into", "shop_look"]],
    ids=" ".join,
)
def test_view_of_another_database_undoes_no_table(
    work: Workplace, server: Server, words: list[str]
) -> None:
    """All else is there; the log names the view with the server's reason, and where its text is."""
    before = whole(server, DATABASE)
    if words == ["latest"]:
        server.query(f"DROP DATABASE {DATABASE}")
    target = words[-1] if "--into" in words else DATABASE
    result = work.restore(*words)
    assert result.returncode == 1
    told, last = work.messages()[-2:]
    assert told.startswith("restore left out: view by_city (ERROR 1142: ")
    assert last.startswith("restore completed: ")
    if "--into" not in words:  # there, it names the database in use, and views belong to another
        assert "view again can't be read: it may need them" in result.stdout
        server.query("DROP VIEW again", DATABASE)
        assert whole(server, DATABASE) == before
    (text,) = work.scratch.glob(f"{target}_lacks_*.sql")
    assert told.endswith(f"; their text is in {text}")
    assert b"`crm`.`customers`" in text.read_bytes()
    assert text.read_text().startswith("-- view by_city (ERROR 1142: ")


def test_kept_text_makes_what_was_missing(work: Workplace, server: Server) -> None:
    """Once what it needs is there, or who may see it loads it."""
    before = contents(server, DATABASE)
    server.query(f"DROP DATABASE {DATABASE}")
    assert work.restore("latest").returncode == 1
    (text,) = work.scratch.glob("*_lacks_*.sql")
    server.run(text.read_bytes(), DATABASE)
    assert contents(server, DATABASE) == before


MISSING = {
    "an event's time zone": ("SET time_zone             = 'SYSTEM'", "SET time_zone = 'No/Where'"),
    "a routine's character set": (
        "SET collation_connection  = utf8mb4_general_ci */ ;\nDELIMITER ;;\nCREATE",
        "SET collation_connection  = utf8mb4_nowhere_ci */ ;\nDELIMITER ;;\nCREATE",
    ),
    "a trigger's table": ("BEFORE UPDATE ON child", "BEFORE UPDATE ON absent"),
    "a view's function": ("select `p`.`name`", "select `absent`() AS `a`,`p`.`name`"),
}
LACKING = {
    "an event's time zone": "event yearly (ERROR 1298: ",
    "a routine's character set": "function one (ERROR 1273: ",
    "a trigger's table": "trigger before_child (ERROR 1146: ",
    "a view's function": "view a_view (ERROR 1305: ",
}


@pytest.mark.parametrize("name", MISSING)
def test_program_of_any_kind_is_missing_alone(
    work: Workplace, server: Server, store: Store, bucket: str, name: str
) -> None:
    """Also where a setting around it is refused: with others it would be another program."""
    before = contents(server, DATABASE)
    old, new = (text.encode() for text in MISSING[name])
    (key,) = [key for key in store.objects(bucket) if "proofs" not in key]
    content = store.objects(bucket)[key]
    assert old in content
    store.put(bucket, "changed.sql", content.replace(old, new, 1))
    server.query(f"GRANT SELECT ON {OTHER}.* TO restore@'%'")
    server.query(f"DROP DATABASE {DATABASE}")
    try:
        assert work.restore("changed.sql").returncode == 1
    finally:
        server.query(f"REVOKE SELECT ON {OTHER}.* FROM restore@'%'")
    assert f"restore left out: {LACKING[name]}" in work.messages()[-2]
    missing = LACKING[name].split()[1]
    after = contents(server, DATABASE)
    lost = {name for name in before if before[name] != after.get(name)}
    assert {name.split()[-1] for name in lost} <= {missing, "triggers", "events"}
    assert any(missing in name for name in lost)
