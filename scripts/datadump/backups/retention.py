"""Which backups are kept, and why. Nothing here asks or removes anything.

The rules are those of restic's ``forget``: going from the newest to the oldest, each rule for
itself keeps the first one of each day (week, month, year) until it has kept as many as it may; the
oldest stays while a rule may keep more. What any rule keeps is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from datadump.backups.catalogue import Backup
from datadump.backups.turns import moment

# By which of these two backups differ for a rule, in the zone of TZ.
PERIODS: Mapping[str, Callable[[datetime, int], object]] = {
    "KEEP_LAST": lambda _, number: number,
    "KEEP_DAILY": lambda at, _: at.date(),
    "KEEP_WEEKLY": lambda at, _: at.isocalendar()[:2],
    "KEEP_MONTHLY": lambda at, _: (at.year, at.month),
    "KEEP_YEARLY": lambda at, _: at.year,
}


class Decision(NamedTuple):
    """About one backup; it is kept where there is a reason."""

    backup: Backup
    reasons: list[str]


def decide(
    backups: Sequence[Backup], database: str, rules: Mapping[str, int], first_day_kept: str
) -> list[Decision]:
    """About each backup of that database, the newest first, and about what lies beside them.

    ``backups`` are in the order of their keys, the last one first.

    ``first_day_kept``: from that day of their keys on all stay, ``2026-11-23``: a number of that
    day may still be given, and none is given twice. What isn't ours by its metadata stays, too.
    """
    ours = [one for one in backups if is_ours(one, database)]
    in_time = sorted(ours, key=lambda one: moment(one.dumped_at), reverse=True)
    reasons: dict[str, list[str]] = {one.key: [] for one in in_time}
    for rule, count in rules.items():
        for key in kept_by(rule, count, in_time):
            reasons[key].append(rule)
    for key in newest_keys(ours, in_time):
        reasons[key].append("the newest")
    for key in newest_keys(filter(is_proven, ours), filter(is_proven, in_time)):
        reasons[key].append("the newest that is proven")
    for one in ours:
        if day_of(one.key) >= first_day_kept:
            reasons[one.key].append("its day isn't over for long")
    others = [one for one in backups if not is_ours(one, database)]
    decisions = [Decision(one, reasons[one.key]) for one in in_time]
    return decisions + [Decision(one, ["not ours by its metadata"]) for one in others]


def newest_keys(by_key: Iterable[Backup], in_time: Iterable[Backup]) -> set[str]:
    """The first one's of both: to a restore the last key is the newest, whatever a clock said."""
    return {one.key for order in (by_key, in_time) for one in islice(order, 1)}


def is_proven(backup: Backup) -> bool:
    """Whether a drill has proven it."""
    return bool(backup.proof and backup.proof.verified)


def kept_by(rule: str, count: int, backups: Sequence[Backup]) -> list[str]:
    """The keys that one rule keeps of these, which are the newest first."""
    kept: list[str] = []
    last: object = None
    for number, one in enumerate(backups):
        period = PERIODS[rule](datetime.fromtimestamp(moment(one.dumped_at)).astimezone(), number)
        is_oldest = number == len(backups) - 1
        if len(kept) < count and (period != last or is_oldest):
            kept.append(one.key)
            last = period
    return kept


def is_ours(backup: Backup, database: str) -> bool:
    """Whether an uploader of ours made it, of that database, by its metadata."""
    facts = (backup.dump_id, backup.sha256, moment(backup.dumped_at))
    return all(facts) and backup.database == database


def day_of(key: str) -> str:
    """The day in a backup's key."""
    return key.split("/")[-2]
