"""A backup comes back out of the bucket, into an empty database, another one, or one in use."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from support.mariadb import Server, contents, quoted, running_server
from support.programs import Workplace, today
from support.restoring import back_up, make_restorer, restore_rights, workplace
from support.round_trip import DATABASE as EVERYTHING
from support.round_trip import NAMED_DATABASE, fill, grants
from support.shop import DATABASE, ODDITIES, make_account, rights
from support.store import Store
from support.waiting import wait_for

DATABASES = (DATABASE, EVERYTHING, NAMED_DATABASE)


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


def test_last_before_a_moment_is_restored_and_named(work: Workplace, server: Server) -> None:
    """The damage came after it; the moment is of TZ."""
    start = int(time.time())
    wait_for("another second", lambda: time.time() >= start + 1)
    moment = datetime.now(ZoneInfo(work.environment()["TZ"])).strftime("%Y-%m-%d %H:%M:%S")
    server.query(f"DROP TABLE {DATABASE}.child")
    back_up(work)
    result = work.restore("--before", moment, "--into", f"{DATABASE}_into")
    assert result.returncode == 0, work.messages()
    assert f"the last before {moment}: {today()}/datadump1.sql, of " in result.stdout
    assert server.query(f"SHOW TABLES FROM {DATABASE}_into LIKE 'child'")
    result = work.restore("--before", "2026-01-01", "--into", f"{DATABASE}_into")
    assert result.returncode == 2
    assert f"there is no backup of '{DATABASE}' from before 2026-01-01 00:00:00" in result.stderr


def test_rows_come_back_from_the_mirror(
    work: Workplace, server: Server, store: Store, bucket: str
) -> None:
    """The first bucket has lost everything."""
    credentials = work.path / "mirror.txt"
    credentials.write_text("\n".join([*store.admin, f"{bucket}-mirror"]))
    work.settings |= {
        "MIRROR_CREDENTIALS_FILE": str(credentials),
        "MIRROR_ENDPOINT_URL_S3": store.endpoint_url,
    }
    assert work.mirror().returncode == 0, work.messages()
    (key,) = store.objects(bucket)
    store.client().delete_object(Bucket=bucket, Key=key)
    before = contents(server, DATABASE)
    server.query(f"DROP DATABASE {DATABASE}")
    assert work.restore("latest").returncode == 1
    assert work.restore("latest", "--from", "mirror", "--check").returncode == 0
    now = datetime.now(UTC).isoformat()
    assert key in work.restore("--list", "--from", "mirror", "--as-of", now).stdout
    assert work.restore("latest", "--from", "mirror").returncode == 0, work.messages()
    assert contents(server, DATABASE) == before
    assert work.messages()[-1] == f"restore completed: {key} into {DATABASE}"
    assert "--as-of and --from go with" in work.restore("--undo", "--from", "mirror").stderr


@pytest.mark.parametrize("text", ["yesterday", "02:00", "0001-01-01 00:00", "9999-12-31 23:59"])
def test_moment_that_is_none_is_one_line(work: Workplace, text: str) -> None:
    result = work.restore("--before", text)
    assert result.returncode == 2
    assert f"{text!r} is no moment such as '2026-11-26 02:00'" in result.stderr


@pytest.mark.parametrize("words", [["--before"], ["latest", "--as-of"], ["--list", "--as-of"]])
def test_moment_to_come_is_asked_about(work: Workplace, words: list[str]) -> None:
    """It is wrong, or another zone's: the newest backup may hold the damage."""
    result = work.restore(*words, "2999-01-01", "--into", "shop_look")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"{words[-1]} 2999-01-01 is to come: it is 20")


def event_status(server: Server, database: str) -> str:
    """Of its one event."""
    ((status,),) = server.query(
        f"SELECT STATUS FROM information_schema.EVENTS WHERE EVENT_SCHEMA = '{database}'"
    )
    return str(status)


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
    assert work.messages()[-1].endswith(f"/datadump2.sql{suffix} into {DATABASE}")
    assert work.messages()[-1].startswith("restore completed: ")
    assert list(work.scratch.iterdir()) == []


