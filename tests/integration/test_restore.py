"""A backup comes back out of the bucket, into an empty database, another one, or one in use."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.mariadb import Server, contents, quoted, running_server
from support.programs import Workplace
from support.restoring import back_up, make_restorer, restore_rights, workplace
from support.round_trip import DATABASE as EVERYTHING
from support.round_trip import NAMED_DATABASE, fill, grants
from support.shop import DATABASE, ODDITIES, make_account, rights
from support.store import Store

DATABASES = (DATABASE, EVERYTHING, NAMED_DATABASE)


@pytest.fixture(scope="session")
def store(stores: Callable[[str], Store]) -> Store:
    """One is enough here; the other tests of the way back have both."""
    return stores("seaweedfs-http")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server in use; tests change it."""
    options = ("--default-time-zone=+05:30", "--character-set-server=utf8mb4")
    with running_server(tmp_path_factory.mktemp("in-use"), *options) as server:
        fill(server)
        make_account(server, [*rights(server), *grants(server)])
        make_restorer(server, *DATABASES)
        yield server


@pytest.fixture
def shop(server: Server) -> None:
    """The small database, as it is when the backup is made."""
    server.load(ODDITIES.encode(), DATABASE)


@pytest.fixture
def work(tmp_path: Path, server: Server, store: Store, bucket: str, shop: None) -> Workplace:  # noqa: ARG001
    """A backup of the small database is in the bucket."""
    work = workplace(tmp_path / "work", server, store, bucket)
    back_up(work)
    return work


def databases(server: Server) -> set[str]:
    return {name for (name,) in server.query("SHOW DATABASES")}


def key_of(work: Workplace) -> str:
    """Of the newest backup, from the log."""
    return work.messages()[-1].removeprefix("restore completed: ")


def difference(one: dict[str, object], other: dict[str, object]) -> list[str]:
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


@pytest.mark.parametrize("compression", ["none", "zstd", "gzip"])
def test_dropped_database_comes_back(work: Workplace, server: Server, compression: str) -> None:
    """By `latest`, with all that it held."""
    back_up(work, DUMP_COMPRESSION=compression)
    before = contents(server, DATABASE)
    server.query(f"DROP DATABASE {DATABASE}")
    result = work.restore("latest")
    assert (result.returncode, result.stderr) == (0, ""), result.stdout
    assert difference(contents(server, DATABASE), before) == []
    suffix = {"none": "", "zstd": ".zst", "gzip": ".gz"}[compression]
    assert work.messages()[-1].endswith(f"/datadump2.sql{suffix}")
    assert work.messages()[-1].startswith("restore completed: ")
    assert list(work.scratch.iterdir()) == []


def test_backup_goes_to_another_database_beside_the_one_in_use(
    work: Workplace, server: Server
) -> None:
    """Which is not touched."""
    before = contents(server, DATABASE)
    try:
        assert work.restore("latest", "--into", "shop_copy").returncode == 0, work.messages()
        assert difference(contents(server, "shop_copy"), before) == []
        assert difference(contents(server, DATABASE), before) == []
    finally:
        server.query("DROP DATABASE IF EXISTS shop_copy")


@pytest.mark.parametrize("database", [EVERYTHING, NAMED_DATABASE])
def test_all_that_breaks_dumps_elsewhere_comes_back(
    work: Workplace, server: Server, database: str
) -> None:
    """In the place of a database that holds the same."""
    fill(server)
    back_up(work, DB_NAME=database, DUMP_COMPRESSION="zstd")
    before = contents(server, database)
    kept = databases(server)
    result = work.restore("latest", "--overwrite", DB_NAME=database)
    assert (result.returncode, result.stderr) == (0, ""), result.stdout
    assert difference(contents(server, database), before) == []
    (old,) = databases(server) - kept
    assert old.startswith(f"{database}_before_")
    server.query(f"DROP DATABASE {quoted(old)}")


