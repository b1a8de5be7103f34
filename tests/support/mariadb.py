"""A real MariaDB server of the machine's own version, and what a database holds."""

from __future__ import annotations

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
        """Make the database anew and load the SQL with the real client."""
        anew = (
            f"SET foreign_key_checks = 0; DROP DATABASE IF EXISTS `{database}`; "
            f"SET foreign_key_checks = 1; CREATE DATABASE `{database}`; USE `{database}`;\n"
        )
        subprocess.run(
            ["mariadb", "--no-defaults", f"--socket={self.socket}", "--user=root",
             "--default-character-set=utf8mb4"],
            input=anew.encode() + sql, check=True,
        )  # fmt: skip

    def version(self) -> str:
        return str(self.query("SELECT VERSION()")[0][0])


@contextmanager
def running_server(folder: Path, *options: str) -> Iterator[Server]:
    """Mariadbd on a free port of the loopback interface, with its data in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        ["mariadb-install-db", "--no-defaults", "--user=root", f"--datadir={folder / 'data'}",
         "--auth-root-authentication-method=normal", "--skip-test-db"],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    port = free_port()
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            ["mariadbd", "--no-defaults", "--user=root", f"--datadir={folder / 'data'}",
             f"--socket={folder / 'socket'}", f"--port={port}", "--bind-address=127.0.0.1",
             f"--pid-file={folder / 'pid'}", "--innodb-flush-log-at-trx-commit=0",
             "--max-allowed-packet=64M", *options],
            stdout=log, stderr=log,
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


def contents(server: Server, database: str) -> dict[str, Any]:
    """All that a dump has to bring back: each object's definition, each table's rows."""
    found: dict[str, Any] = {}
    for name, kind in server.query("SHOW FULL TABLES", database):
        definition = server.query(f"SHOW CREATE TABLE `{name}`", database)[0][1]
        found[f"{kind} {name}"] = normal(definition, database)
        if kind != "SEQUENCE":
            found[f"rows of {name}"] = sorted(
                server.query(f"SELECT * FROM `{name}`", database), key=repr
            )
    for kind in ("PROCEDURE", "FUNCTION"):
        for (name,) in server.query(
            f"SELECT ROUTINE_NAME FROM information_schema.ROUTINES "
            f"WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_TYPE = '{kind}'", database
        ):  # fmt: skip
            found[f"{kind} {name}"] = server.query(f"SHOW CREATE {kind} `{name}`", database)[0][2]
    for row in server.query("SHOW TRIGGERS", database):
        found[f"TRIGGER {row[0]}"] = row[1:5]
    for row in server.query("SHOW EVENTS", database):
        found[f"EVENT {row[1]}"] = server.query(f"SHOW CREATE EVENT `{row[1]}`", database)[0][3]
    return found


def normal(definition: str, database: str) -> str:
    """A view's definition names its database."""
    return definition.replace(f"`{database}`.", "")