def test_backup_goes_to_another_database_beside_the_one_in_use(
    work: Workplace, server: Server
) -> None:
    """Which is not touched. The copy's events don't run."""
    before = contents(server, DATABASE)
    try:
        result = work.restore("latest", "--into", "shop_copy", "--definers")
        assert result.returncode == 0, work.messages()
        found = difference(contents(server, "shop_copy"), before)
        assert found == ["EVENT yearly", "state of events"]
        assert event_status(server, "shop_copy") == "DISABLED"
        assert difference(contents(server, DATABASE), before) == []
    finally:
        server.query("DROP DATABASE IF EXISTS shop_copy")


def test_looking_takes_no_right_but_on_names_that_look_alike(
    work: Workplace, server: Server, tmp_path: Path
) -> None:
    """By an account of its own: what a dump does as it is loaded reaches nothing else."""
    (tmp_path / "look").write_text("look's\n")
    account = {"LOOK_USER": "look", "LOOK_PASSWORD_FILE": str(tmp_path / "look")}
    server.query("CREATE USER look@'%' IDENTIFIED BY 'look''s'")
    server.query("GRANT ALL PRIVILEGES ON `shop\\_%`.* TO look@'%'")
    before = contents(server, DATABASE)
    try:
        assert work.restore("latest", "--into", "shop_look", **account).returncode == 0
        assert views_belong_to(server, "shop_look") == {"look@%"}
        found = difference(contents(server, "shop_look"), before)
        assert [name for name in found if name.startswith(("rows", "BASE"))] == []
        server.query("DROP DATABASE shop_look")
        assert work.restore("latest", "--into", "shop_look", "--definers", **account).returncode
        assert "the account look lacks SET USER (for " in work.messages()[-1]
        assert work.restore("latest", "--into", "another", **account).returncode == 1
        assert "the account look lacks CREATE, ALTER, " in work.messages()[-1]
    finally:
        server.query("DROP USER look@'%'")
        server.query("DROP DATABASE IF EXISTS shop_look")


def views_belong_to(server: Server, database: str) -> set[str]:
    rows = server.query(
        f"SELECT DEFINER FROM information_schema.VIEWS WHERE TABLE_SCHEMA = '{database}'"
    )
    return {definer for (definer,) in rows}


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
        assert work.messages()[-1] == f"restore completed: {key} into {DATABASE}"


def test_object_of_another_tool_comes_back_with_a_warning(
    work: Workplace, server: Server, store: Store, bucket: str
) -> None:
    """It has no metadata, and a dump of a form of its own: that has to be asked for."""
    store.put(
        bucket, "old/backup.sql", b"CREATE TABLE t (a INT);\nINSERT INTO t VALUES (1), (2);\n"
    )
    server.query(f"DROP DATABASE {DATABASE}")
    assert work.restore("old/backup.sql").returncode == 1
    assert "isn't mariadb-dump's, by its first lines: line 1, " in work.messages()[-1]
    result = work.restore("old/backup.sql", "--even-if-foreign")
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
    assert databases(server) == kept


def dump_in(store: Store, bucket: str) -> tuple[str, bytes]:
    """The newest backup's key and bytes."""
    objects = store.objects(bucket)
    key = max(objects)
    return key, objects[key]


def put_changed(store: Store, bucket: str, old: bytes, new: bytes) -> str:
    """The newest backup with this change, as if another tool had uploaded it; its key."""
    _, content = dump_in(store, bucket)
    assert old in content
    store.put(bucket, "changed.sql", content.replace(old, new, 1))
    return "changed.sql"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"(3,NULL)", b"(3,'private',3)", "ERROR 1136"),
        (b"\n-- Dump completed", b"\n-- Dump", "the dump is not whole"),
        (b"/*!50106 SET TIME_", b"USE mysql;\n/*!50106 SET TIME_", "of its own choice"),
        (b"-- Final view structure", b"USE mysql;\n-- Final view structure", "of its own choice"),
        (b"-- MariaDB dump", b"-- A dump", "isn't mariadb-dump's"),
        (b"\n-- Dump completed", b"\nDROP TABLE child;\n-- Dump completed", "did not arrive"),
    ],
    ids=["does not load", "not whole", "late USE", "later USE", "another tool's", "drops a table"],
)
def test_dump_that_cannot_be_trusted_leaves_the_database_in_use_as_it_was(
    work: Workplace, server: Server, store: Store, bucket: str, old: bytes, new: bytes, reason: str
) -> None:
    """With --overwrite it is loaded beside it first. The log has the error and no row."""
    key = put_changed(store, bucket, old, new)
    before, kept = contents(server, DATABASE), databases(server)
    assert work.restore(key, "--overwrite", "--even-if-foreign").returncode == 1
    assert reason in work.messages()[-1]
    assert "private" not in work.messages()[-1].partition("near")[0]
    assert difference(contents(server, DATABASE), before) == []
    assert databases(server) == kept