def test_database_in_use_is_not_overwritten_unasked(work: Workplace, server: Server) -> None:
    """The line says how it would be; nothing is fetched."""
    server.query("UPDATE parent SET name = 'newer' WHERE id = 1", DATABASE)
    before = contents(server, DATABASE)
    assert work.restore("latest").returncode == 1
    message = work.messages()[-1]
    assert message.startswith(f"restore failed: the database {DATABASE} holds ")
    assert "--overwrite" in message
    assert difference(contents(server, DATABASE), before) == []


def test_overwritten_database_stays_beside_the_restored_one(
    work: Workplace, server: Server
) -> None:
    """With its rows, triggers, views and routines; its events are there, disabled."""
    backed_up = contents(server, DATABASE)
    server.query("UPDATE parent SET name = 'newer' WHERE id = 1", DATABASE)
    server.query("DROP VIEW a_view", DATABASE)
    server.query("CREATE TABLE newer (id INT PRIMARY KEY, p INT REFERENCES parent (id))", DATABASE)
    server.query("CREATE VIEW parent_names AS SELECT name FROM parent", DATABASE)
    server.query(
        "CREATE TRIGGER newer BEFORE INSERT ON newer FOR EACH ROW SET NEW.id = 1", DATABASE
    )
    changed, kept = contents(server, DATABASE), databases(server)
    assert work.restore("latest", "--overwrite").returncode == 0, work.messages()
    assert difference(contents(server, DATABASE), backed_up) == []
    (old,) = databases(server) - kept
    assert difference(contents(server, old), changed) == ["EVENT yearly", "state of events"]
    assert server.query(
        f"SELECT STATUS FROM information_schema.EVENTS WHERE EVENT_SCHEMA = '{old}'"
    ) == [("DISABLED",)]
    server.query(f"DROP DATABASE {old}")


def test_day_and_key_name_a_backup(
    work: Workplace, server: Server, store: Store, bucket: str
) -> None:
    """A day means its last."""
    back_up(work)
    first, second = sorted(store.objects(bucket))
    for what, key in ((first.split("/")[0], second), (first, first)):
        server.query(f"DROP DATABASE {DATABASE}")
        assert work.restore(what).returncode == 0, work.messages()
        assert work.messages()[-1] == f"restore completed: {key}"


def test_object_of_another_tool_comes_back_with_a_warning(
    work: Workplace, server: Server, store: Store, bucket: str
) -> None:
    """It has no metadata, and a dump of a form of its own."""
    store.put(
        bucket, "old/backup.sql", b"CREATE TABLE t (a INT);\nINSERT INTO t VALUES (1), (2);\n"
    )
    server.query(f"DROP DATABASE {DATABASE}")
    result = work.restore("old/backup.sql")
    assert result.returncode == 0, result.stdout
    assert "no sha256" in result.stderr
    assert server.query("SELECT * FROM t", DATABASE) == [(1,), (2,)]


def test_backup_of_another_database_needs_a_name_to_go_to(
    work: Workplace, server: Server, store: Store, bucket: str
) -> None:
    """Or production would get what was never its own."""
    (key,) = store.objects(bucket)
    result = work.restore(key, DB_NAME="other")
    assert result.returncode == 1
    assert f"is a backup of {DATABASE}, not of other" in work.messages()[-1]
    assert "other" not in databases(server)


def test_dump_that_names_its_own_database_is_refused(
    work: Workplace, server: Server, store: Store, bucket: str
) -> None:
    """It would go there, whatever was asked for."""
    store.put(bucket, "all.sql", b"CREATE DATABASE x;\nUSE x;\nCREATE TABLE t (a INT);\n")
    kept = databases(server)
    assert work.restore("all.sql", "--into", "shop_y").returncode == 1
    assert "database of its own choice: CREATE DATABASE x;" in work.messages()[-1]
    assert databases(server) - kept == {"shop_y"}
    server.query("DROP DATABASE shop_y")


