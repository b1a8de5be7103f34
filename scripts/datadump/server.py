"""A MariaDB server: what is asked of it, what is loaded into it, what is dumped from it.

Questions go through mysqlclient; dumps are loaded and taken by MariaDB's own programs.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from itertools import chain
from typing import IO, Any, BinaryIO

import MySQLdb

SCRIPTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DUMP_OPTIONS = os.path.join(SCRIPTS, "mariadb-dump.cnf")
BUFFER = 1024 * 1024  # bytes
LONGEST_COMPLAINT = 4096  # bytes
LONGEST_LOCK = 64  # characters of a lock's name
NO_TIME_LIMIT = b"SET max_statement_time = 0;\n"  # whatever the server's own
LOCK_WAIT = 30  # seconds for a table that somebody else uses


class ServerError(Exception):
    """The server or one of the clients refused something; the text is its own."""


def quote(name: str) -> str:
    """The name as SQL writes it."""
    return "`" + name.replace("`", "``") + "`"


class Server:
    """One account at one server. ``options`` is the text of an option file for the clients.

    All methods raise ServerError.
    """

    def __init__(self, options: bytes) -> None:
        # In memory, since it may hold a password; the clients ignore one that others could write.
        self._options = os.memfd_create("mariadb-options")
        os.fchmod(self._options, 0o600)
        os.write(self._options, options)

    def query(self, sql: str, *values: object, sql_mode: str = "") -> list[tuple[Any, ...]]:
        """The rows of one statement, over a connection of its own."""
        try:
            with closing(self._connect(sql_mode)) as connection:
                return rows_of(connection, sql, *values)
        except MySQLdb.Error as error:
            raise ServerError(str(error.args[-1])) from error

    @contextmanager
    def lock(self, name: str) -> Iterator[bool]:
        """A lock of that name, as long as the context lasts; False where somebody else has it."""
        digest = hashlib.sha256(name.encode()).hexdigest()[:LONGEST_LOCK]
        try:
            connection = self._connect("")
            ((got,),) = rows_of(connection, "SELECT GET_LOCK(%s, 0)", digest)
        except MySQLdb.Error as error:
            raise ServerError(str(error.args[-1])) from error
        with closing(connection):
            yield bool(got)

    def _connect(self, sql_mode: str) -> Any:  # noqa: ANN401
        return MySQLdb.connect(
            read_default_file=f"/proc/self/fd/{self._options}",
            charset="utf8mb4",
            autocommit=True,
            connect_timeout=20,
            init_command=(
                f"SET sql_mode = '{sql_mode}', lock_wait_timeout = {LOCK_WAIT}, "
                "wait_timeout = 604800"
            ),
        )

    def load(self, sql: Iterable[bytes], database: str) -> None:
        """Run these pieces of SQL; it ends at the first error."""
        # Texts keep their comments and their line ends, and no line is a command of the client.
        command = [
            *self._command("mariadb"),
            "--binary-mode",
            "--comments",
            "--max-allowed-packet=1G",
            f"--database={database}",
        ]
        with tempfile.TemporaryFile() as errors:
            client = self._start(command, stdin=subprocess.PIPE, stderr=errors)
            widen(client.stdin)
            try:
                client.stdin.writelines(chain([NO_TIME_LIMIT], sql))  # type: ignore[union-attr]
            except BrokenPipeError:
                pass  # it says why
            except BaseException:
                client.kill()
                client.wait()
                raise
            finally:
                with suppress(BrokenPipeError):
                    client.stdin.close()  # type: ignore[union-attr]
            check(client, errors)

    @contextmanager
    def dump(self, database: str, *options: str) -> Iterator[BinaryIO]:
        """The SQL of a dump, by the same options as the dumps in the bucket, and these."""
        command = [*self._command("mariadb-dump"), *options, "--", database]
        with tempfile.TemporaryFile() as errors:
            client = self._start(command, stdout=subprocess.PIPE, stderr=errors)
            widen(client.stdout)
            try:
                yield client.stdout  # type: ignore[misc]
            except BaseException:
                client.kill()
                client.wait()
                raise
            client.stdout.close()  # type: ignore[union-attr]
            check(client, errors)

    def _command(self, program: str) -> list[str]:
        return [program, f"--defaults-file=/dev/fd/{self._options}"]

    def _start(self, command: list[str], **streams: Any) -> subprocess.Popen[bytes]:  # noqa: ANN401
        return subprocess.Popen(command, bufsize=BUFFER, pass_fds=[self._options], **streams)


def widen(pipe: IO[bytes] | None) -> None:
    """Give the pipe room for a chunk, so that the programs at its ends work at the same time.

    Where the system has no more to give, they take turns.
    """
    with suppress(OSError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, BUFFER)  # type: ignore[arg-type]


def rows_of(connection: Any, sql: str, *values: object) -> list[tuple[Any, ...]]:  # noqa: ANN401
    """The rows of one statement."""
    with closing(connection.cursor()) as cursor:
        cursor.execute(sql, values or None)
        return list(cursor.fetchall())


def check(client: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
    """Wait for a client's end; ServerError where it wasn't a good one."""
    if client.wait() == 0:
        return
    size = errors.seek(0, os.SEEK_END)
    errors.seek(max(0, size - LONGEST_COMPLAINT))
    said = errors.read().decode(errors="replace")
    # The client shows the statement first: rows, which are nobody's business, and may be long.
    complaint = said[max(said.rfind("\nERROR "), 0) :]
    raise ServerError(" ".join(complaint.split()) or f"a client's status is {client.returncode}")