def test_truncated_object_without_metadata_does_not_complete(
    work: Workplace, server: Server, store: Store, bucket: str
) -> None:
    """Nobody uploaded a checksum, but the last line is missing."""
    _, content = dump_in(store, bucket)
    store.put(
        bucket, "old.sql", content[: content.index(b"--\n-- Table structure for table `past`")]
    )
    assert work.restore("old.sql", "--into", "shop_cut").returncode == 1
    assert "the dump is not whole" in work.messages()[-1]
    assert "shop_cut holds what was loaded until then" in work.messages()[-1]
    server.query("DROP DATABASE shop_cut")


def test_statement_that_somebody_added_runs_once(
    work: Workplace, server: Server, store: Store, bucket: str
) -> None:
    """In the dump's head, which each of the connections reads."""
    added = b"CREATE TABLE added (a INT);\n"
    key = put_changed(store, bucket, b"-- Server version", added + b"-- Server version")
    told = work.restore(key, "--into", "shop_added", "--even-if-foreign")
    assert told.returncode == 0, work.messages()
    assert "shop_added" in databases(server)
    assert server.query("SELECT * FROM added", "shop_added") == []
    server.query("DROP DATABASE shop_added")


OPTIONS = {
    "in the rows": [["--table", "parent"], ["--check"]],
    "behind the end": [["--table", "parent", "--check"]],
}
FOREIGN = {
    "in the head": (b"-- Server version", b"SELECT 'owned' INTO OUTFILE '{file}';", "SELECT '…'"),
    "among the rows": (b"/*!40000 ALTER TABLE `parent` EN", b"SET GLOBAL general_log = 1;", "SET"),
    "in the rows": (b"(3,NULL)", b"(3,LOAD_FILE('{file}')),", "LOAD_FILE(… "),
    "in a comment": (b"/*!50106 DROP EVENT", b"/*!50106 CREATE USER eve */;", "/*!50106 CREATE"),
    "at the end": (
        b"/*!40101 SET SQL_MODE=@OLD",
        b"INSTALL SONAME 'ha_archive';",
        "INSTALL SONAME '…' (",
    ),
    "behind the end": (b"", b"GRANT ALL ON *.* TO eve;", "GRANT ALL ON *.* TO eve ("),
}


def test_statement_that_mariadb_dump_does_not_write_stops_a_restore_before_it_begins(
    work: Workplace, server: Server, store: Store, bucket: str, tmp_path: Path
) -> None:
    """It is named with its line, and how it could be run all the same; by --check, too.

    Of single tables what is behind them is read by --check alone.
    """
    _, content = dump_in(store, bucket)
    kept = databases(server)
    for place, (at, statement, shown) in FOREIGN.items():
        before, found, behind = content.partition(at) if at else (content, b"", b"")
        added = statement.replace(b"{file}", str(tmp_path / "file").encode())
        store.put(bucket, "foreign.sql", before + added + b"\n" + found + behind)
        for options in ([], *OPTIONS.get(place, [])):
            told = work.restore("foreign.sql", "--into", "shop_foreign", *options)
            assert told.returncode == 1
            said, line = told.stdout.splitlines()[-1], before.count(b"\n") + 1
            assert f"the dump holds what mariadb-dump doesn't write: line {line}, " in said
            assert f": {shown}" in said
            assert said.endswith(
                "(--even-if-foreign runs it all the same); shop_foreign is as it was"
            )
    assert databases(server) == kept
    assert not (tmp_path / "file").exists()
    assert server.query("SELECT 1 FROM mysql.global_priv WHERE User = 'eve'") == []


