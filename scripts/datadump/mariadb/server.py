"""A MariaDB server: what is asked of it, what is loaded into it, what is dumped from it.

Questions go through mysqlclient, and so do dumps of mariadb-dump's as they are loaded; dumps are
taken, and those of others loaded, by MariaDB's own programs.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from itertools import chain
from typing import IO, Any, BinaryIO

import MySQLdb

from datadump.ground.paths import COMMON
from datadump.ground.pipes import BUFFER, widen
from datadump.mariadb.complaints import NO_REMEDIES, ServerError, complaint_of, refusal
from datadump.mariadb.session import Session, rows_of, session
from datadump.sql.quoting import quote

DUMP_OPTIONS = os.path.join(COMMON, "mariadb-dump.cnf")
LONGEST_COMPLAINT = 4096  # bytes
LONGEST_LOCK = 64  # characters of a lock's name
# For what is loaded: a statement may take as long as it needs, and wait for a table as long as the
# server lets it.
NO_HURRY = b"SET max_statement_time = 0, lock_wait_timeout = DEFAULT;\n"
LOCK_WAIT = 30  # seconds for a table that somebody else uses
# A group of the option file that only MySQLdb reads. Of the plugins that come with its library, the
# others give a server that asks for it the password itself: mysql_clear_password, dialog (PAM's),
# and sha256_password, by whatever key the server shows. Libraries before 3.3.10 don't know this.
MYSQLDB = "datadump"
PLUGINS = "mysql_native_password,client_ed25519,parsec,caching_sha2_password,auth_gssapi_client"
OPTIONS_OF_MYSQLDB = f"\n[{MYSQLDB}]\nrestricted-auth={PLUGINS}\n".encode()


def word(text: str) -> str:
    """The text that a server told, where SQL takes a bare word. Raises ServerError for another."""
    if not re.fullmatch(r"\w+", text):
        raise ServerError(f"the server tells {text!r} where a word is expected")
    return text


class Server:
    """One account at one server. ``options`` is the text of an option file for the clients.

    What is loaded begins with the statement ``first``, if there is one. All methods raise
    ServerError, with one of the ``remedies`` where there is one for a connection's refusal.
    """

    def __init__(
        self, options: bytes, first: str = "", remedies: Mapping[int, str] = NO_REMEDIES
    ) -> None:
        # In memory, since it may hold a password. The clients ignore a file that others may write.
        self._options = os.memfd_create("mariadb-options")
        os.fchmod(self._options, 0o600)
        os.write(self._options, options + OPTIONS_OF_MYSQLDB)
        # With MariaDB's library, REQUIRED means no more than what the clients do: TLS where the
        # server offers it. Whether it must, and prove who it is, stands in the option file.
        self._ssl_mode = "DISABLED" if b"\nskip-ssl\n" in options else "REQUIRED"
        self._remedies = remedies
        self._first = [NO_HURRY, f"{first};\n".encode()] if first else [NO_HURRY]

    def query(self, sql: str, *values: object, sql_mode: str = "") -> list[tuple[Any, ...]]:
        """The rows of one statement, over a connection of its own."""
        try:
            with closing(self._connect(sql_mode)) as connection:
                return rows_of(connection, sql, *values)
        except MySQLdb.Error as error:
            raise refusal(error) from error

    @contextmanager
    def lock(self, name: str) -> Iterator[bool]:
        """A lock of that name, as long as the context lasts; False where somebody else has it."""
        digest = hashlib.sha256(name.encode()).hexdigest()[:LONGEST_LOCK]
        connection = self._connect("")
        try:
            ((got,),) = rows_of(connection, "SELECT GET_LOCK(%s, 0)", digest)
        except MySQLdb.Error as error:
            raise refusal(error) from error
        with closing(connection):
            yield bool(got)

    def _connect(self, sql_mode: str) -> Any:  # noqa: ANN401
        try:
            return MySQLdb.connect(
                read_default_file=f"/proc/self/fd/{self._options}",
                read_default_group=MYSQLDB,
                ssl_mode=self._ssl_mode,
                local_infile=False,
                multi_statements=False,
                charset="utf8mb4",
                autocommit=True,
                connect_timeout=20,
                init_command=(
                    f"SET sql_mode = '{sql_mode}', lock_wait_timeout = {LOCK_WAIT}, "
                    "wait_timeout = 604800"
                ),
            )
        except MySQLdb.Error as error:
            raise refusal(error, self._remedies) from error

    @contextmanager
    def session(self, database: str) -> Iterator[Session]:
        """A connection that takes statements of a dump one by one, as long as the context lasts."""
        with session(self._connect("")) as one_by_one:
            for statement in [f"USE {quote(database)};".encode(), *self._first]:
                one_by_one.run(statement)
            yield one_by_one

    def end(self, sessions: Collection[Session], database: str) -> None:
        """End these of that database, and what they have under way.

        The server itself looks for who has hung up only when a statement is over.
        """
        for one in sessions:
            one.hang_up()
        numbers = {one.number for one in sessions}
        there = "SELECT id FROM information_schema.processlist WHERE db = %s"
        with suppress(ServerError):  # the server may be gone itself
            for (number,) in self.query(there, database):
                if number in numbers:  # and not another server's, behind the same address
                    with suppress(ServerError):  # it may have ended since
                        self.query(f"KILL {number}")

    def load(self, sql: Iterable[bytes], database: str) -> None:
        """Run these pieces of SQL in that database, by the real client, up to the first error."""
        # Texts keep their comments and their line ends, no line is a command of the client, and no
        # statement reads a file of this host.
        command = [
            *self._command("mariadb"),
            "--local-infile=0",
            "--binary-mode",
            "--comments",
            "--max-allowed-packet=1G",
            f"--database={database}",
        ]
        with tempfile.TemporaryFile() as errors:
            client = self._start(command, stdin=subprocess.PIPE, stderr=errors)
            widen(client.stdin)
            try:
                client.stdin.writelines(chain(self._first, sql))  # type: ignore[union-attr]
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
        """The SQL of a dump of that database, by the options that all dumps have, and these."""
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


def check(client: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
    """Wait for a client's end; ServerError where it failed, by what it wrote to ``errors``."""
    if client.wait() == 0:
        return
    size = errors.seek(0, os.SEEK_END)
    errors.seek(max(0, size - LONGEST_COMPLAINT))
    complaint = complaint_of(errors.read().decode(errors="replace"))
    raise ServerError(" ".join(complaint.split()) or f"a client's status is {client.returncode}")
