"""A dump that mariadb-dump wrote, loaded over several connections: one reader deals its tables.

A small table is made and filled over one connection, as a whole. The rows of a large one are dealt,
statement by statement, to whichever connection is free; its secondary keys are added when the last
of them is there, while the next table has begun. What must be alone runs in the dump's order over a
connection of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from functools import partial
from itertools import chain, groupby

from datadump.ground.terminal import MEBIBYTE
from datadump.load.connections import Connections
from datadump.load.survey import BEFORE_TABLES, OF_A_TABLE
from datadump.mariadb.complaints import ServerError
from datadump.mariadb.session import Session
from datadump.sql.authorship import beginning
from datadump.sql.inventory import END_OF_STATEMENT, Moved
from datadump.sql.lines import HEAD_OF_ROWS
from datadump.sql.secondary_keys import Column, keys_after_rows, lines_of, makes_table
from datadump.sql.sections import Kind, Piece, Section

SMALL = 4 * MEBIBYTE  # of SQL
DEADLOCK = 1213  # the server has undone the statement, and lets another go on
MOST_DEADLOCKS = 20  # of one statement
AT_ONE_TABLE = 3  # connections: more wait for each other at the page that grows
# Rows of other engines may depend on their order, or wait for each other; those of versioned tables
# come with settings, and those of periods and vectors are compared as they come.
DEALT = (b") ENGINE=InnoDB ", b") ENGINE=MyISAM ", b") ENGINE=Aria ")
NOT_DEALT = (b"WITH SYSTEM VERSIONING", b"PERIOD FOR", b"VECTOR KEY", b"USING HASH")
ENDS = (b";\n", b";\r\n")  # of an INSERT: no value has a line end in it
# What makes one connection's of a table, or one transaction of all its rows. Rows of a locked table
# are refused (1100) once another connection has made a table that refers to it.
OF_ONE_CONNECTION = re.compile(rb"(?:LOCK TABLES|UNLOCK TABLES|SET|COMMIT)\b", re.IGNORECASE)
LateKeys = set[Column] | None  # the columns that foreign keys refer to; None: no key is late


class Dealing:
    """One dump on its way into one database. Raises DumpError and ServerError.

    ``alone``: the connection for what must be alone. ``late``: which keys may be added when the
    rows are there.
    """

    def __init__(self, alone: Session, others: Connections, late: LateKeys, moved: Moved) -> None:
        self._alone, self._others, self._late, self._moved = alone, others, late, moved

    def load(self, pieces: Iterable[Piece]) -> list[Piece]:
        """Load the tables, and what comes before them; returns what is to come after them."""
        after: list[Piece] = []
        for table, group in groupby(whole_statements(unlocked(pieces)), key=table_of):
            if table:
                self._load_table(group)
                continue
            for section, sql in group:
                if section.kind in BEFORE_TABLES:
                    self._begin(section, sql)
                else:
                    after.append((section, sql))
        self._others.finish()
        return after

    def _begin(self, section: Section, sql: bytes) -> None:
        self._run_alone(section, sql)
        if section.kind is Kind.HEAD:
            self._others.run_everywhere(sql)

    def _load_table(self, pieces: Iterator[Piece]) -> None:
        first = up_to(SMALL, pieces)
        if not (more := next(pieces, None)):
            self._others.give(partial(self._run_all, first))
            return
        pieces = chain(first, [more], pieces)
        if any(is_dealt(section, sql) for section, sql in first):
            self._deal(pieces)
        else:
            for section, sql in pieces:
                self._run_alone(section, sql)

    def _deal(self, pieces: Iterable[Piece]) -> None:
        """The first rows come alone: the first of a table lock it as a whole (MDEV-515)."""
        if self._late is not None:
            pieces = keys_after_rows(pieces, self._late)
        given: set[Future[None]] = set()
        has_rows, after = False, []
        for section, sql in pieces:
            is_row = are_rows(section, sql)
            if has_rows and is_row:
                if len(given) == AT_ONE_TABLE:
                    _, given = wait(given, return_when=FIRST_COMPLETED)
                given.add(self._others.give(partial(self._run_all, [(section, sql)])))
            elif has_rows:
                after.append((section, sql))
            else:
                self._run_alone(section, sql)
                has_rows = is_row
        self._others.give(partial(self._run_all, after, behind=given))

    def _run_alone(self, section: Section, sql: bytes) -> None:
        self._others.require_success()
        run_piece(self._alone.run, section, sql)
        self._moved(len(sql))

    def _run_all(
        self, pieces: Iterable[Piece], session: Session, behind: Iterable[Future[None]] = ()
    ) -> None:
        for one in behind:
            one.result()
        for section, sql in pieces:
            run_piece(session.run_unhurried, section, sql)
            self._moved(len(sql))


def unlocked(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """These pieces, but for what locks a table, or makes a transaction of its rows."""
    for section, sql in pieces:
        if section.kind is not Kind.ROWS or not OF_ONE_CONNECTION.match(sql):
            yield section, sql


def table_of(piece: Piece) -> str:
    """The name of the table whose definition or rows it is of; '' for what is of none."""
    section, _ = piece
    return section.name if section.kind in OF_A_TABLE else ""


def are_rows(section: Section, sql: bytes) -> bool:
    """Whether it begins with an INSERT of rows."""
    return section.kind is Kind.ROWS and bool(HEAD_OF_ROWS.match(sql))


def is_dealt(section: Section, sql: bytes) -> bool:
    """Whether it is the definition of a table whose rows may come over several connections."""
    if section.kind is not Kind.STRUCTURE or not makes_table(section.name, sql):
        return False
    return any(line.startswith(DEALT) for line in lines_of(sql)) and not any(
        text in sql for text in NOT_DEALT
    )


def up_to(size: int, pieces: Iterator[Piece]) -> list[Piece]:
    """The first of these pieces, until they are so many bytes, or all."""
    first = []
    for section, sql in pieces:
        first.append((section, sql))
        size -= len(sql)
        if size < 0:
            break
    return first


def whole_statements(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """These pieces, but rows as whole statements, each as many as were at hand."""
    begun: list[bytes] = []
    for section, sql in pieces:
        if not begun and not are_rows(section, sql):
            yield section, sql
            continue
        end = end_of_last_statement(sql)
        begun.append(sql[:end] if end else sql)
        if end:
            yield section, b"".join(begun)
            begun = [sql[end:]] if end < len(sql) else []
    if begun:
        yield section, b"".join(begun)


def end_of_last_statement(rows: bytes) -> int:
    """Where the last INSERT in these rows ends; 0 for none."""
    for end in ENDS:
        if (found := rows.rfind(end)) >= 0:
            return found + len(end)
    return 0


def run_piece(run: Callable[[bytes], None], section: Section, sql: bytes) -> None:
    """Run each of its statements. Raises ServerError, which tells where it happened."""
    statements = END_OF_STATEMENT.split(sql) if are_rows(section, sql) else [sql]
    for statement in filter(None, statements):
        try:
            run_through_deadlocks(run, statement)
        except ServerError as error:
            where = f"table {section.name}" if section.name else section.kind.value
            raise ServerError(
                f"{error} ({where}: {beginning(b'', statement)})", error.number
            ) from error


def run_through_deadlocks(run: Callable[[bytes], None], statement: bytes) -> None:
    """Run it, and again where it was undone: each is a transaction of its own.

    First rows of several partitions at once may lock each other out: each is a table to InnoDB.
    """
    for _ in range(MOST_DEADLOCKS):
        try:
            return run(statement)
        except ServerError as error:
            if error.number != DEADLOCK:
                raise
    return run(statement)