# Whoever may make tables and routines writes these names and texts into every dump.
HIDDEN = "-- Dumping data for table parent\nINSERT INTO parent VALUES (99, 'run bare');\n"
EVIL = "INSERT INTO parent VALUES (99, 0x41)"
TRICKS: dict[str, str | bytes] = {
    "a comment of a routine": (
        f"CREATE PROCEDURE trick() BEGIN /* ;;\nDELIMITER ;\n{HIDDEN}*/ SELECT 1; END"
    ),
    "a comment of a trigger": (
        "CREATE TRIGGER trick BEFORE INSERT ON parent FOR EACH ROW "
        f"/* ;;\nDELIMITER ;\n{HIDDEN}*/ SET @x = 1"
    ),
    # What the server reads as a comment or a text, and the mariadb client as a statement's end.
    "-- and a control character": (
        f"CREATE PROCEDURE trick() SELECT 1 --\x01;; {EVIL};; SELECT 1\n + 2"
    ),
    "-- and a control character in a trigger": (
        "CREATE TRIGGER trick BEFORE INSERT ON parent FOR EACH ROW "
        f"SET @x = 1 --\x01;; {EVIL};; SELECT 1\n + 2"
    ),
    "a comment's end that begins one": (
        f"CREATE PROCEDURE trick() SELECT 1 */*/*/ 2 -- */ ;; {EVIL};; SELECT 1\n + 2"
    ),
    "a comment in a comment": (
        f"CREATE PROCEDURE trick() SELECT 1 /* /*! */ -- */ ;; {EVIL};; SELECT 1\n + 2"
    ),
    "half of a character": (
        b"CREATE PROCEDURE trick() SELECT 'X\xa5\x5c' -- ' ;; %b;; SELECT 1\n + 2" % EVIL.encode()
    ),
    "no trick at all": "CREATE PROCEDURE trick() SELECT 1 /* see /*! hints */ + 2",
    "the name of a column": (
        "CREATE TABLE trick (`a\n-- Dumping data for table parent\nDELETE FROM child;\nz` INT)"
    ),
    "a key in the name of a column": (
        "CREATE TABLE trick (`a\n  KEY ```` (````);INSERT INTO parent VALUES (99, 0x41),\nz` INT, "
        "b INT, KEY (b)) ENGINE=InnoDB"
    ),
}


@pytest.mark.parametrize(
    "options", [["--overwrite"], ["--into", "shop_into", "--definers"]], ids=" ".join
)
def test_text_of_an_object_is_never_run_bare(
    work: Workplace, server: Server, options: list[str]
) -> None:
    """A small account would otherwise do what the account may that restores, and the drill."""
    for number, trick in enumerate(TRICKS.values()):
        make(server, renamed(trick, f"trick{number}"))
    back_up(work)
    before = contents(server, DATABASE)
    restored = work.restore("latest", *options)
    try:
        assert (restored.returncode, restored.stderr) == (0, ""), restored.stdout
        target = DATABASE if options == ["--overwrite"] else "shop_into"
        found = difference(contents(server, target), before)
        assert [name for name in found if "event" not in name.lower()] == []
        assert work.drill().returncode == 0, work.messages()
        beside = [name for name in databases(server) if name.startswith(f"{DATABASE}_before_")]
        for name in [DATABASE, *beside]:
            assert server.query(f"SELECT * FROM {quoted(name)}.parent WHERE id = 99") == []
    finally:
        server.query("DROP DATABASE IF EXISTS shop_into")
        for name in databases(server):
            if name.startswith(f"{DATABASE}_before_"):
                server.query(f"DROP DATABASE {quoted(name)}")


def renamed(trick: str | bytes, name: str) -> str | bytes:
    """The statement with that name for what it makes."""
    if isinstance(trick, bytes):
        return trick.replace(b" trick", b" " + name.encode())
    return trick.replace(" trick", f" {name}")


