"""Which drills are held, and in which order."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from datadump.backups.catalogue import Backup, Catalogue
from datadump.backups.proofs import Proof
from datadump.backups.turns import Turn
from datadump.commands import drill
from datadump.commands.drill import drill_in_turn
from datadump.restore.download import Wanted
from datadump.settings.pipelines import Pipeline

BUCKET: Any = None  # nothing is asked of it
MINUTE = 60


@pytest.fixture
def drilled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The databases of the drills that were held: here each takes a minute."""
    held: list[str] = []

    def hold(turn: Turn, _: object) -> int:
        held.append(turn.database)
        return int(turn.database == "wrong")

    monkeypatch.setattr(drill, "drill_as_one_of_many", hold)
    monkeypatch.setattr("time.monotonic", lambda: len(held) * MINUTE)
    return held


def turn(database: str, *, proven: bool | None = None) -> Turn:
    proof = None if proven is None else Proof("", "", "", proven, "", "", {}, {})
    backup = Backup("", 0, "", "", database, "", "", proof)
    return Turn(Catalogue(BUCKET, Pipeline(database, "", "")), backup, "")


WANTED = partial(Wanted, BUCKET, "", None)
QUEUE = [turn("a"), turn("wrong"), turn("b"), turn("c"), turn("old", proven=True)]


def test_no_drill_begins_after_its_time(
    drilled: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """What waits then is said, and what was proven before isn't drilled again."""
    assert drill_in_turn(QUEUE, WANTED, 3 * MINUTE - 1) == 1
    assert drilled == ["a", "wrong", "b"]
    assert capsys.readouterr().out.splitlines() == [
        "proven: a, b, old", "FAILED: wrong", "waiting for a proof: c",
    ]  # fmt: skip


def test_drills_of_all_are_of_what_is_proven_too(drilled: list[str]) -> None:
    """However long it takes."""
    drill_in_turn(QUEUE, WANTED, None)
    assert drilled == ["a", "wrong", "b", "c", "old"]


def test_backup_whose_last_drill_failed_is_not_said_to_be_proven(
    drilled: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """It has its verdict, and waits for none."""
    assert drill_in_turn([turn("old", proven=False)], WANTED, MINUTE) == 1
    assert drilled == []
    assert capsys.readouterr().out == "FAILED: old\n"
