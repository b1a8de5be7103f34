"""A dump's file into a database: decompressed, put in order, and run.

A dump of mariadb-dump is loaded over several connections at once. Each reads the whole file, which
is fast, and takes every table that none of the others has taken: so memory is bounded, and nothing
has to be decompressed onto the disk. What tables need comes before them, all else after them; that
is the outline, which is small, and read first.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from itertools import chain, groupby
from typing import NamedTuple

from datadump.ground.progress import Progress
from datadump.mariadb.complaints import ServerError
from datadump.mariadb.server import Server
from datadump.sql.adaptation import Adaptation, Wanted, arranged
from datadump.sql.lines import DumpError
from datadump.sql.outline import Outline, outline_of, whole
from datadump.sql.reading import DumpFile
from datadump.sql.secondary_keys import keys_after_rows
from datadump.sql.sections import Kind, Piece, Section, sections

ALL = frozenset(Kind)
OF_A_TABLE = frozenset({Kind.STRUCTURE, Kind.ROWS})
FIRST = frozenset({Kind.HEAD, Kind.DATABASE, Kind.SEQUENCE})
LAST = (ALL - OF_A_TABLE - FIRST) | {Kind.HEAD}
# What is sent statement by statement: see Server.run.
PROGRAM = frozenset({Kind.PLACEHOLDER, Kind.TRIGGERS, Kind.EVENTS, Kind.ROUTINES, Kind.VIEW})
JOBS = 4  # connections
NO_ROOM_TO_SORT = "ERROR 1878 "
SETTING = re.compile(rb"(?:/\*M?!\d+ )?SET [^;]*;\s*", re.IGNORECASE)
SHOWN_OF_A_PROGRAM = 150  # bytes: up to its name, for most


class Source(NamedTuple):
    """What is to be loaded: these kinds of a dump's sections, adapted.

    ``home`` and ``definers``: see :class:`Adaptation`.
    """

    dump: DumpFile
    home: str
    kinds: Collection[Kind] = ALL
    definers: bool = True


def load_file(server: Server, source: Source, database: str) -> None:
    """Load what the source says into that database, which exists.

    Over several connections at once where it is a whole dump of mariadb-dump's, and if the server
    has no room to sort its keys, once more from the beginning. Raises DumpError and ServerError.
    """
    outline = outline_of(source.dump) if Kind.ROWS in source.kinds else None
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


class Load:
    """One dump on its way into one database. Raises DumpError and ServerError."""

    def __init__(self, server: Server, source: Source, database: str) -> None:
        self._server, self._source, self._database = server, source, database
        self._kinds = frozenset(source.kinds)
        self._taken: set[str] = set()
        self._lock = threading.Lock()
        self._failed = threading.Event()
        self._progress = Progress(database)

    def one_by_one(self) -> None:
        """Load all of the wanted sections one after another, in their own order."""
        with self._source.dump.open() as stream:
            self._run(whole(sections(stream)), lambda section: section.kind in self._kinds)

    def in_parallel(self, outline: Outline, *, late_keys: bool) -> None:
        """Load the wanted sections, several tables at the same time.

        ``late_keys``: the tables' secondary keys are added when their rows are there.
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
        """Load the tables that no other connection has taken, over one connection."""
        mine: set[str] = set()

        def wanted(section: Section) -> bool:
            if section.kind is Kind.STRUCTURE and self._is_free(section.name):
                mine.add(section.name)
            of_mine = section.kind in OF_A_TABLE and section.name in mine
            return of_mine or section.kind is Kind.HEAD

        with self._source.dump.open() as stream:
            pieces = sections(stream)
            if late_keys:
                pieces = keys_after_rows(pieces, outline.referenced)
            self._run(pieces, wanted)

    def _is_free(self, table: str) -> bool:
        """Whether no connection has taken the table yet; from now on one has."""
        with self._lock:
            free = table not in self._taken
            self._taken.add(table)
        return free

    def _run(self, pieces: Iterable[Piece], wanted: Wanted) -> None:
        """In their order: what is program by the server's own reading, all else by the client's.

        Each run of either begins with the settings that the dump's head made.
        """
        adapt = Adaptation(self._source.home, definers=self._source.definers)
        so_far = Settings()
        for is_program, run in groupby(arranged(pieces, adapt, wanted), key=is_of_a_program):
            sql = chain(tuple(so_far.settings), self._watched(run, so_far))
            if not is_program:
                self._server.load(sql, self._database)
                continue
            try:
                self._server.run(sql, self._database)
            except ServerError as error:
                raise ServerError(f"{error} ({so_far.place})") from error

    def _watched(self, pieces: Iterable[Piece], so_far: Settings) -> Iterator[bytes]:
        for section, sql in pieces:
            if self._failed.is_set():
                raise DumpError("another connection failed")
            so_far.note(section, sql)
            yield sql
            self._progress.add(len(sql))


@dataclass
class Settings:
    """What the dump's head has set for its session, and the statement that a load is at."""

    settings: list[bytes] = field(default_factory=list)
    place: str = ""

    def note(self, section: Section, sql: bytes) -> None:
        """Take up the next piece that is loaded."""
        if section.kind is Kind.HEAD and SETTING.fullmatch(sql):
            self.settings.append(sql)
        self.place = " ".join(sql[:SHOWN_OF_A_PROGRAM].decode(errors="replace").split())


def is_of_a_program(piece: Piece) -> bool:
    """Whether it belongs to a view, trigger, routine or event."""
    return piece[0].kind in PROGRAM