def make(server: Server, statement: str | bytes) -> None:
    """Bytes are of a client with another character set."""
    connection = server.connect(DATABASE)
    cursor = connection.cursor()
    if isinstance(statement, bytes):
        cursor.execute("SET character_set_client = big5")
    cursor.execute(statement)
    connection.close()


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
        assert "the account restore lacks SHOW CREATE ROUTINE on shop" in work.messages()[-1]
        assert difference(contents(server, DATABASE), before) == []
        assert databases(server) == kept
    finally:
        make_restorer(server, *DATABASES)


@pytest.mark.parametrize("program", ["restore", "drill"])
@pytest.mark.parametrize("slip", ["lastest", "2026-13-01", "2001-01-01/datadump1.sql"])
def test_slip_of_the_pen_is_answered_and_is_no_line_of_the_log(
    work: Workplace, program: str, slip: str
) -> None:
    """Nothing began, so nothing failed; the answer shows what could have been meant."""
    lines = work.messages()
    result = getattr(work, program)(slip)
    assert (result.returncode, result.stdout) == (2, "")
    assert f"there is no object '{slip}' in " in result.stderr
    assert "latest, a day (2026-11-23) for its last one, or a key" in result.stderr
    assert f"{today()}/datadump1.sql" in result.stderr
    assert work.messages() == lines


@pytest.mark.parametrize(
    ("program", "words"), [("restore", ["latest"]), ("drill", [])], ids=["restore", "drill"]
)
def test_bucket_without_any_backup_is_a_failure(
    work: Workplace, program: str, words: list[str]
) -> None:
    """What is run by the clock is told by the log alone."""
    assert getattr(work, program)(*words, S3_PREFIX="elsewhere").returncode == 1
    assert f" failed: there is no backup of '{DATABASE}' in " in work.messages()[-1]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("RESTORE_PASSWORD_FILE", "/nowhere"),
        ("LOOK_PASSWORD_FILE", "/nowhere"),
        ("SCRATCH_DIR", "/nowhere"),
        ("DB_PORT", "x"),
    ],
)
def test_wrong_setting_is_one_line_and_status_2(work: Workplace, setting: str, value: str) -> None:
    """It names the setting, that of the account which looks where it has one of its own."""
    before = len(work.messages())
    result = work.restore("latest", "--into", "shop_look", **{setting: value})
    assert result.returncode == 2
    (message,) = work.messages()[before:]
    assert message.startswith(f"{setting}: ")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["latest", "--list"],
        ["--nonsense"],
        ["latest", "--into", "", "--overwrite"],
        ["latest", "--table", ""],
        ["01:00:16", "--before", "2026-11-28"],
        ["--undo", "--overwrite"],
        ["--list", "--undo"],
    ],
)
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


def test_password_is_in_no_argument(work: Workplace) -> None:
    """Of any process of a restore, which takes a dump of what it replaces."""
    process = work.start_restore("latest", "--overwrite")
    seen = set()
    while process.poll() is None:
        seen.add(subprocess.run(["ps", "-eo", "args"], stdout=subprocess.PIPE, check=True).stdout)
    assert process.returncode == 0
    assert any(b"mariadb-dump --defaults-file" in text for text in seen)
    assert not any(b"pass word" in text for text in seen)
    process.communicate()


BROKEN = {
    "a view's table is gone": "SET foreign_key_checks = 0; DROP TABLE parent",
    "a sequence is gone": "DROP SEQUENCE numbers",
    "a table is renamed": "RENAME TABLE parent TO parents",
}


@pytest.mark.parametrize("damage", BROKEN)
def test_database_that_was_damaged_is_replaced(
    work: Workplace, server: Server, damage: str
) -> None:
    """That is what a restore is for."""
    server.query("CREATE TABLE counted (n INT DEFAULT NEXTVAL(numbers))", DATABASE)
    back_up(work)
    before, kept = contents(server, DATABASE), databases(server)
    server.run(f"{BROKEN[damage]};\n".encode(), DATABASE)
    result = work.restore("latest", "--overwrite")
    assert result.returncode == 0, result.stdout
    assert difference(contents(server, DATABASE), before) == []
    (old,) = databases(server) - kept
    assert server.query(
        "SELECT COUNT(*) FROM information_schema.REFERENTIAL_CONSTRAINTS "
        f"WHERE CONSTRAINT_SCHEMA = '{old}' AND UNIQUE_CONSTRAINT_SCHEMA = '{DATABASE}'"
    ) == [(0,)]
    defaults = server.query(
        "SELECT COLUMN_DEFAULT FROM information_schema.COLUMNS "
        f"WHERE TABLE_SCHEMA = '{old}' AND COLUMN_DEFAULT LIKE 'nextval%'"
    )
    own = [] if damage == "a sequence is gone" else [(f"nextval(`{old}`.`numbers`)",)]
    assert defaults == own
    server.query(f"SET STATEMENT foreign_key_checks = 0 FOR DROP DATABASE {old}")


