"""One reading of a dump, which tells all that is to be known before it is loaded."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from datadump.ground.terminal import MEBIBYTE
from datadump.sql.adaptation import Adaptation
from datadump.sql.authorship import Authorship, ForeignError
from datadump.sql.inventory import Inventory, Moved, Taking, unwatched
from datadump.sql.lines import DumpError
from datadump.sql.reading import DumpFile
from datadump.sql.secondary_keys import Column, referenced_columns
from datadump.sql.sections import OWN_SIZE, Kind, Section, sections

PIECES_OF_A_HEAD = 50
BEFORE_TABLES = frozenset({Kind.HEAD, Kind.DATABASE, Kind.SEQUENCE})
OF_A_TABLE = frozenset({Kind.STRUCTURE, Kind.ROWS})
MOST_AFTER_TABLES = 256 * MEBIBYTE  # of SQL: it is kept in memory until the tables are loaded


@dataclass
class Outline:
    """What is to be known of a dump before its tables can be loaded several at a time.

    ``sql``: its size in bytes. ``referenced``: the columns that its foreign keys refer to.
    """

    sql: int = 0
    referenced: set[Column] = field(default_factory=set)
    _after_tables: int = 0  # bytes of memory
    _has_tables: bool = False

    def takes(self, section: Section, sql: bytes) -> bool:
        """Take up the next piece of the dump; whether it has the order and size for that."""
        self.sql += len(sql)
        if section.kind in BEFORE_TABLES:
            return not self._has_tables
        if section.kind is Kind.STRUCTURE:
            self._has_tables = True
            self.referenced.update(referenced_columns(sql))
        elif section.kind is not Kind.ROWS:
            self._after_tables += len(sql) + OWN_SIZE
        return self._after_tables <= MOST_AFTER_TABLES


class Survey(NamedTuple):
    """What one reading of a whole dump tells.

    ``outline`` is None where the file holds what mariadb-dump doesn't write: it may be another
    tool's, hold two dumps, or somebody may have added a statement. Then its statements must run in
    their own order. So they must where settings follow tables, or more than memory should hold.
    """

    inventory: Inventory
    outline: Outline | None


def survey(
    dump: DumpFile,
    moved: Moved = unwatched,
    *,
    rows: bool = True,
    even_if_foreign: bool = False,
    swelled: Moved = unwatched,
) -> Survey:
    """Read the dump once, to its end.

    ``moved`` is told, again and again, how many of the file's bytes are read by now, and
    ``swelled``, how many bytes of SQL that was: it may raise an error for too many. ``rows``: see
    :class:`Taking`. Raises OSError, ForeignError unless ``even_if_foreign``, and DumpError for a
    file that can't be decompressed, and for what no server could take.
    """
    taking, authorship, is_own = Taking(rows=rows), Authorship(dump.size), True
    outline: Outline | None = Outline()
    size = 0
    with dump.followed() as (stream, read):
        for section, sql in sections(stream):
            size += len(sql)
            swelled(size)
            is_own = is_own and wrote(authorship, section, sql, even_if_foreign)
            taking.add(section, sql)
            if outline and not (is_own and outline.takes(section, sql)):
                outline = None
            moved(read())
    return Survey(taking.end(), outline)


def wrote(authorship: Authorship, section: Section, sql: bytes, even_if_foreign: bool) -> bool:
    """Whether mariadb-dump could have written this next; ForeignError where it has to."""
    try:
        authorship.check(section, sql)
    except ForeignError:
        if not even_if_foreign:
            raise
        return False
    return True


def check_head(dump: DumpFile) -> None:
    """Raises DumpError for a file that can't be a dump, by a look at its beginning.

    Nor may it go to a database of its own choice there; what comes later is seen as it is loaded.
    """
    with dump.open() as stream:
        if b"\0" in stream.peek():  # type: ignore[attr-defined]
            raise DumpError("the object is neither SQL nor that compressed with zstd or gzip")
        adapt = Adaptation("")
        for section, sql in islice(sections(stream), PIECES_OF_A_HEAD):
            adapt.learn(section, sql)
