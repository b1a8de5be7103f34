"""Which backups are kept: restic's words and meaning, and what stays whatever the settings say."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from datadump.backups.catalogue import Backup
from datadump.backups.proofs import Proof
from datadump.backups.retention import Decision, decide
from datadump.settings.environment import SettingsError
from datadump.settings.retention import RULES, read_rules

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
YESTERDAY = "2026-11-26"
AFTER_ALL = "9999-12-31"  # where no day stays for its own sake


@pytest.fixture(autouse=True)
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The days of the tests are UTC's."""
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def backup(at: datetime, number: int = 1, *, proven: bool | None = None) -> Backup:
    key = f"{at:%Y-%m-%d}/datadump{number}.sql"
    proof = None if proven is None else Proof(key, "d", "e", proven, "", at.isoformat(), {}, {})
    return Backup(key, 1, "e", at.isoformat(), "shop", "d", "s", proof)


def nights(count: int, without: set[int] = frozenset()) -> list[Backup]:  # type: ignore[assignment]
    """One backup each night at three, the newest this one; some nights are missing."""
    tonight = NOW.replace(hour=3)
    return [backup(tonight - timedelta(n)) for n in range(count) if n not in without]


def kept(decisions: list[Decision], reason: str = "") -> list[str]:
    """The days of what is kept, for that reason."""
    found = [d.backup.key[:10] for d in decisions if d.reasons]
    if reason:
        found = [d.backup.key[:10] for d in decisions if reason in d.reasons]
    return found


def test_four_hundred_nights_keep_what_a_table_made_by_hand_says() -> None:
    """Some nights are missing; the newest proven one is old."""
    backups = nights(400, without={2, 3, 30, 31, 32})
    old = next(i for i, one in enumerate(backups) if one.key.startswith("2026-03-10"))
    backups[old] = backup(datetime(2026, 3, 10, 3, tzinfo=UTC), proven=True)
    rules = {"KEEP_DAILY": 7, "KEEP_WEEKLY": 4, "KEEP_MONTHLY": 12, "KEEP_YEARLY": 3}
    decisions = decide(backups, "shop", rules, YESTERDAY)
    assert kept(decisions, "KEEP_DAILY") == [
        "2026-11-27", "2026-11-26", "2026-11-23", "2026-11-22", "2026-11-21", "2026-11-20",
        "2026-11-19",
    ]  # fmt: skip
    # The weeks end on Sundays: 27 is a Friday.
    assert kept(decisions, "KEEP_WEEKLY") == [
        "2026-11-27", "2026-11-22", "2026-11-15", "2026-11-08",
    ]  # fmt: skip
    assert kept(decisions, "KEEP_MONTHLY") == [
        "2026-11-27", "2026-10-31", "2026-09-30", "2026-08-31", "2026-07-31", "2026-06-30",
        "2026-05-31", "2026-04-30", "2026-03-31", "2026-02-28", "2026-01-31", "2025-12-31",
    ]  # fmt: skip
    # The third year isn't there: the oldest stays in its place.
    assert kept(decisions, "KEEP_YEARLY") == ["2026-11-27", "2025-12-31", "2025-10-24"]
    assert kept(decisions, "the newest") == ["2026-11-27"]
    assert kept(decisions, "the newest that is proven") == ["2026-03-10"]
    assert kept(decisions, "its day isn't over for long") == ["2026-11-27", "2026-11-26"]
    assert len(kept(decisions)) == 7 + 2 + 11 + 1 + 1  # each counted once


def test_last_counts_backups_and_daily_the_last_of_a_day() -> None:
    """Several a day."""
    hours = [backup(NOW - timedelta(hours=6 * n), 100 - n) for n in range(20)]
    assert kept(decide(hours, "shop", {"KEEP_LAST": 3}, AFTER_ALL)) == [
        h.key[:10] for h in hours[:3]
    ]
    daily = [d.backup for d in decide(hours, "shop", {"KEEP_DAILY": 2}, AFTER_ALL) if d.reasons]
    assert daily == [hours[0], hours[3]]  # of 12:00, and of 18:00 the day before