@pytest.mark.parametrize(
    "view",
    [
        "DEFINER=gone@'%' VIEW v AS SELECT id FROM parent",
        "SQL SECURITY INVOKER VIEW v AS SELECT id FROM beside.t",
    ],
    ids=["its definer is gone", "it reads what the account may not"],
)
def test_old_view_that_cannot_be_read_is_kept_where_it_can_be_dumped(
    work: Workplace, server: Server, view: str
) -> None:
    """What is in no backup would be lost otherwise."""
    server.load(b"CREATE TABLE t (id INT);\n", "beside")
    server.query(f"CREATE {view}", DATABASE)
    kept = databases(server)
    result = work.restore("latest", "--overwrite")
    (old,) = databases(server) - kept
    assert (result.returncode, "broken" in result.stdout) == (0, False), result.stdout
    assert b" VIEW `v` AS select `" in (work.scratch / f"{old}.sql").read_bytes()
    for name in (old, "beside"):
        server.query(f"DROP DATABASE {name}")


def test_view_of_a_table_with_the_databases_name_stays_what_it_is(
    work: Workplace, server: Server
) -> None:
    """Its columns have the table's name before them, which is not the database's."""
    server.query("CREATE TABLE shop (id INT PRIMARY KEY)", DATABASE)
    server.query("INSERT INTO shop VALUES (7)", DATABASE)
    view = "CREATE VIEW both_ids AS SELECT shop.id, p.id AS p FROM shop JOIN parent p"
    server.query(view, DATABASE)
    back_up(work)
    before = contents(server, DATABASE)
    for arguments in (["--overwrite"], ["--into", "shop_look"]):
        assert work.restore("latest", *arguments).returncode == 0, work.messages()[-1]
    assert difference(contents(server, DATABASE), before) == []
    found = server.query("SELECT id, p FROM both_ids ORDER BY p", "shop_look")
    assert found == [(7, 1), (7, 2), (7, 3)]
    for name in databases(server):
        if name.startswith("shop_"):
            server.query(f"DROP DATABASE {name}")


def test_database_with_routines_alone_is_not_empty(work: Workplace, server: Server) -> None:
    """They are not replaced unasked."""
    server.load(b"CREATE PROCEDURE nothing() SELECT 'mine';\n", DATABASE)
    before = contents(server, DATABASE)
    assert work.restore("latest").returncode == 1
    assert "--overwrite" in work.messages()[-1]
    assert difference(contents(server, DATABASE), before) == []


def test_two_restores_into_one_database_take_turns(work: Workplace, server: Server) -> None:
    """The second is told so, whatever the first one waits for."""
    server.query(f"DROP DATABASE {DATABASE}")
    making = "SELECT 1 FROM information_schema.PROCESSLIST WHERE INFO LIKE 'CREATE DATABASE %'"
    with closing(server.connect()) as connection:
        connection.cursor().execute("FLUSH TABLES WITH READ LOCK")
        first = work.start_restore("latest")
        wait_for("the first is under way", lambda: server.query(making))
        assert work.restore("latest").returncode == 1
    first.communicate(timeout=60)
    assert first.returncode == 0
    refused, completed = work.messages()[-2:]
    assert refused == f"restore failed: another restore into {DATABASE} is under way"
    assert completed.startswith("restore completed: ")


@pytest.mark.parametrize("name", ["mysql", "SYS", "information_schema", "performance_schema"])
def test_servers_own_databases_are_no_target(work: Workplace, name: str) -> None:
    """Whatever the account may do."""
    assert work.restore("latest", "--into", name, "--overwrite").returncode == 1
    assert work.messages()[-1] == f"restore failed: {name} is the server's own database"
