"""A drill proves a backup by restoring it into a server of its own, or says what is wrong."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from datadump.drill import drill as drills
from datadump.drill.comparison import OK, Comparison
from datadump.drill.drill import definers_of, drill
from datadump.ground.progress import Phases
from datadump.load.loading import Source, load_file
from datadump.load.survey import survey
from datadump.mariadb.complaints import ServerError
from datadump.mariadb.server import Server as DrillServer
from datadump.mariadb.throwaway import Account, throwaway_server
from datadump.sql.reading import DumpFile
from support.mariadb import Server, running_server
from support.programs import Workplace
from support.restoring import back_up, workplace
from support.round_trip import DATABASE as EVERYTHING
from support.round_trip import EMPTY_DATABASE, NAMED_DATABASE, SOURCE_OPTIONS, fill, grants
from support.shop import make_account
from support.store import Store
from support.waiting import wait_for

DATABASES = {"all": EVERYTHING, "named": NAMED_DATABASE, "empty": EMPTY_DATABASE}


@pytest.fixture(scope="session")
def store(stores: Callable[[str], Store]) -> Store:
    """The other tests of the way back have the other one."""
    return stores("ministack-https")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server whose databases are backed up."""
    with running_source(tmp_path_factory.mktemp("source")) as server:
        yield server


@contextmanager
def running_source(folder: Path) -> Iterator[Server]:
    with running_server(folder, *SOURCE_OPTIONS) as server:
        fill(server)
        make_account(server, grants(server))
        yield server


@pytest.fixture
def work(tmp_path: Path, server: Server, store: Store, bucket: str) -> Workplace:
    """Settings that lead to the bucket; where the server is, a drill needn't know."""
    return workplace(tmp_path / "work", server, store, bucket)


def proof(store: Store, bucket: str) -> dict[str, Any]:
    """The one in the bucket."""
    (key,) = [key for key in store.objects(bucket) if "proofs/" in key]
    found: dict[str, Any] = json.loads(store.objects(bucket)[key])
    return found


def backup(store: Store, bucket: str) -> str:
    """The one backup's key."""
    (key,) = [key for key in store.objects(bucket) if "proofs/" not in key]
    return key


@pytest.mark.parametrize("database", DATABASES)
def test_sound_backup_is_verified(
    work: Workplace, store: Store, bucket: str, database: str
) -> None:
    """The log says so, the table shows each object, the proof is in the bucket and the listing."""
    back_up(work, DB_NAME=DATABASES[database], DUMP_COMPRESSION="zstd")
    key = backup(store, bucket)
    result = work.drill(DB_NAME=DATABASES[database], DB_HOST="nowhere.invalid")
    assert (result.returncode, result.stderr) == (0, ""), result.stdout
    assert work.messages()[-1] == f"restore verified: {key}"
    lines = result.stdout.splitlines()
    assert "verified" in lines
    if database == "named":
        assert "table     counted     2  ok" in lines
    found = proof(store, bucket)
    assert (found["verified"], found["key"]) == (True, key)
    assert found["dump-id"] == store.metadata(bucket, key)["dump-id"]
    assert f"  verified {found['at'][:10]}" in work.restore("--list").stdout
    assert list(work.scratch.iterdir()) == []


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def one_row_changed(content: bytes) -> bytes:
    assert b"(5,'a')" in content
    return content.replace(b"(5,'a')", b"(5,'y')")


def without_a_table(content: bytes) -> bytes:
    start = content.index(b"--\n-- Table structure for table `counted`")
    return content[:start] + content[content.index(b"--\n-- Dumping events") :]


@pytest.mark.parametrize(
    "damage",
    [flipped, lambda content: content[:-100], one_row_changed, without_a_table],
    ids=["flipped byte", "truncated", "row changed", "table missing"],
)
def test_damaged_object_is_not_verified(
    work: Workplace, store: Store, bucket: str, damage: Any
) -> None:
    """Its metadata says what was uploaded; the proof of before doesn't speak for it."""
    back_up(work, DB_NAME=NAMED_DATABASE)
    assert work.drill(DB_NAME=NAMED_DATABASE).returncode == 0
    key = backup(store, bucket)
    content = damage(store.objects(bucket)[key])
    store.put(bucket, key, content, **store.metadata(bucket, key))
    assert "verified" not in work.restore("--list").stdout
    result = work.drill(DB_NAME=NAMED_DATABASE)
    assert result.returncode == 1
    message = work.messages()[-1]
    assert message.startswith("restore verification failed: the object in the bucket is not what")
    assert key in message
    assert "FAILED: the object in the bucket is not what was uploaded" in result.stdout
    assert proof(store, bucket)["verified"] is False
    assert "  FAILED " in work.restore("--list").stdout


