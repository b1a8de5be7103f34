"""What is said of each of the last days."""

from __future__ import annotations

import pytest
from datadump.sight.seen import BackupSeen, PipelineSeen, ProofSeen
from datadump.status.days import FAILED, GONE, NONE, PROVEN, STORED, days_of, in_words
from datadump.status.drawings import calendar, curve, places
from support.states import DAY, database, day

NOW = 1_795_000_000.0
KEY = f"{day(NOW)}/datadump1.sql"
BACKUP = BackupSeen(KEY, 7, NOW, "etag")
PROOF = ProofSeen(KEY, NOW, True, "", 1.0, "etag")


def state_of_today(**changes: object) -> str:
    one = PipelineSeen("shop", [BACKUP], [PROOF])._replace(**changes)  # type: ignore[arg-type]
    return days_of(one, NOW)[-1].state


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, PROVEN),
        ({"proofs": []}, STORED),
        ({"proofs": [PROOF._replace(etag="of an object that was there before")]}, STORED),
        ({"proofs": [PROOF._replace(verified=False)]}, FAILED),
        ({"backups": [BACKUP._replace(etag="")]}, PROVEN),  # a store that tells none
        ({"backups": []}, NONE),
        ({"backups": [], "failed": [day(NOW)]}, FAILED),
        ({"backups": [], "failed": [day(NOW - DAY)]}, NONE),
        ({"failed": [day(NOW)]}, PROVEN),  # it was tried again
        ({"backups": [], "stored": [day(NOW)]}, GONE),  # retention took it, or somebody
    ],
)
def test_day_is_no_better_than_its_backup(changes: dict[str, object], state: str) -> None:
    """One that another object's proof speaks for isn't proven."""
    assert state_of_today(**changes) == state


def test_failed_drill_is_not_hidden_by_another_backup_of_the_day() -> None:
    second = BACKUP._replace(key=KEY.replace("1.sql", "2.sql"))
    failed = PROOF._replace(key=second.key, verified=False)
    assert state_of_today(backups=[second, BACKUP], proofs=[failed, PROOF]) == FAILED


def test_days_are_ninety_and_the_last_is_today() -> None:
    days = days_of(PipelineSeen("shop", [BACKUP]), NOW)
    assert len(days) == 90
    assert (days[-1].day, days[-1].size) == (day(NOW), 7)
    assert days[0].day == day(NOW - 89 * DAY)


def test_words_name_what_is_missing_since_the_first_backup() -> None:
    """Before that nobody expected one."""
    one = database("shop", NOW, silent=1, proven=[21])
    recent = one._replace(backups=one.backups[:25])
    assert in_words(days_of(recent, NOW)) == (
        f"Since {day(NOW - 26 * DAY)}: 24 not proven; 1 failed ({day(NOW - 21 * DAY)}); "
        f"2 without a backup ({day(NOW)}, {day(NOW - 10 * DAY)})."
    )
    assert in_words(days_of(PipelineSeen("shop"), NOW)) == "No backup in these 90 days."


def test_day_before_the_first_backup_is_no_gap() -> None:
    """Nobody expected one; from the first dump that failed somebody did."""
    one = PipelineSeen("shop", [BACKUP])
    assert [day.state for day in days_of(one, NOW)[-3:]] == ["", "", STORED]
    failed = one._replace(failed=[day(NOW - 2 * DAY)])
    assert [day.state for day in days_of(failed, NOW)[-3:]] == [FAILED, NONE, STORED]


def test_calendar_has_a_point_for_each_day() -> None:
    """In columns from Monday to Sunday."""
    days = days_of(database("shop", NOW), NOW)
    drawn = {state: len(path.split()) // 2 for state, path in calendar(days).items()}
    assert drawn == {PROVEN: 12, STORED: 76, FAILED: 1, NONE: 1}
    assert calendar(days_of(PipelineSeen("shop"), NOW)).keys() == {NONE}  # today
    assert len(set(places(days))) == 90
    assert {y for _, y in places(days)} == {14 * weekday for weekday in range(7)}


def test_curve_ends_at_the_newest_and_is_as_high_as_the_largest() -> None:
    """Two apart for each day; y grows downwards."""
    backups = [BACKUP._replace(key=f"{day(NOW - ago * DAY)}/datadump1.sql", size=size)
               for ago, size in ((0, 50), (2, 100), (89, 0))]  # fmt: skip
    assert curve(days_of(PipelineSeen("shop", backups), NOW)) == "M0 22 174 2 178 12h0"
    assert curve(days_of(PipelineSeen("shop"), NOW)) == ""
