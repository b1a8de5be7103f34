"""A real MariaDB server of the machine's own version, and what a database holds."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import MySQLdb

from support.waiting import free_port, wait_for

Rows = list[tuple[Any, ...]]


@dataclass
class Server:
    """A running server, seen as root through its socket."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def socket(self) -> str:
        return str(self.folder / "socket")

    def connect(self, database: str = "mysql") -> Any:
        return MySQLdb.connect(
            unix_socket=self.socket, user="root", database=database, charset="utf8mb4",
            autocommit=True,
        )  # fmt: skip

    def query(self, sql: str, database: str = "mysql") -> Rows:
        connection = self.connect(database)
        try:
            cursor = connection.cursor()
            cursor.execute(sql)
            return list(cursor.fetchall())
        finally:
            connection.close()

    def load(self, sql: bytes, database: str) -> None:
        """Make the database anew and load the SQL with the real client.

        Otherwise the client drops the comments and the carriage returns of routines.
        """
        name = quoted(database)
        anew = (
            f"SET foreign_key_checks = 0; DROP DATABASE IF EXISTS {name}; "
            f"SET foreign_key_checks = 1; CREATE DATABASE {name}; USE {name};\n"
        )
        self.run(anew.encode() + sql, "mysql")

    def run(self, sql: bytes, database: str) -> None:
        """The SQL by the real client, which takes more than one statement."""
        subprocess.run(
            ["mariadb", "--no-defaults", f"--socket={self.socket}", "--user=root",
             "--default-character-set=utf8mb4", "--comments", "--binary-mode", database],
            input=sql, check=True,
        )  # fmt: skip

    def version(self) -> str:
        return str(self.query("SELECT VERSION()")[0][0])


@contextmanager
def running_server(folder: Path, *options: str) -> Iterator[Server]:
    """Mariadbd on a free port of the loopback interface, with its data in the folder."""
    temporary = folder / "tmp"
    temporary.mkdir(parents=True)
    # A server that starts deletes what looks like temporary tables there, other servers' as well,
    # which may crash them.
    environment = {**os.environ, "TMPDIR": str(temporary)}
    subprocess.run(
        ["mariadb-install-db", "--no-defaults", "--user=root", f"--datadir={folder / 'data'}",
         "--auth-root-authentication-method=normal", "--skip-test-db"],
        check=True, stdout=subprocess.DEVNULL, env=environment,
    )  # fmt: skip
    port = free_port()
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            ["mariadbd", "--no-defaults", "--user=root", f"--datadir={folder / 'data'}",
             f"--socket={folder / 'socket'}", f"--port={port}", "--bind-address=127.0.0.1",
             f"--pid-file={folder / 'pid'}", "--innodb-flush-log-at-trx-commit=0",
             "--max-allowed-packet=64M", *options],
            stdout=log, stderr=log, env=environment,
        )  # fmt: skip
    server = Server(folder, port, process)
    try:
        wait_for("MariaDB accepts connections", lambda: accepts(server), 60)
        yield server
    finally:
        process.kill()
        process.wait()


def accepts(server: Server) -> bool:
    assert server.process.poll() is None, (server.folder / "log").read_text()
    try:
        server.connect().close()
    except MySQLdb.OperationalError:
        return False
    return True


# Of the session that made an object, and of the database at that time.
CHARACTER_SETS = "character sets of "
# Longer values are compared by their digest.
LONG = 4096
NO_SUCH_DEFINER = 1449
PROGRAMS = {
    "PROCEDURE": "ROUTINE",
    "FUNCTION": "ROUTINE",
    "PACKAGE": "ROUTINE",
    "PACKAGE BODY": "ROUTINE",
    "TRIGGER": "TRIGGER",
    "EVENT": "EVENT",
}
ORDER_OF_TRIGGERS = """
    SELECT EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER, TRIGGER_NAME
    FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() ORDER BY 1, 2, 3, 4"""
STATE_OF_EVENTS = """
    SELECT EVENT_NAME, STATUS, ON_COMPLETION, TIME_ZONE, EXECUTE_AT, STARTS, ENDS, EVENT_COMMENT
    FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE() ORDER BY 1"""


def quoted(name: str) -> str:
    return "`{}`".format(name.replace("`", "``"))


