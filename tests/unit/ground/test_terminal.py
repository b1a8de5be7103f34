"""What is said to a person of a transfer."""

from __future__ import annotations

import pytest
from datadump.ground.progress import Progress
from datadump.ground.terminal import Notices, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("naïve 🚌", "naïve 🚌"),
        ("\x1b[2J\x1b]0;title\x07", "?[2J?]0;title?"),
        ("\x9b2J", "?2J"),
        ("two\nlines\r\tand more", "two?lines??and more"),
        ("left\u202eright\u2028", "left?right?"),
        ("\ud800 and \udcff", "? and ?"),
    ],
    ids=["plain", "ESC", "C1", "lines", "direction", "lone surrogates"],
)
def test_text_from_outside_moves_no_cursor(text: str, shown: str) -> None:
    """Nor does it end in an error where it is printed: any UTF-8 terminal takes what is left."""
    assert printable(text) == shown
    assert printable(text).encode()


def test_progress_shows_no_key_as_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever writes to the bucket chooses it."""
    monkeypatch.setattr("datadump.ground.progress.SECONDS_BETWEEN_REPORTS", 0.0)
    Progress("s3://b/\x1b[2J\ud800", 3 * 1024**2, 0).add(1024**2)
    assert capsys.readouterr().out.startswith("s3://b/?[2J?: 33 % of 3 MiB, ")


def test_notice_is_given_once_to_each_who_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """What is said of one store doesn't keep the same from being said of another."""
    first, second = Notices(), Notices()
    for notices in (first, first, second):
        notices.say("it forgets")
        notices.warn("it fails")
    assert tuple(capsys.readouterr()) == ("it forgets\n" * 2, "it fails\n" * 2)
