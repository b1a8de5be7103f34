"""What becomes of a dump's outcome: a line of the log, or none."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from datadump.dumps.folder import DumpFolder
from datadump.dumps.taken import Destination, TakenDump
from datadump.settings.pipelines import Pipeline
from datadump.upload.in_hand import DumpInHand
from datadump.upload.sending import send_and_log

PIPELINE = Pipeline("FACULDADE", "/dumps", "")
PLAIN = TakenDump("a" * 32, "datadump.sql")
NOTED = TakenDump("a" * 32, "datadump.sql", Destination("bucket", "2026-11-23/datadump1.sql"))


class Failing:
    """A shipment that ends by this error: a disk that is broken can't be had."""

    def __init__(self, error: OSError) -> None:
        self.error = error

    def send(self) -> None:
        raise self.error


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was logged."""
    logged: list[str] = []
    monkeypatch.setattr("datadump.upload.sending.log", logged.append)
    return logged


def outcome(folder: Path, dump: TakenDump, number: int, name: str | None) -> bool:
    error = OSError(number, os.strerror(number), name and str(folder / name))
    in_hand = DumpInHand(DumpFolder(str(folder)), dump)
    return send_and_log(in_hand, Failing(error), PIPELINE)  # type: ignore[arg-type]


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.ENOSPC])
def test_error_that_names_no_file_gets_the_dumps(
    tmp_path: Path, lines: list[str], number: int
) -> None:
    """One that comes from within a file has none."""
    assert not outcome(tmp_path, NOTED, number, None)
    assert lines == [f"{tmp_path / NOTED.name}: [Errno {number}] {os.strerror(number)}"]


@pytest.mark.parametrize(
    ("dump", "missing", "is_failure"),
    [(PLAIN, PLAIN.name, False), (NOTED, NOTED.name, True), (PLAIN, "another", True)],
)
def test_dump_that_is_gone_is_a_failure_where_it_was_noted(
    tmp_path: Path, lines: list[str], dump: TakenDump, missing: str, is_failure: bool
) -> None:
    """Without a note the dump side may have dropped it, and says so; with one it never does."""
    assert outcome(tmp_path, dump, errno.ENOENT, missing) is not is_failure
    assert len(lines) == is_failure
