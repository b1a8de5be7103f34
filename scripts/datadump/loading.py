"""A dump's file into a database: decompressed, put in order, and run by the real client.

A dump of mariadb-dump is loaded over several connections at once. Each reads the whole file, which
is fast, and takes every table that none of the others has taken: so memory is bounded, and nothing
has to be decompressed onto the disk. What tables need comes before them, all else after them; that
is the outline, which is small, and read first.
"""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import BinaryIO, NamedTuple

from datadump.dump_file import FIRST_COMMENT, LAST_COMMENT, DumpError, Kind, Section, sections
from datadump.progress import MEBIBYTE, SECONDS_BETWEEN_REPORTS, printable
from datadump.secondary_keys import Column, Piece, keys_after_rows, referenced_columns
from datadump.server import BUFFER, Server, ServerError, quote, widen

ALL = frozenset(Kind)
WITH_DEFINERS = frozenset({Kind.VIEW, Kind.TRIGGERS, Kind.ROUTINES, Kind.EVENTS})
OF_A_TABLE = frozenset({Kind.STRUCTURE, Kind.ROWS})
FIRST = frozenset({Kind.HEAD, Kind.DATABASE, Kind.SEQUENCE})
LAST = (ALL - OF_A_TABLE - FIRST) | {Kind.HEAD}
JOBS = 4  # connections
DECOMPRESSORS = {b"\x28\xb5\x2f\xfd": ["zstd", "-dcq"], b"\x1f\x8b": ["gzip", "-dc"]}
PIECES_OF_A_HEAD = 50
LINES_BEFORE = 3  # what makes other clients refuse a dump, and the database's own settings
LONGEST_LINE_BEFORE = 4096  # bytes
LARGEST_OUTLINE = 256 * MEBIBYTE
SHOWN_OF_A_STATEMENT = 100  # characters
# All that mariadb-dump writes outside of its other sections: comments, and settings of the session.
OF_THE_SESSION = re.compile(rb"\s*\n|--.*\n|/\*M!999999\\- .*\n|/\*M?!\d+ SET [^;]*;\n")
# Before a table's rows, unless mariadb-dump was told otherwise: as it wrote it first, and later.
OWN_TRANSACTION = re.compile(
    rb"SET (?:@OLD_AUTOCOMMIT=@@AUTOCOMMIT, @@)?AUTOCOMMIT=0;\n", re.IGNORECASE
)
NO_TRANSACTION = b"SET @OLD_AUTOCOMMIT=@@AUTOCOMMIT;\n"
NO_ROOM_TO_SORT = "ERROR 1878 "
ENABLED = re.compile(rb"(ON COMPLETION (?:NOT )?PRESERVE) ENABLE\b")
QUOTED = rb"`(?:[^`]|``)*`"
# At the beginning of what makes a view, trigger, routine or event.
DEFINER = re.compile(rb"\A((?:/\*!\d+ )?CREATE[^`'\"]*?DEFINER=)%b(?:@%b)?" % (QUOTED, QUOTED))
ALTER_DATABASE = re.compile(rb"ALTER DATABASE `(?:[^`]|``)+` (CHARACTER SET \w+ COLLATE \w+ ;+\n)")

Wanted = Callable[[Section], bool]


@contextmanager
def open_dump(path: str) -> Iterator[BinaryIO]:
    """The dump's SQL. Raises DumpError where the file can't be decompressed to its end."""
    with open(path, "rb") as file:
        start = file.peek(4)
        for magic, command in DECOMPRESSORS.items():
            if start.startswith(magic):
                with decompressed(file, command) as stream:
                    yield stream
                return
        yield file


@contextmanager
def decompressed(file: BinaryIO, command: list[str]) -> Iterator[BinaryIO]:
    """The output of the command that is given this file; who stops early needn't read it all."""
    os.lseek(file.fileno(), 0, os.SEEK_SET)
    with subprocess.Popen(
        command, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=BUFFER
    ) as program:
        widen(program.stdout)
        try:
            yield program.stdout  # type: ignore[misc]
        except BaseException:
            program.kill()
            raise
        if program.stdout.read(1):  # type: ignore[union-attr]
            program.kill()  # nobody wants the rest
            return
        said = program.stderr.read().decode(errors="replace").strip()  # type: ignore[union-attr]
        if program.wait() != 0:
            raise DumpError(f"{command[0]}: {said}")


def arranged(pieces: Iterable[Piece], adapt: Adaptation, wanted: Wanted) -> Iterator[bytes]:
    """The sections that are wanted, as they can be run in a database of any name.

    Events come after all else, since they may run as soon as they are there. Raises DumpError for a
    dump that goes to a database of its own choice.
    """
    events: list[bytes] = []
    for section, sql in pieces:
        adapt.learn(section, sql)
        if not wanted(section):
            continue
        if section.kind is Kind.EVENTS:
            events.append(adapt.apply(section, sql))
            continue
        if section.kind is Kind.END:
            yield from events
            events.clear()
        yield adapt.apply(section, sql)
    yield from events