def test_weeks_are_iso_weeks_over_the_end_of_a_year() -> None:
    """2027-01-03 is of week 53 of 2026."""
    days = [datetime(2027, 1, 4 - n, 3, tzinfo=UTC) for n in range(3)] + [
        datetime(2026, 12, 31 - n, 3, tzinfo=UTC) for n in range(10)
    ]
    decisions = decide([backup(day) for day in days], "shop", {"KEEP_WEEKLY": 2}, AFTER_ALL)
    assert kept(decisions) == ["2027-01-04", "2027-01-03"]


def test_what_is_not_ours_stays() -> None:
    """It has none of our metadata, or another database's: somebody shares the prefix."""
    foreign = Backup("2020-01-01/datadump1.sql", 1, "e", "", "", "", "")
    crm = backup(NOW - timedelta(900))._replace(database="crm")
    decisions = decide([*nights(3), foreign, crm], "shop", {"KEEP_LAST": 1}, AFTER_ALL)
    assert kept(decisions, "not ours by its metadata") == ["2020-01-01", crm.key[:10]]


def test_what_a_restore_takes_for_the_newest_stays_whatever_a_clock_said() -> None:
    """One dump's clock was ahead by years: it is the newest by its moment, and not by its key."""
    rules = {"KEEP_LAST": 1}
    backups = [backup(NOW - timedelta(days)) for days in range(1, 6)]
    backups[3] = backups[3]._replace(dumped_at="2099-01-01T00:00:00+00:00")
    assert kept(decide(backups, "shop", rules, AFTER_ALL)) == ["2026-11-23", "2026-11-26"]
    proven = [one._replace(proof=Proof("", "", "", True, "", "", {}, {})) for one in backups[1:]]
    decisions = decide([backups[0], *proven], "shop", rules, AFTER_ALL)
    assert kept(decisions, "the newest that is proven") == ["2026-11-23", "2026-11-25"]


def history(chance: random.Random) -> list[Backup]:
    """Of some days, with some backups each, of which some were drilled."""
    return [
        backup(
            NOW - timedelta(days=day, minutes=number), 10 - number,
            proven=chance.choice([None, None, True, False]),
        )
        for day in sorted(chance.sample(range(500), chance.randint(1, 60)))
        for number in range(chance.randint(1, 3))
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(1000))
def test_newest_and_newest_proven_always_stay_and_a_second_run_removes_nothing_more(
    seed: int,
) -> None:
    """Whatever the history and the rules."""
    chance = random.Random(seed)
    backups = history(chance)
    rules = {rule: chance.choice([0, 0, 1, 3, 12]) for rule in RULES}
    decisions = decide(backups, "shop", rules, YESTERDAY)
    assert sorted(d.backup for d in decisions) == sorted(backups)
    left = [d.backup for d in decisions if d.reasons]
    newest = max(backups, key=lambda one: one.dumped_at)
    assert newest in left
    proven = [one for one in backups if one.proof and one.proof.verified]
    assert not proven or max(proven, key=lambda one: one.dumped_at) in left
    assert all(one in left for one in backups if one.key >= YESTERDAY)
    for rule, count in rules.items():
        assert len([d for d in decisions if rule in d.reasons]) <= count
    again = decide(left, "shop", rules, YESTERDAY)
    assert [d.backup for d in again if not d.reasons] == []


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({}, "none of KEEP_LAST, .* says what to keep: KEEP_DAILY=7"),
        ({"KEEP_DAILY": "0", "KEEP_LAST": "0"}, "none of KEEP_LAST"),
        ({"KEEP_DAILY": "seven"}, "KEEP_DAILY: 'seven' is not a number such as 7"),
        ({"KEEP_LAST": "-1"}, "KEEP_LAST: '-1' is not a number such as 7"),
    ],
)
def test_rules_that_keep_nothing_are_wrong_settings(
    settings: dict[str, str], complaint: str
) -> None:
    with pytest.raises(SettingsError, match=complaint):
        read_rules(settings)