def contents(server: Server, database: str) -> dict[str, Any]:
    """All that a dump has to bring back: each object's definition, each table's rows.

    Columns that SELECT * leaves out are read too, and the rows of history.
    """
    connection = server.connect(database)
    try:
        cursor = connection.cursor()
        cursor.execute("SET time_zone = '+00:00', sql_mode = '', NAMES utf8mb4")
        return {
            name: normal(value, database)
            for part in (database_itself, tables, programs)
            for name, value in part(cursor)
        }
    finally:
        connection.close()


def rows_of(cursor: Any, sql: str, *values: str) -> Rows:
    cursor.execute(sql, values or None)
    return list(cursor.fetchall())


def database_itself(cursor: Any) -> Iterator[tuple[str, Any]]:
    yield (
        f"{CHARACTER_SETS}the database",
        rows_of(cursor, "SELECT @@character_set_database, @@collation_database"),
    )


def tables(cursor: Any) -> Iterator[tuple[str, Any]]:
    for name, kind in rows_of(
        cursor,
        "SELECT TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES "
        "WHERE TABLE_SCHEMA = DATABASE()",
    ):
        show = "VIEW" if kind == "VIEW" else "TABLE"
        (definition,) = rows_of(cursor, f"SHOW CREATE {show} {quoted(name)}")
        yield f"{kind} {name}", definition[1]
        yield f"{CHARACTER_SETS}{name}", definition[2:]
        yield f"rows of {name}", rows(cursor, name, kind)


def rows(cursor: Any, table: str, kind: str) -> Any:
    """All rows, in an order of their own: each value as bytes that tell it from any other."""
    columns = rows_of(
        cursor,
        "SELECT COLUMN_NAME, DATA_TYPE, GENERATION_EXPRESSION FROM information_schema.COLUMNS "
        "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = BINARY %s ORDER BY ORDINAL_POSITION",
        table,
    )
    values = [as_bytes(quoted(column), data_type) for column, data_type, _ in columns]
    source = quoted(table)
    if kind == "SYSTEM VERSIONED":
        source += " FOR SYSTEM_TIME ALL"
        if "ROW START" not in [made for _, _, made in columns]:
            values += ["ROW_START", "ROW_END"]
    try:
        return sorted(rows_of(cursor, f"SELECT {', '.join(values)} FROM {source}"), key=repr)
    except MySQLdb.OperationalError as error:
        if error.args[0] != NO_SUCH_DEFINER:
            raise
        return error.args[1]


def as_bytes(column: str, data_type: str) -> str:
    """The server shows only six digits of a FLOAT, but all of a DOUBLE."""
    if data_type == "float":
        column = f"CAST({column} AS DOUBLE)"
    digest = f"CONCAT(LENGTH({column}), ' bytes, SHA-256 ', SHA2({column}, 256))"
    return f"IF(LENGTH({column}) > {LONG}, {digest}, CAST({column} AS BINARY))"


def programs(cursor: Any) -> Iterator[tuple[str, Any]]:
    """Definitions, the order in which triggers are run, and all that is known of events."""
    for kind, source in PROGRAMS.items():
        for name in names(cursor, kind, source):
            (definition,) = rows_of(cursor, f"SHOW CREATE {kind} {quoted(name)}")
            if kind == "TRIGGER":
                definition = definition[:-1]  # when it was made
            yield f"{kind} {name}", definition[1:-3]
            yield f"{CHARACTER_SETS}{kind} {name}", definition[-3:]
    yield "order of triggers", rows_of(cursor, ORDER_OF_TRIGGERS)
    yield "state of events", rows_of(cursor, STATE_OF_EVENTS)


def names(cursor: Any, kind: str, source: str) -> list[str]:
    where = f" AND ROUTINE_TYPE = '{kind}'" if source == "ROUTINE" else ""
    found = rows_of(
        cursor,
        f"SELECT {source}_NAME FROM information_schema.{source}S "
        f"WHERE {source}_SCHEMA = DATABASE(){where}",
    )
    return [str(name) for (name,) in found]


def normal(value: Any, database: str) -> Any:
    """A view's definition names its database."""
    if isinstance(value, str):
        return value.replace(f"{quoted(database)}.", "")
    if isinstance(value, tuple | list):
        return type(value)(normal(item, database) for item in value)
    return value