def test_metadata_of_another_file_is_not_verified(
    work: Workplace, store: Store, bucket: str
) -> None:
    """Whole, but not this object's."""
    back_up(work, DB_NAME=NAMED_DATABASE)
    key = backup(store, bucket)
    other = store.metadata(bucket, key) | {"sha256": hashlib.sha256(b"other").hexdigest()}
    store.put(bucket, key, store.objects(bucket)[key], **other)
    assert work.drill(DB_NAME=NAMED_DATABASE).returncode == 1
    assert "is not what was uploaded" in work.messages()[-1]


def put_anew(store: Store, bucket: str, key: str, content: bytes) -> None:
    """With metadata that fit, as if it had been uploaded so."""
    digest = hashlib.sha256(content).hexdigest()
    store.put(bucket, key, content, **store.metadata(bucket, key) | {"sha256": digest})


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda content: content[: content.index(b"-- Dump completed")], "dump is not whole"),
        (lambda content: content.replace(b"(5,'a')", b"(5,'a',1)"), "ERROR 1136"),
    ],
    ids=["cut before the upload", "does not load"],
)
def test_backup_that_was_bad_from_the_start_is_not_verified(
    work: Workplace, store: Store, bucket: str, damage: Any, reason: str
) -> None:
    """And the proof says why."""
    back_up(work, DB_NAME=NAMED_DATABASE)
    key = backup(store, bucket)
    put_anew(store, bucket, key, damage(store.objects(bucket)[key]))
    assert work.drill(DB_NAME=NAMED_DATABASE).returncode == 1
    assert reason in work.messages()[-1]
    assert reason in proof(store, bucket)["reason"]


ANOTHER_ORDER = b"""
CREATE TABLE anew LIKE no_key; INSERT INTO anew SELECT * FROM no_key ORDER BY a DESC, b DESC;
DROP TABLE no_key; RENAME TABLE anew TO no_key;
"""
CHANGES = {
    "DELETE FROM no_key WHERE a = 1 LIMIT 1": "table no_key has 5 rows instead of 6",
    "UPDATE bytes SET b = INSERT(b, 9000000, 1, '!') WHERE id = 3": "table bytes has other rows",
    "UPDATE texts SET t = '' WHERE id = 2": "table texts has other rows",
    "DELETE HISTORY FROM versioned": "table versioned has 2 rows instead of 5",
    "DROP TABLE empty": "table empty is missing",
    "CREATE TABLE more (id INT)": "table more is not in the dump",
    "DROP TRIGGER on_delete": "trigger on_delete is missing",
    "DROP VIEW a_view": "view a_view is missing",
    "ALTER VIEW b_view AS SELECT id, a FROM z_view": "view b_view has another definition",
    "DROP PROCEDURE of_latin1": "procedure of_latin1 is missing",
    "DROP EVENT disabled": "event disabled is missing",
    "ALTER EVENT on_replica ENABLE": "event on_replica has another definition",
    "ALTER TABLE rules COMMENT ''": "table rules has another definition",
    "ALTER TABLE made AUTO_INCREMENT = 5000": "table made has another definition",
    "SELECT SETVAL(z_sequence, 5000)": "sequence z_sequence has another definition",
}


@pytest.fixture(scope="module")
def restored(
    server: Server, stores: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[DrillServer, Any]]:
    """A drill's server with the big database in it, and the comparison with the dump."""
    folder = tmp_path_factory.mktemp("restored")
    work = workplace(folder / "work", server, stores("seaweedfs-http"), "unused")
    assert work.dump(DB_NAME=EVERYTHING).returncode == 0, work.messages()
    dump = DumpFile(str(work.dumps / "datadump.sql"))
    inventory, outline = survey(dump)
    first, definers = "SET timestamp = 1700000000", definers_of(inventory)
    with throwaway_server(str(work.scratch), first, EVERYTHING, definers) as drill_server:
        load_file(drill_server, Source(dump, EVERYTHING), EVERYTHING, outline)
        yield drill_server, lambda: Comparison(drill_server, EVERYTHING, inventory, dump).outcome()


