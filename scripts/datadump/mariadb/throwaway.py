"""A MariaDB server for one drill: a private socket, no port, and data that goes with it.

What a drill loads isn't trusted: whoever can write into the bucket can write a dump. So an account
loads it that has rights on one database, at a server where none has others: no file can be read or
written, whomever a view or a routine names as its definer.
"""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from datadump.mariadb.complaints import ServerError
from datadump.mariadb.server import DUMP_OPTIONS, Server
from datadump.sql.quoting import quote

SECONDS_TO_START = 120
ZONES = "/usr/share/zoneinfo"
# Beside those on the database: definers are as the dump says, and parents of foreign keys.
OWN_RIGHTS = ("SET USER ON *.*", "REFERENCES ON *.*")
# What views may read of any server; this one's tables hold nothing that isn't in the dump.
READABLE = ("mysql", "performance_schema")


class Account(NamedTuple):
    """A user, or a role, which has no host, of a MariaDB server."""

    user: str
    host: str

    @property
    def sql(self) -> str:
        """The account as GRANT names it."""
        return f"{quote(self.user)}@{quote(self.host)}" if self.host else quote(self.user)


class ThrowawayServer(Server):
    """A server that this process has started, seen by one of its accounts.

    ``folder`` holds its data, socket and log. What is loaded there begins with the statement
    ``first``.
    """

    def __init__(
        self, folder: str, user: str, process: subprocess.Popen[bytes], first: str = ""
    ) -> None:
        super().__init__(
            f"[client]\nsocket={folder}/socket\nuser={user}\nskip-ssl\n"
            f"default-character-set=utf8mb4\n!include {DUMP_OPTIONS}\n".encode(),
            first,
        )
        self._folder, self._process = folder, process

    def seen_by(self, user: str, first: str) -> ThrowawayServer:
        """The same server, seen by another of its accounts."""
        return ThrowawayServer(self._folder, user, self._process, first)

    def last_words(self) -> str:
        """The last line of the server's log."""
        with open(log_of(self._folder), errors="replace") as file:
            return last_line(file.read())

    def require_life(self) -> None:
        """Raises OSError where the server has ended: out of memory, or of disk, or killed."""
        if self._process.poll() is not None:
            raise OSError(
                f"the drill's server ended, status {self._process.returncode}: {self.last_words()}"
            )

    def wait_until_it_answers(self) -> None:
        """Wait; ServerError where the server ends, or doesn't answer within two minutes."""
        deadline = time.monotonic() + SECONDS_TO_START
        while True:
            try:
                self.query("SELECT 1")
                return
            except ServerError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise ServerError(
                        f"the drill's server does not start: {self.last_words()}"
                    ) from None
                time.sleep(0.1)


@contextmanager
def throwaway_server(
    folder: str, first: str, database: str, definers: Iterable[Account]
) -> Iterator[ThrowawayServer]:
    """A server that nobody else has, with that empty database, as long as the context lasts.

    ``folder`` is an empty one for its data. What is loaded there begins with the statement
    ``first``, and may name the accounts ``definers``. Raises ServerError and OSError.
    """
    make_data(folder)
    with running(folder) as root:
        load_time_zones(root)
        yield root.seen_by(leave_one_account(root, database, definers), first)


def make_data(folder: str) -> None:
    """Make the tables of the server itself, in a folder that is empty. Raises ServerError."""
    made = subprocess.run(
        [
            "mariadb-install-db",
            "--no-defaults",
            f"--user={user()}",
            f"--datadir={folder}/data",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise ServerError(f"mariadb-install-db: {last_line(made.stdout + made.stderr)}")


def user() -> str:
    """The user that the server runs as: who runs this. Where that is root, it has to be said."""
    return "root" if os.geteuid() == 0 else str(os.geteuid())


@contextmanager
def running(folder: str) -> Iterator[ThrowawayServer]:
    """The server as its root sees it, as long as the context lasts, and killed then."""
    os.mkdir(files_of(folder))
    with open(log_of(folder), "wb") as output:
        process = subprocess.Popen(command(folder), stdout=output, stderr=output)
    try:
        server = ThrowawayServer(folder, "root", process)
        server.wait_until_it_answers()
        yield server
    finally:
        process.kill()  # nobody needs its data any more
        process.wait()


def leave_one_account(root: ThrowawayServer, database: str, definers: Iterable[Account]) -> str:
    """Make the database and an account that may do everything with it; returns the account's name.

    No other stays, but the definers, who may do less, and whom views of the server itself belong
    to. So no connection of root can be made after this one.
    """
    own = Account(f"drill-{secrets.token_hex(8)}", "localhost")
    there = [
        Account(user, host).sql
        for user, host in root.query("SELECT User, Host FROM mysql.user WHERE is_role = 'N'")
    ]
    statements = [f"CREATE DATABASE {quote(database)}", f"DROP USER {', '.join(there)}"]
    for account in (own, Account("mariadb.sys", "localhost"), *definers):
        kind = "USER" if account.host else "ROLE"
        rights = [f"ALL PRIVILEGES ON {pattern(database)}.*"]
        rights += [f"SELECT ON {readable}.*" for readable in READABLE]
        statements.append(f"CREATE {kind} IF NOT EXISTS {account.sql}")
        statements += [f"GRANT {right} TO {account.sql}" for right in rights]
    statements += [f"GRANT {right} TO {own.sql}" for right in OWN_RIGHTS]
    root.load([f"{statement};\n".encode() for statement in statements], "mysql")
    return own.user


def pattern(database: str) -> str:
    """The name as GRANT takes it, to whom some characters mean any text."""
    return quote(re.sub(r"([\\_%])", r"\\\1", database))


def log_of(folder: str) -> str:
    """The path of the log, for a server with its data in that folder."""
    return os.path.join(folder, "log")


def files_of(folder: str) -> str:
    """The one folder where SQL could read and write files, if an account had the right."""
    return os.path.join(folder, "files")


def command(folder: str) -> list[str]:
    """How the server is started: it needn't keep its data over a crash, and so is faster."""
    return [
        "setpriv",
        "--pdeathsig=KILL",
        "mariadbd",
        "--no-defaults",
        f"--user={user()}",
        f"--datadir={folder}/data",
        f"--socket={folder}/socket",
        f"--pid-file={folder}/pid",
        f"--tmpdir={folder}",
        "--skip-networking",
        f"--secure-file-priv={files_of(folder)}",
        "--skip-local-infile",
        "--skip-symbolic-links",  # no DATA DIRECTORY
        f"--plugin-dir={files_of(folder)}",  # no engine, function or plugin of a library
        "--event-scheduler=OFF",
        "--max-allowed-packet=1G",
        "--innodb-flush-log-at-trx-commit=0",
        "--innodb-doublewrite=OFF",
        "--innodb-log-file-size=256M",
        "--innodb-buffer-pool-size=256M",
        "--innodb-stats-auto-recalc=OFF",
    ]


def load_time_zones(server: Server) -> None:
    """Make the server know the named time zones of this host: events may name one."""
    with subprocess.Popen(
        ["mariadb-tzinfo-to-sql", "--skip-write-binlog", ZONES],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as zones:
        server.load(zones.stdout or [], "mysql")


def last_line(text: str) -> str:
    """The last line of what a program said."""
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it said nothing"
