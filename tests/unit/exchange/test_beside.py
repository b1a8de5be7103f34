"""Rules of what a database beside another says of itself."""

from __future__ import annotations

import pytest
from datadump.exchange.beside import LONGEST_COMMENT, Note, State, note_in


@pytest.mark.parametrize(
    "note",
    [
        Note(State.LOADED, "2026-11-23/datadump1.sql", "0f" * 8),
        Note(State.KEPT, "a/é'\"`%.sql", "0f" * 8, ["one", "t`wo\n"], "shop_new_1", 7),
    ],
)
def test_note_is_read_as_it_was_written(note: Note) -> None:
    assert note_in(note.comment) == note


@pytest.mark.parametrize(
    "text", ["", "the shop's", "[]", "{}", '{"state": "sold"}', '{"state": 1}']
)
def test_any_other_comment_is_no_note(text: str) -> None:
    """It may be somebody's own."""
    assert note_in(text) == Note(State.UNKNOWN)


def test_comment_is_never_longer_than_a_server_takes() -> None:
    """A key may be; of tables, so many are refused beforehand."""
    assert len(Note(State.LOADED, "x" * 1024, "0f" * 8).comment) < LONGEST_COMMENT
    assert Note(State.LOADED, "x" * 1024, "0f" * 8, ["table"] * 40).fits
    assert not Note(State.LOADED, "x" * 1024, "0f" * 8, ["a longer name of a table"] * 40).fits
