"""Rules of single tables of a dump: all that is theirs, and not a piece behind the last of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from datadump.load.tables import pieces_of_tables
from datadump.sql.lines import DumpError
from datadump.sql.sections import Kind, Piece, Section

HEAD = (Section(Kind.HEAD), b"SET NAMES utf8mb4;\n")
SEQUENCE = (Section(Kind.SEQUENCE, "numbers"), b"CREATE SEQUENCE `numbers`;\n")


def table(name: str) -> list[Piece]:
    kinds = (Kind.STRUCTURE, Kind.ROWS, Kind.ROWS, Kind.TRIGGERS)
    return [(Section(kind, name), f"{kind.name} of {name};\n".encode()) for kind in kinds]


DUMP = [HEAD, SEQUENCE, *table("a"), *table("b"), *table("c"), (Section(Kind.VIEW, "b"), b"VIEW")]


def read(pieces: list[Piece], taken: list[Piece]) -> Iterator[Piece]:
    for piece in pieces:
        taken.append(piece)
        yield piece


def test_table_comes_with_its_rows_and_triggers() -> None:
    """And the settings of the session."""
    assert list(pieces_of_tables(DUMP, ["b"])) == [HEAD, *table("b")]
    assert list(pieces_of_tables(DUMP, ["c", "a"])) == [HEAD, *table("a"), *table("c")]
    assert list(pieces_of_tables(DUMP, ["numbers"])) == [HEAD, SEQUENCE]


def test_nothing_is_read_behind_the_last_of_them() -> None:
    """But the beginning of what comes then."""
    taken: list[Piece] = []
    list(pieces_of_tables(read(DUMP, taken), ["a", "b"]))
    assert taken == DUMP[: DUMP.index(table("c")[0]) + 1]


def test_table_that_the_dump_lacks_is_an_error_at_its_end() -> None:
    with pytest.raises(DumpError, match="the dump has no table gone, lost$"):
        list(pieces_of_tables(DUMP, ["a", "lost", "gone"]))
    with pytest.raises(DumpError, match="the dump has no table B; it has b$"):
        list(pieces_of_tables(DUMP, ["a", "B"]))
