"""What a person is told of a work that takes long."""

from __future__ import annotations

import pytest
from datadump.ground.progress import Progress
from datadump.ground.terminal import MEBIBYTE


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three seconds pass between two looks at it."""
    readings = iter(range(0, 1000, 3))
    monkeypatch.setattr("datadump.ground.progress.time.monotonic", lambda: next(readings))


@pytest.mark.usefixtures("clock")
def test_progress_is_said_every_ten_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    """What is there by then, of earlier runs too, the rate of this one, and how long still."""
    progress = Progress("s3://b/k", 1000 * MEBIBYTE, 200 * MEBIBYTE)
    for _ in range(8):
        progress.add(30 * MEBIBYTE)
    assert capsys.readouterr().out.splitlines() == [
        "s3://b/k: 32 % of 1,000 MiB, 10 MiB/s, a minute left",
        "s3://b/k: 44 % of 1,000 MiB, 10 MiB/s, less than a minute left",
    ]


@pytest.mark.usefixtures("clock")
def test_progress_of_a_load_is_what_was_read_of_the_dump(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It never says more than all."""
    progress = Progress("load into shop", 100, what="the dump")
    for read in (0, 1, 2, 3, 40, 50, 60, 200):
        progress.reach(read)
    assert capsys.readouterr().out.splitlines() == [
        "load into shop: 3 % of the dump, 6 minutes left",
        "load into shop: 100 % of the dump, less than a minute left",
    ]


@pytest.mark.usefixtures("clock")
def test_progress_in_a_terminal_is_one_line_which_goes_at_the_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No longer than the terminal is wide."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "20")
    with Progress("s3://b/k", 100 * MEBIBYTE) as progress:
        progress.add(30 * MEBIBYTE)
        progress.add(30 * MEBIBYTE)
    clear = "\r\x1b[K"
    assert capsys.readouterr().out == (
        f"{clear}s3://b/k: 30 % of 1{clear}s3://b/k: 60 % of 1{clear}"
    )