class Adaptation:
    """The few places where mariadb-dump writes the name of the database that it read.

    And events, which are disabled in a database of another name: they belong to the first.
    ``home`` is the database that the objects stand in; ``definers``, whether they stay whose they
    were, or belong to the account that loads them.
    """

    def __init__(self, home: str, *, definers: bool = True) -> None:
        self._definers = definers
        self._home = quote(home).encode()
        self._origin = self._home
        self._qualifier = re.compile(b"(?!)")

    def learn(self, section: Section, sql: bytes) -> None:
        """From the comment in the dump's head. Raises DumpError as :func:`arranged` does."""
        if section.kind is Kind.ELSEWHERE:
            statement = " ".join(sql.decode(errors="replace").split())[:SHOWN_OF_A_STATEMENT]
            raise DumpError(f"the dump goes to a database of its own choice: {statement}")
        if section.kind is Kind.HEAD and sql.startswith(b"-- Host: "):
            name = sql.partition(b"    Database: ")[2].rstrip(b"\n").decode(errors="replace")
            self._origin = quote(name).encode()
            # In a view whose definer was gone already, columns have three names.
            own = re.escape(self._origin)
            self._qualifier = re.compile(own + rb"\.(?=`(?:[^`]|``)+`\.`)")

    def apply(self, section: Section, sql: bytes) -> bytes:
        """The SQL for ``home``."""
        if section.kind is Kind.ROWS:
            # The statistics that the server takes meanwhile would cost as much as the load itself.
            return NO_TRANSACTION if OWN_TRANSACTION.fullmatch(sql) else sql
        if sql.startswith(b"ALTER DATABASE `"):
            return ALTER_DATABASE.sub(rb"ALTER DATABASE \1", sql)
        if not self._definers and section.kind in WITH_DEFINERS:
            sql = DEFINER.sub(rb"\1CURRENT_USER", sql)
        return sql if self._origin == self._home else self._renamed(section, sql)

    def _renamed(self, section: Section, sql: bytes) -> bytes:
        if section.kind is Kind.STRUCTURE and b"nextval(" in sql:
            return sql.replace(b"nextval(%b." % self._origin, b"nextval(%b." % self._home)
        if section.kind is Kind.VIEW:
            return self._qualifier.sub(b"", sql)
        if section.kind is Kind.EVENTS and sql.startswith(b"/*!50106 CREATE*/"):
            return ENABLED.sub(rb"\1 DISABLE", sql, count=1)
        return sql


class Source(NamedTuple):
    """What is to be loaded: these kinds of a file's sections.

    ``home`` and ``definers``: see :class:`Adaptation`.
    """

    path: str
    home: str
    kinds: Collection[Kind] = ALL
    definers: bool = True


def load_file(server: Server, source: Source, database: str) -> None:
    """Load it into that database. Raises DumpError and ServerError."""
    outline = outline_of(source.path) if Kind.ROWS in source.kinds else None
    if not outline:
        Load(server, source, database).one_by_one()
        return
    try:
        Load(server, source, database).in_parallel(outline, late_keys=True)
    except ServerError as error:
        if NO_ROOM_TO_SORT not in str(error):
            raise
        print("the server's tmpdir is full: again, with keys that grow row by row", flush=True)
        Load(server, source, database).in_parallel(outline, late_keys=False)


@dataclass
class Outline:
    """What a dump holds beside its tables, and the columns that its foreign keys refer to."""

    pieces: list[Piece] = field(default_factory=list)
    size: int = 0  # of the pieces, in bytes
    tables: set[str] = field(default_factory=set)
    referenced: set[Column] = field(default_factory=set)

    def goes_on_with(self, section: Section, sql: bytes) -> bool:
        """Whether mariadb-dump could have written this next, in the dump of one database."""
        if section.kind is Kind.ROWS:
            return section.name in self.tables
        if section.kind is Kind.HEAD and sql.startswith(FIRST_COMMENT):
            return not self.tables
        if section.kind in {Kind.HEAD, Kind.END}:
            return OF_THE_SESSION.fullmatch(sql) is not None
        return True

    def add(self, section: Section, sql: bytes) -> None:
        """The next piece of the dump."""
        if section.kind is Kind.STRUCTURE:
            self.tables.add(section.name)
            self.referenced.update(referenced_columns(sql))
        elif section.kind is not Kind.ROWS:
            self.pieces.append((section, sql))
            self.size += len(sql)


