"""Single tables of a dump: nothing is read behind the last of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from datadump.sql.lines import DumpError
from datadump.sql.sections import Kind, Piece

# What belongs to a table, or is one to RENAME TABLE.
OF_ONE = frozenset({Kind.SEQUENCE, Kind.STRUCTURE, Kind.ROWS, Kind.TRIGGERS})
BETWEEN = frozenset({Kind.HEAD, Kind.DATABASE, Kind.LEFT_OUT})


def pieces_of_tables(pieces: Iterable[Piece], tables: Collection[str]) -> Iterator[Piece]:
    """The settings of the session, and all that is of these tables, triggers too.

    Raises DumpError at the end of a dump that lacks one of them.
    """
    missing = set(tables)
    for section, sql in pieces:
        if section.kind in OF_ONE and section.name in tables:
            missing.discard(section.name)
            yield section, sql
        elif section.kind is Kind.HEAD:
            yield section, sql
        elif section.kind not in BETWEEN and not missing:
            return
    if missing:
        raise DumpError(f"the dump has no table {', '.join(sorted(missing))}")
