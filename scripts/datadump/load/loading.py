"""A dump's file into a database: decompressed, put in order, and run.

A dump of mariadb-dump is loaded over several connections at once. Each reads the whole file, which
is fast, and takes every table that none of the others has taken: so memory is bounded, and nothing
has to be decompressed onto the disk. What tables need comes before them, all else after them; that
is the outline, which is small, and known from the dump's survey.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import chain, groupby
from typing import NamedTuple

from datadump.ground.progress import Progress
from datadump.load.programs import Refused, run_programs
from datadump.load.survey import Outline
from datadump.load.tables import pieces_of_tables
from datadump.mariadb.complaints import ServerError
from datadump.mariadb.server import Server
from datadump.sql.adaptation import Adaptation, Wanted, arranged
from datadump.sql.lines import DumpError
from datadump.sql.programs import left_out_views
from datadump.sql.reading import DumpFile
from datadump.sql.secondary_keys import keys_after_rows
from datadump.sql.sections import END, Kind, Piece, Section, sections, whole

ALL = frozenset(Kind)
OF_A_TABLE = frozenset({Kind.STRUCTURE, Kind.ROWS})
FIRST = frozenset({Kind.HEAD, Kind.DATABASE, Kind.SEQUENCE})
LAST = (ALL - OF_A_TABLE - FIRST) | {Kind.HEAD}
# What is sent statement by statement: see mariadb/session.py.
PROGRAM = frozenset({Kind.PLACEHOLDER, Kind.TRIGGERS, Kind.EVENTS, Kind.ROUTINES, Kind.VIEW})
JOBS = 4  # connections
NO_ROOM_TO_SORT = "ERROR 1878 "
Moved = Callable[[int], None]
SETTING = re.compile(rb"(?:/\*M?!\d+ )?SET [^;]*;\s*", re.IGNORECASE)


class Source(NamedTuple):
    """What is to be loaded: these kinds of a dump's sections, adapted.

    ``home`` and ``definers``: see :class:`Adaptation`. ``without``: tables that aren't.
    """

    dump: DumpFile
    home: str
    kinds: Collection[Kind] = ALL
    definers: bool = True
    without: Collection[str] = ()


class Loaded(NamedTuple):
    """What a load didn't make: programs that the server refused, and those that the dump lacks.

    ``left_out``: of views that were broken as the dump was taken, a sentence for each.
    """

    refused: list[Refused]
    left_out: list[str]


def load_file(server: Server, source: Source, database: str, outline: Outline | None) -> Loaded:
    """Load what the source says into that database, which exists.

    Over several connections at once by the ``outline`` of the dump, and if the server has no room
    to sort its keys, once more from the beginning; without one, statement by statement. Raises
    DumpError and ServerError.
    """
    if outline is None:
        return Load(server, source, database).one_by_one()
    try:
        return Load(server, source, database).in_parallel(outline, late_keys=True)
    except ServerError as error:
        if NO_ROOM_TO_SORT not in str(error):
            raise
        print("the server's tmpdir is full: again, with keys that grow row by row", flush=True)
        return Load(server, source, database).in_parallel(outline, late_keys=False)


def load_tables(
    server: Server, source: Source, database: str, tables: Collection[str]
) -> list[Piece]:
    """Load these tables alone into that database, in one reading that ends behind the last.

    Their triggers aren't made: they are returned, with the settings around them. Raises DumpError
    and ServerError.
    """
    return Load(server, source, database).tables_alone(tables)


class Load:
    """One dump on its way into one database. Raises DumpError and ServerError."""

    def __init__(self, server: Server, source: Source, database: str) -> None:
        self._server, self._source, self._database = server, source, database
        self._kinds = frozenset(source.kinds)
        self._taken = set(source.without)
        self._lock = threading.Lock()
        self._failed = threading.Event()
        self._loaded = Loaded([], [])

    def one_by_one(self) -> Loaded:
        """Load all of the wanted sections one after another, in their own order."""
        dump = self._source.dump
        with self._progress(dump.size) as progress, dump.followed() as (stream, read):
            self._run(
                whole(sections(stream)),
                lambda one: one.kind in self._kinds and not self._is_left_out(one),
                lambda _: progress.reach(read()),
            )
        return self._loaded

    def tables_alone(self, tables: Collection[str]) -> list[Piece]:
        """Load these alone, one after another; returns what makes their triggers."""
        triggers: list[Piece] = []

        def noted(pieces: Iterable[Piece]) -> Iterator[Piece]:
            for section, sql in pieces:
                if section.kind in {Kind.HEAD, Kind.TRIGGERS}:
                    triggers.append((section, sql))
                yield section, sql

        dump = self._source.dump
        with self._progress(dump.size) as progress, dump.followed() as (stream, read):
            self._run(
                noted(pieces_of_tables(sections(stream), tables)),
                lambda section: section.kind is not Kind.TRIGGERS,
                lambda _: progress.reach(read()),
            )
        return [*triggers, (Section(Kind.END), END)]

    def in_parallel(self, outline: Outline, *, late_keys: bool) -> Loaded:
        """Load the wanted sections, several tables at the same time.

        ``late_keys``: the tables' secondary keys are added when their rows are there.
        """
        with self._progress(outline.sql) as progress:
            moved = progress.add
            self._run(outline.pieces, lambda one: one.kind in self._kinds & FIRST, moved)
            self._load_all_tables(outline, late_keys, moved)
            self._run(whole(outline.pieces), lambda one: one.kind in self._kinds & LAST, moved)
        return self._loaded

    def _load_all_tables(self, outline: Outline, late_keys: bool, moved: Moved) -> None:
        with ThreadPoolExecutor(JOBS) as pool:
            futures = [
                pool.submit(self._load_tables, outline, late_keys, moved) for _ in range(JOBS)
            ]
            try:
                for future in as_completed(futures):
                    future.result()
            except BaseException:
                self._failed.set()
                self._server.end_loads()
                raise

    def _progress(self, size: int) -> Progress:
        return Progress(f"load into {self._database}", size, what="the dump")

    def _load_tables(self, outline: Outline, late_keys: bool, moved: Moved) -> None:
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
            self._run(pieces, wanted, moved)

    def _is_left_out(self, section: Section) -> bool:
        return section.kind in OF_A_TABLE and section.name in self._source.without

    def _is_free(self, table: str) -> bool:
        """Whether no connection has taken the table yet; from now on one has."""
        with self._lock:
            free = table not in self._taken
            self._taken.add(table)
        return free

    def _run(self, pieces: Iterable[Piece], wanted: Wanted, moved: Moved) -> None:
        """In their order: what is program by the server's own reading, all else by the client's.

        Each run of either begins with the settings that the dump's head made. ``moved`` is told how
        large each piece was.
        """
        adapt = Adaptation(self._source.home, definers=self._source.definers)
        settings: list[bytes] = []  # that the dump's head has made so far
        for is_program, run in groupby(arranged(pieces, adapt, wanted), key=is_of_a_program):
            first, rest = tuple(settings), self._watched(run, settings, moved)
            if is_program:
                self._run_programs(first, rest)
            else:
                self._server.load(chain(first, (sql for _, sql in rest)), self._database)

    def _run_programs(self, first: Iterable[bytes], pieces: Iterable[Piece]) -> None:
        with self._server.session(self._database) as session:
            for setting in first:
                session.run(setting)
            self._loaded.refused.extend(run_programs(session, pieces))

    def _watched(
        self, pieces: Iterable[Piece], settings: list[bytes], moved: Moved
    ) -> Iterator[Piece]:
        for section, sql in pieces:
            if self._failed.is_set():
                raise DumpError("another connection failed")
            if section.kind is Kind.HEAD and SETTING.fullmatch(sql):
                settings.append(sql)
            if section.kind is Kind.LEFT_OUT:
                self._loaded.left_out.extend(left_out_views(sql))
                continue
            yield section, sql
            moved(len(sql))


def is_of_a_program(piece: Piece) -> bool:
    """Whether it belongs to a view, trigger, routine or event."""
    return piece[0].kind in PROGRAM