def test_progress_of_a_comparison_ends_with_all_of_the_dump(
    restored: tuple[DrillServer, Any],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So it does where rows are compared in any order, which takes both dumps."""
    drill_server, compare = restored
    drill_server.load([ANOTHER_ORDER], EVERYTHING)
    monkeypatch.setattr("datadump.ground.progress.SECONDS_BETWEEN_REPORTS", 0.0)
    assert compare().reason == ""
    lines = capfd.readouterr().out.splitlines()
    for begin in ("compare: ", "compare rows in any order: "):
        told = [line.removeprefix(begin) for line in lines if line.startswith(begin)]
        parts = [int(line.partition(" % of the dump")[0]) for line in told]
        assert parts == sorted(parts)
        assert len(set(parts)) > 1
        assert parts[-1] >= 99


def test_every_difference_is_found(restored: tuple[DrillServer, Any]) -> None:
    """Otherwise a drill would prove nothing. Each stays; the ones before it are known."""
    drill_server, compare = restored
    assert compare().reason == ""
    drill_server.load([ANOTHER_ORDER], EVERYTHING)
    assert compare().reason == ""
    known: set[str] = set()
    for change, reason in CHANGES.items():
        drill_server.load([f"{change};\n".encode()], EVERYTHING)
        found = compare().findings
        wrong = {f"{f.name.kind} {f.name.name} {f.result}" for f in found if f.result != OK}
        assert wrong - known == {reason}, change
        known = wrong


HOSTILE = {
    "a file": "SELECT 'owned' INTO OUTFILE '{folder}/file'",
    "a file by the rights of root": (
        "CREATE DEFINER=root@localhost PROCEDURE p() SELECT 'owned' INTO OUTFILE '{folder}/file'; "
        "CALL p()"
    ),
    "a file by the rights of a definer": (
        "CREATE DEFINER=another@`%` PROCEDURE p() SELECT 'owned' INTO OUTFILE '{folder}/file'; "
        "CALL p()"
    ),
    "a secret of the server's side": (
        "CREATE TABLE stolen (t TEXT NOT NULL); INSERT INTO stolen SELECT LOAD_FILE('{secret}')"
    ),
    "a secret by the rights of root": (
        "CREATE DEFINER=root@localhost FUNCTION f() RETURNS TEXT RETURN LOAD_FILE('{secret}'); "
        "CREATE TABLE stolen (t TEXT NOT NULL); INSERT INTO stolen SELECT f()"
    ),
    "a secret, table by table": (
        "CREATE TABLE stolen (t TEXT); LOAD DATA INFILE '{secret}' INTO TABLE stolen"
    ),
    "a secret of the client's side": (
        "CREATE TABLE stolen (t TEXT); LOAD DATA LOCAL INFILE '{secret}' INTO TABLE stolen"
    ),
    "a log": "SET GLOBAL general_log_file = '{folder}/file'",
    "a plugin": "INSTALL SONAME 'ha_archive'",
    "one of a name": "INSTALL PLUGIN federated SONAME 'ha_federatedx.so'",
    "a function of a library": "CREATE FUNCTION f RETURNS INT SONAME 'udf.so'",
    "another server": "CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST '127.0.0.1')",
    "rights": "GRANT FILE ON *.* TO CURRENT_USER",
    "the server's own tables": "UPDATE mysql.global_priv SET Priv = '{{}}'",
    "another database": "CREATE DATABASE elsewhere",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_statement_of_a_dump_reaches_nothing_but_its_database(tmp_path: Path, name: str) -> None:
    """Whoever can write into the bucket can write a dump."""
    scratch, folder, secret = tmp_path / "scratch", tmp_path / "folder", tmp_path / "secret"
    scratch.mkdir()
    folder.mkdir()
    secret.write_text("the bucket's keys")
    sql = HOSTILE[name].format(folder=folder, secret=secret)
    definers = [Account("root", "localhost"), Account("another", "%"), Account("role", "")]
    numbers = "1045|1044|1227|1142|1290|1048|4166|1148|1286"
    with throwaway_server(str(scratch), "SET @x = 1", "db_%", definers) as drill_server:
        drill_server.load([b"CREATE TABLE t (a INT);\n"], "db_%")
        with pytest.raises(ServerError, match=rf"ERROR ({numbers})\b"):
            drill_server.load([f"{sql};\n".encode()], "db_%")
    assert list(folder.iterdir()) == []


def test_engine_that_reaches_out_of_the_server_is_unknown(tmp_path: Path) -> None:
    """To a file, or to another server."""
    with throwaway_server(str(tmp_path), "SET @x = 1", "db", []) as drill_server:
        for engine in ("FEDERATED", "CONNECT", "SPIDER", "S3", "SPHINX", "OQGRAPH"):
            table = f"CREATE TABLE t (a INT) ENGINE={engine} CONNECTION='mysql://u@127.0.0.1/d/t'"
            sql = f"SET sql_mode = 'NO_ENGINE_SUBSTITUTION'; {table};\n"
            with pytest.raises(ServerError, match=f"ERROR 1286.*Unknown storage engine '{engine}'"):
                drill_server.load([sql.encode()], "db")


REFERRING = {
    "a parent in another database": (
        "SET foreign_key_checks = 0; CREATE TABLE c (a INT, FOREIGN KEY (a) REFERENCES other.p (b))"
    ),
    "a view of the server's accounts": (
        "CREATE DEFINER=another@`%` VIEW v AS SELECT User FROM mysql.user; SELECT * FROM v"
    ),
    "a view of the server's threads": (
        "CREATE VIEW v AS SELECT NAME FROM performance_schema.threads; SELECT * FROM v"
    ),
}


@pytest.mark.parametrize("name", REFERRING)
def test_dump_may_refer_to_what_every_server_has(tmp_path: Path, name: str) -> None:
    """And to what isn't there, where the server allows that."""
    definers = [Account("another", "%")]
    with throwaway_server(str(tmp_path), "SET @x = 1", "db", definers) as drill_server:
        drill_server.load([f"{REFERRING[name]};\n".encode()], "db")


def test_table_of_a_dump_has_its_data_where_the_server_has_its_own(tmp_path: Path) -> None:
    """A dump may say another folder; the logs, say, of the container."""
    scratch, folder = tmp_path / "scratch", tmp_path / "folder"
    scratch.mkdir()
    folder.mkdir()
    with throwaway_server(str(scratch), "SET @x = 1", "db", []) as drill_server:
        for engine in ("InnoDB", "MyISAM", "Aria"):
            table = f"CREATE TABLE {engine} (a INT) ENGINE={engine} DATA DIRECTORY='{folder}'"
            drill_server.load([f"{table};\n".encode()], "db")
        assert list(folder.rglob("*")) == []


@pytest.mark.parametrize("place", [b"/*!40103 SET TIME_ZONE=@OLD", b"INSERT INTO `counted`"])
def test_dump_with_a_statement_that_never_ends_is_given_up(
    work: Workplace, monkeypatch: pytest.MonkeyPatch, place: bytes
) -> None:
    """Over one connection or several; nothing of it stays. The next drill by cron would wait.

    The statement, which the drill would refuse, stands for a definition that computes for hours.
    """
    monkeypatch.setattr(drills, "read", lambda dump, *_: survey(dump, even_if_foreign=True))
    assert work.dump(DB_NAME=NAMED_DATABASE).returncode == 0
    path = work.dumps / "datadump.sql"
    content = path.read_bytes()
    assert place in content
    path.write_bytes(content.replace(place, b"DO SLEEP(1000);\n" + place))
    monkeypatch.setattr(drills, "SECONDS", 8)
    started = time.monotonic()
    with pytest.raises(TimeoutError, match="took over 8 seconds"):
        drill(DumpFile(str(path)), str(work.scratch), time.time(), "", Phases())
    assert time.monotonic() - started < 60
    assert list(work.scratch.iterdir()) == []


def test_killed_drill_is_swept_by_the_next(work: Workplace, store: Store, bucket: str) -> None:
    """Its server ends with it, and its data goes."""
    back_up(work, DB_NAME=NAMED_DATABASE)
    process = work.start_drill(DB_NAME=NAMED_DATABASE)
    socket = wait_for("the drill's server", lambda: list(work.scratch.glob("drill.*/pid")))
    pid = int(socket[0].read_text() or 0)
    process.kill()
    process.communicate()
    wait_for("the server ends", lambda: not alive(pid))
    assert list(work.scratch.glob("drill.*"))
    assert work.drill(DB_NAME=NAMED_DATABASE).returncode == 0
    assert list(work.scratch.iterdir()) == []
    assert proof(store, bucket)["verified"] is True


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return state != "Z"


@pytest.mark.parametrize(
    ("number", "reason"),
    [(signal.SIGTERM, "stopped by SIGTERM"), (signal.SIGINT, "stopped")],
    ids=["SIGTERM", "SIGINT"],
)
def test_stopped_drill_leaves_nothing(work: Workplace, number: int, reason: str) -> None:
    """One line, and no proof of what wasn't proven."""
    back_up(work, DB_NAME=NAMED_DATABASE)
    process = work.start_drill(DB_NAME=NAMED_DATABASE)
    wait_for("the drill's server", lambda: list(work.scratch.glob("drill.*/pid")))
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == 1
    assert work.messages()[-1] == f"restore verification failed: {reason}"
    assert list(work.scratch.glob("drill.*")) == []
    assert "-\n" in work.restore("--list").stdout


def test_drill_whose_own_server_dies_says_nothing_of_the_backup(
    work: Workplace, store: Store, bucket: str
) -> None:
    """The proof of before stays."""
    back_up(work, DB_NAME=NAMED_DATABASE)
    assert work.drill(DB_NAME=NAMED_DATABASE).returncode == 0
    process = work.start_drill(DB_NAME=NAMED_DATABASE)
    (pid_file,) = wait_for("the drill's server", lambda: list(work.scratch.glob("drill.*/pid")))
    os.kill(int(pid_file.read_text()), signal.SIGKILL)
    process.communicate(timeout=60)
    assert process.returncode == 1
    assert work.messages()[-1].startswith("restore verification failed: ")
    assert proof(store, bucket)["verified"] is True
