"""One connection to a database, over which a dump's statements are sent one by one.

In what is program the ``mariadb`` client would look for the delimiter by other rules than the
server's: it may find one in what is a comment to the server, and send the rest as statements of
their own (seen with 10.11 and 11.8).
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from typing import Any

import MySQLdb

from datadump.mariadb.complaints import ServerError, refusal
from datadump.sql.lexer import Bare

SETS = re.compile(rb"(?:/\*M?!\d+ *)?SET\b", re.IGNORECASE)
# Of errors: MySQLdb 2.3.1 crashes on one that isn't UTF-8.
READABLE_ERRORS = b"SET character_set_results = utf8mb4"


class Session:
    """A connection that takes statements one by one, until the context of :func:`session` ends.

    ``number``: what the server calls it.
    """

    def __init__(self, connection: Any, link: socket.socket, pool: ThreadPoolExecutor) -> None:  # noqa: ANN401
        self._connection, self._link, self._pool = connection, link, pool
        self._bare = Bare()
        self.number: int = connection.thread_id()

    def run(self, statement: bytes) -> None:
        """Run the dump's next statement, or comment or DELIMITER line. Raises ServerError.

        For the main thread: a signal interrupts it, which the library's own wait lets none do.
        """
        running = self._pool.submit(self.run_unhurried, statement)
        try:
            running.result()
        except ServerError:
            raise
        except BaseException:
            self.hang_up()
            raise

    def run_unhurried(self, statement: bytes) -> None:
        """The same, up to its end, or until another thread lets it hang up."""
        if sql := self._bare.statement(statement):
            try:
                run_readably(self._connection, sql)
            except MySQLdb.Error as error:
                raise refusal(error) from error

    def hang_up(self) -> None:
        """Whoever awaits an answer gets an error."""
        with suppress(OSError):  # the server may have hung up before
            self._link.shutdown(socket.SHUT_RDWR)


@contextmanager
def session(connection: Any) -> Iterator[Session]:  # noqa: ANN401
    """What runs statements over this connection of MySQLdb's, which is closed at the end."""
    with (
        closing(connection),
        socket.socket(fileno=os.dup(connection.fileno())) as link,
        ThreadPoolExecutor(1) as pool,
    ):
        yield Session(connection, link, pool)


def run_readably(connection: Any, sql: bytes) -> None:  # noqa: ANN401
    """Run the statement; a program's settings are restored for it, that of results among them."""
    rows_of(connection, sql)
    if SETS.match(sql):
        rows_of(connection, READABLE_ERRORS)


def rows_of(connection: Any, sql: str | bytes, *values: object) -> list[tuple[Any, ...]]:  # noqa: ANN401
    """The rows of one statement, over this connection of MySQLdb's. Raises MySQLdb.Error."""
    with closing(connection.cursor()) as cursor:
        cursor.execute(sql, values or None)
        return list(cursor.fetchall())