def test_dump_that_does_not_load_leaves_the_database_in_use_as_it_was(
    work: Workplace, server: Server, store: Store, bucket: str
) -> None:
    """With --overwrite it is loaded beside it first. The log has the error and no row."""
    store.put(bucket, "bad.sql", b"CREATE TABLE t (a INT);\nINSERT INTO t VALUES ('private' x);\n")
    before, kept = contents(server, DATABASE), databases(server)
    assert work.restore("bad.sql", "--overwrite").returncode == 1
    assert work.messages()[-1].startswith("restore failed: ERROR 1064")
    assert "VALUES" not in work.messages()[-1]
    assert difference(contents(server, DATABASE), before) == []
    assert databases(server) == kept


def test_damaged_object_reaches_no_database(
    work: Workplace, server: Server, store: Store, bucket: str
) -> None:
    """Not a single statement runs."""
    (key,) = store.objects(bucket)
    content = bytearray(store.objects(bucket)[key])
    content[len(content) // 2] ^= 1
    store.put(bucket, key, bytes(content), **store.metadata(bucket, key))
    server.query(f"DROP DATABASE {DATABASE}")
    assert work.restore("latest").returncode == 1
    assert "is not what was uploaded" in work.messages()[-1]
    assert DATABASE not in databases(server)


def test_routines_that_the_account_cannot_read_stop_the_overwriting(
    work: Workplace, server: Server
) -> None:
    """They would be lost."""
    old = [right for right in restore_rights(server, DATABASE) if "mysql.proc" in right]
    (lacking,) = old or ["SHOW CREATE ROUTINE ON `shop`.*"]
    server.query(f"REVOKE {lacking} FROM restore@'%'")
    before, kept = contents(server, DATABASE), databases(server)
    try:
        assert work.restore("latest", "--overwrite").returncode == 1
        assert "function `one`" in work.messages()[-1].lower()
        assert difference(contents(server, DATABASE), before) == []
        assert databases(server) == kept
    finally:
        make_restorer(server, *DATABASES)


def test_absent_backup_is_one_clear_line(work: Workplace) -> None:
    """With the way to see what is there."""
    assert work.restore("2001-01-01").returncode == 1
    assert "2001-01-01" in work.messages()[-1]
    assert "--list" in work.messages()[-1]


@pytest.mark.parametrize(
    ("setting", "value"),
    [("RESTORE_PASSWORD_FILE", "/nowhere"), ("SCRATCH_DIR", "/nowhere"), ("DB_PORT", "x")],
)
def test_wrong_setting_is_one_line_and_status_2(work: Workplace, setting: str, value: str) -> None:
    """It names the setting."""
    before = len(work.messages())
    result = work.restore("latest", **{setting: value})
    assert result.returncode == 2
    (message,) = work.messages()[before:]
    assert message.startswith(f"{setting}: ")


@pytest.mark.parametrize("arguments", [[], ["latest", "--list"], ["--nonsense"]])
def test_wrong_arguments_are_status_2(work: Workplace, arguments: list[str]) -> None:
    """And the usage is shown."""
    result = work.restore(*arguments)
    assert result.returncode == 2
    assert "usage: restore" in result.stderr


def test_list_shows_what_is_there(work: Workplace, store: Store, bucket: str) -> None:
    """As a table, and as JSON."""
    (key,) = store.objects(bucket)
    table = work.restore("--list")
    assert table.returncode == 0
    assert key in table.stdout
    assert f" {DATABASE} " in table.stdout
    assert '"database": "shop"' in work.restore("--list", "--json").stdout


def test_password_is_in_no_argument(work: Workplace, server: Server) -> None:
    """Of any process of a restore."""
    server.query(f"DROP DATABASE {DATABASE}")
    process = work.start_restore("latest")
    seen = set()
    while process.poll() is None:
        seen.add(subprocess.run(["ps", "-eo", "args"], stdout=subprocess.PIPE, check=True).stdout)
    assert process.returncode == 0
    assert any(b"mariadb --defaults-file" in text for text in seen)
    assert not any(b"pass word" in text for text in seen)
    process.communicate()
