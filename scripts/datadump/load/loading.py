"""A dump's file into a database: decompressed, put in order, and run.

A dump of mariadb-dump is loaded over several connections at once: see load/dealing.py. Anything
else is run statement by statement, by the real client.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import chain, groupby
from typing import NamedTuple, TypeVar

from datadump.ground.progress import Progress
from datadump.load.connections import connections
from datadump.load.dealing import Dealing, LateKeys
from datadump.load.programs import Refused, run_programs
from datadump.load.survey import OF_A_TABLE, Outline
from datadump.load.tables import pieces_of_tables
from datadump.mariadb.complaints import ServerError
from datadump.mariadb.server import Server
from datadump.sql.adaptation import Adaptation, Wanted, arranged
from datadump.sql.inventory import Moved
from datadump.sql.programs import left_out_views
from datadump.sql.reading import DumpFile
from datadump.sql.sections import END, Kind, Piece, Section, sections, whole

ALL = frozenset(Kind)
# What is sent statement by statement: see mariadb/session.py.
PROGRAM = frozenset({Kind.PLACEHOLDER, Kind.TRIGGERS, Kind.EVENTS, Kind.ROUTINES, Kind.VIEW})
CONNECTIONS = 6
Result = TypeVar("Result")
NO_ROOM_TO_SORT = 1878
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

    Over several connections at once by the ``outline`` of the dump; without one, statement by
    statement. Raises DumpError and ServerError.
    """
    return with_room_to_sort(
        outline, lambda late: Load(server, source, database, outline, late).all_of_it()
    )


def load_tables(
    server: Server,
    source: Source,
    database: str,
    tables: Collection[str],
    outline: Outline | None,
) -> list[Piece]:
    """Load these tables alone into that database, in one reading that ends behind the last.

    Their triggers aren't made: they are returned, with the settings around them. ``outline``: of
    that part of the dump, as for :func:`load_file`. Raises DumpError and ServerError.
    """
    return with_room_to_sort(
        outline, lambda late: Load(server, source, database, outline, late).tables_alone(tables)
    )


def with_room_to_sort(outline: Outline | None, load: Callable[[LateKeys], Result]) -> Result:
    """What a load returns; from its beginning once more where the server can't sort late keys."""
    try:
        return load(outline.referenced if outline else None)
    except ServerError as error:
        if error.number != NO_ROOM_TO_SORT:
            raise
        print("the server's tmpdir is full: again, with keys that grow row by row", flush=True)
        return load(None)


class Load:
    """One dump on its way into one database. Raises DumpError and ServerError.

    ``late``: see :class:`Dealing`.
    """

    def __init__(
        self, server: Server, source: Source, database: str, outline: Outline | None, late: LateKeys
    ) -> None:
        self._server, self._source, self._database = server, source, database
        self._outline, self._late = outline, late
        self._adapt = Adaptation(source.home, definers=source.definers)
        self._loaded = Loaded([], [])

    def all_of_it(self) -> Loaded:
        """Load all of the wanted sections."""
        self._load(whole, self._is_wanted)
        return self._loaded

    def tables_alone(self, tables: Collection[str]) -> list[Piece]:
        """Load these alone; returns what makes their triggers."""
        triggers: list[Piece] = []

        def of_tables(pieces: Iterable[Piece]) -> Iterator[Piece]:
            for section, sql in pieces_of_tables(pieces, tables):
                if section.kind in {Kind.HEAD, Kind.TRIGGERS}:
                    triggers.append((section, sql))
                yield section, sql

        self._load(of_tables, lambda section: section.kind is not Kind.TRIGGERS)
        return [*triggers, (Section(Kind.END), END)]

    def _load(self, chosen: Callable[[Iterable[Piece]], Iterator[Piece]], wanted: Wanted) -> None:
        dump, outline = self._source.dump, self._outline
        size = outline.sql if outline else dump.size
        name = f"load into {self._database}"
        with (
            Progress(name, size, what="the dump") as progress,
            dump.followed() as (stream, read),
        ):
            pieces = arranged(chosen(sections(stream)), self._adapt, wanted)
            if outline:
                self._deal(pieces, progress.add)
            else:
                self._run(pieces, lambda _: progress.reach(read()))

    def _deal(self, pieces: Iterable[Piece], moved: Moved) -> None:
        """Several at a time, as the outline allows."""
        with self._server.session(self._database) as alone:
            with connections(self._server, self._database, CONNECTIONS) as others:
                after = Dealing(alone, others, self._late, moved).load(pieces)
            self._loaded.refused.extend(run_programs(alone, self._watched(after, moved)))

    def _is_wanted(self, section: Section) -> bool:
        is_left_out = section.kind in OF_A_TABLE and section.name in self._source.without
        return section.kind in self._source.kinds and not is_left_out

    def _run(self, pieces: Iterable[Piece], moved: Moved) -> None:
        """In their order: what is program by the server's own reading, all else by the client's.

        Each run of either begins with the settings that the dump's head made. ``moved`` is told how
        large each piece was.
        """
        settings: list[bytes] = []  # that the dump's head has made so far
        for is_program, run in groupby(pieces, key=is_of_a_program):
            first, rest = tuple(settings), noting(settings, self._watched(run, moved))
            if is_program:
                self._run_programs(first, rest)
            else:
                self._server.load(chain(first, (sql for _, sql in rest)), self._database)

    def _run_programs(self, first: Iterable[bytes], pieces: Iterable[Piece]) -> None:
        with self._server.session(self._database) as session:
            for setting in first:
                session.run(setting)
            self._loaded.refused.extend(run_programs(session, pieces))

    def _watched(self, pieces: Iterable[Piece], moved: Moved) -> Iterator[Piece]:
        for section, sql in pieces:
            if section.kind is Kind.LEFT_OUT:
                self._loaded.left_out.extend(left_out_views(sql))
                continue
            yield section, sql
            moved(len(sql))


def noting(settings: list[bytes], pieces: Iterable[Piece]) -> Iterator[Piece]:
    """These pieces; the settings that the dump's head makes are noted as they pass."""
    for section, sql in pieces:
        if section.kind is Kind.HEAD and SETTING.fullmatch(sql):
            settings.append(sql)
        yield section, sql


def is_of_a_program(piece: Piece) -> bool:
    """Whether it belongs to a view, trigger, routine or event."""
    return piece[0].kind in PROGRAM
