"""One reading of a dump, which tells all that is to be known before it is loaded."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from datadump.ground.terminal import MEBIBYTE
from datadump.sql.adaptation import Adaptation
from datadump.sql.inventory import Inventory, Moved, Taking, unwatched
from datadump.sql.lines import DumpError
from datadump.sql.reading import DumpFile, is_of_mariadb_dump
from datadump.sql.secondary_keys import Column, referenced_columns
from datadump.sql.sections import FIRST_COMMENT, OWN_SIZE, Kind, Piece, Section, sections

PIECES_OF_A_HEAD = 50
LARGEST_OUTLINE = 256 * MEBIBYTE  # it is kept in memory
# All that mariadb-dump writes outside of its other sections: comments, and settings of the session.
OF_THE_SESSION = re.compile(rb"\s*\n|--.*\n|/\*M!999999\\- .*\n|/\*M?!\d+ SET [^;]*;\n")


@dataclass
class Outline:
    """What a dump holds beside its tables, and the columns that its foreign keys refer to."""

    pieces: list[Piece] = field(default_factory=list)
    size: int = 0  # of the pieces, in bytes of memory
    sql: int = 0  # bytes of the whole dump
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

    def takes(self, section: Section, sql: bytes) -> bool:
        """Take up the next piece of the dump; whether it is still the outline of one dump."""
        if not self.goes_on_with(section, sql):
            return False
        self.sql += len(sql)
        if section.kind is Kind.STRUCTURE:
            self.tables.add(section.name)
            self.referenced.update(referenced_columns(sql))
        elif section.kind is not Kind.ROWS:
            self.pieces.append((section, sql))
            self.size += len(sql) + OWN_SIZE
        return self.size <= LARGEST_OUTLINE


class Survey(NamedTuple):
    """What one reading of a whole dump tells.

    ``outline`` is None where the file isn't just one dump of mariadb-dump's: it may be another
    tool's, hold two dumps or rows without their table, or somebody may have added a statement in
    its head or at its end. Then its statements must run in their own order. So they must where the
    outline is too large to be kept in memory.
    """

    inventory: Inventory
    outline: Outline | None


def survey(dump: DumpFile, moved: Moved = unwatched, *, rows: bool = True) -> Survey:
    """Read the dump once, to its end.

    ``moved`` is told, again and again, how many of the file's bytes are read by now. ``rows``: see
    :class:`Taking`. Raises OSError, and DumpError for a file that can't be decompressed, and
    for what no server could take; nothing that could be loaded statement by statement is an error.
    """
    taking = Taking(rows=rows)
    outline = Outline() if is_of_mariadb_dump(dump) else None
    with dump.followed() as (stream, read):
        for section, sql in sections(stream):
            taking.add(section, sql)
            if outline and not outline.takes(section, sql):
                outline = None
            moved(read())
    return Survey(taking.end(), outline)


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
