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
    missing, near = set(tables), []
    for section, sql in pieces:
        if section.kind in OF_ONE and section.name in tables:
            missing.discard(section.name)
            yield section, sql
        elif section.kind is Kind.HEAD:
            yield section, sql
        elif section.kind is Kind.STRUCTURE and is_near(section.name, missing):
            near.append(section.name)
        elif section.kind not in BETWEEN and not missing:
            return
    if missing:
        raise DumpError(none_such(missing, near))


def is_near(name: str, missing: Collection[str]) -> bool:
    """Whether it is one of the missing names but for the case of letters."""
    return name.casefold() in {one.casefold() for one in missing}


def none_such(missing: Collection[str], near: Iterable[str]) -> str:
    """That the dump lacks these tables, and what may have been meant."""
    has = ", ".join(sorted(set(near)))
    return f"the dump has no table {', '.join(sorted(missing))}{f'; it has {has}' if has else ''}"
