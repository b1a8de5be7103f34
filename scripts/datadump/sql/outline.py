"""What a dump holds beside its tables' rows, and whether it is just one dump."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from datadump.ground.terminal import MEBIBYTE
from datadump.sql.adaptation import Adaptation
from datadump.sql.lines import DumpError
from datadump.sql.reading import LONGEST_FIRST_LINE, DumpFile
from datadump.sql.secondary_keys import Column, referenced_columns
from datadump.sql.sections import (
    FIRST_COMMENT,
    LAST_COMMENT,
    NOT_WHOLE,
    OWN_SIZE,
    Kind,
    Piece,
    Section,
    sections,
)

PIECES_OF_A_HEAD = 50
# Up to the one that names mariadb-dump: before it stand one that makes other clients refuse the
# dump, and the database's own settings.
FIRST_LINES = 3
LARGEST_OUTLINE = 256 * MEBIBYTE
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

    def add(self, section: Section, sql: bytes) -> None:
        """Take up the next piece of the dump."""
        self.sql += len(sql)
        if section.kind is Kind.STRUCTURE:
            self.tables.add(section.name)
            self.referenced.update(referenced_columns(sql))
        elif section.kind is not Kind.ROWS:
            self.pieces.append((section, sql))
            self.size += len(sql) + OWN_SIZE


def outline_of(dump: DumpFile) -> Outline | None:
    """What the dump holds beside its tables; None where it isn't just one dump of mariadb-dump's.

    It may be another tool's, hold two dumps or rows without their table, or somebody may have added
    a statement in its head or at its end. Then its statements must run in their own order.
    """
    if not is_of_mariadb_dump(dump):
        return None
    outline = Outline()
    with dump.open() as stream:
        for section, sql in sections(stream):
            if not outline.goes_on_with(section, sql):
                return None
            outline.add(section, sql)
            if outline.size > LARGEST_OUTLINE:  # it is kept in memory
                return None
    return outline


def is_of_mariadb_dump(dump: DumpFile) -> bool:
    """Whether the file says that mariadb-dump wrote it, in one of its first lines.

    Only then are its sections what their comments tell.
    """
    with dump.open() as stream:
        lines = [stream.readline(LONGEST_FIRST_LINE) for _ in range(FIRST_LINES)]
    return any(line.startswith(FIRST_COMMENT) for line in lines)


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


def whole(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """These pieces, unchanged; DumpError at their end where mariadb-dump's last line is missing."""
    open_ended = False
    for section, sql in pieces:
        if section.kind is Kind.HEAD and sql.startswith(FIRST_COMMENT):
            open_ended = True
        elif section.kind is Kind.END and sql.startswith(LAST_COMMENT):
            open_ended = False
        yield section, sql
    if open_ended:
        raise DumpError(NOT_WHOLE)