def outline_of(path: str) -> Outline | None:
    """None where the file isn't just one dump as mariadb-dump writes it: it has its own order then.

    It may be another tool's, hold two dumps or rows without their table, or somebody may have added
    a statement in its head or at its end.
    """
    if not is_of_mariadb_dump(path):
        return None
    outline = Outline()
    with open_dump(path) as stream:
        for section, sql in sections(stream):
            if not outline.goes_on_with(section, sql):
                return None
            outline.add(section, sql)
            if outline.size > LARGEST_OUTLINE:  # it is kept in memory
                return None
    return outline


def is_of_mariadb_dump(path: str) -> bool:
    """Whether its first lines say so: only then are its sections what they are taken for."""
    with open_dump(path) as stream:
        lines = [stream.readline(LONGEST_LINE_BEFORE) for _ in range(LINES_BEFORE)]
    return any(line.startswith(FIRST_COMMENT) for line in lines)


def check_head(path: str) -> None:
    """Raises DumpError for a file that can't be a dump, and for some that go their own way."""
    with open_dump(path) as stream:
        if b"\0" in stream.peek():  # type: ignore[attr-defined]
            raise DumpError("the object is neither SQL nor that compressed with zstd or gzip")
        adapt = Adaptation("")
        for section, sql in islice(sections(stream), PIECES_OF_A_HEAD):
            adapt.learn(section, sql)


def whole(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """The same; DumpError where a dump of mariadb-dump's ends without its last line."""
    open_ended = False
    for section, sql in pieces:
        if section.kind is Kind.HEAD and sql.startswith(FIRST_COMMENT):
            open_ended = True
        elif section.kind is Kind.END and sql.startswith(LAST_COMMENT):
            open_ended = False
        yield section, sql
    if open_ended:
        raise DumpError("the dump is not whole: mariadb-dump's last line is missing")


class Load:
    """One file on its way into one database."""

    def __init__(self, server: Server, source: Source, database: str) -> None:
        self._server, self._source, self._database = server, source, database
        self._kinds = frozenset(source.kinds)
        self._taken: set[str] = set()
        self._lock = threading.Lock()
        self._failed = threading.Event()
        self._progress = Loaded(database)

    def one_by_one(self) -> None:
        """All sections over one connection."""
        with open_dump(self._source.path) as stream:
            self._run(whole(sections(stream)), lambda section: section.kind in self._kinds)

    def in_parallel(self, outline: Outline, *, late_keys: bool) -> None:
        """The same outcome, with tables loaded at the same time.

        ``late_keys``: their secondary keys are added when the rows are there.
        """
        self._run(outline.pieces, lambda section: section.kind in self._kinds & FIRST)
        with ThreadPoolExecutor(JOBS) as pool:
            futures = [pool.submit(self._load_tables, outline, late_keys) for _ in range(JOBS)]
            try:
                for future in as_completed(futures):
                    future.result()
            except BaseException:
                self._failed.set()
                self._server.end_loads()
                raise
        self._run(whole(outline.pieces), lambda section: section.kind in self._kinds & LAST)

    def _load_tables(self, outline: Outline, late_keys: bool) -> None:
        """Those that no other connection has taken."""
        mine: set[str] = set()

        def wanted(section: Section) -> bool:
            if section.kind is Kind.STRUCTURE and self._is_free(section.name):
                mine.add(section.name)
            of_mine = section.kind in OF_A_TABLE and section.name in mine
            return of_mine or section.kind is Kind.HEAD

        with open_dump(self._source.path) as stream:
            pieces = sections(stream)
            if late_keys:
                pieces = keys_after_rows(pieces, outline.referenced)
            self._run(pieces, wanted)

    def _is_free(self, table: str) -> bool:
        """Whether nobody has taken it; from now on somebody has."""
        with self._lock:
            free = table not in self._taken
            self._taken.add(table)
        return free

    def _run(self, pieces: Iterable[Piece], wanted: Wanted) -> None:
        self._server.load(self._arranged(pieces, wanted), self._database)

    def _arranged(self, pieces: Iterable[Piece], wanted: Wanted) -> Iterator[bytes]:
        adapt = Adaptation(self._source.home, definers=self._source.definers)
        return self._watched(arranged(pieces, adapt, wanted))

    def _watched(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for sql in pieces:
            if self._failed.is_set():
                raise DumpError("another connection failed")
            yield sql
            self._progress.add(len(sql))


class Loaded:
    """Says now and then how much was loaded: for a person, not the log."""

    def __init__(self, database: str) -> None:
        self._database = printable(database)
        self._started = self._said = time.monotonic()
        self._bytes = 0
        self._lock = threading.Lock()

    def add(self, number: int) -> None:
        """So many bytes of SQL."""
        with self._lock:
            self._bytes += number
            now = time.monotonic()
            if now - self._said >= SECONDS_BETWEEN_REPORTS:
                self._said = now
                size = self._bytes / MEBIBYTE
                rate = size / (now - self._started)
                print(f"{self._database}: {size:,.0f} MiB of SQL, {rate:,.0f} MiB/s", flush=True)
