"""The last days of a database: on which there is a backup, and what drills said of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from datadump.sight.in_bucket import DAYS
from datadump.sight.seen import BackupSeen, PipelineSeen

PROVEN, STORED, FAILED, NONE = "proven", "not proven", "failed", "without a backup"
GONE = "no longer kept"  # the log tells of an upload
UNBORN = ""  # before the first backup, of which nobody expects any
STATES = (PROVEN, STORED, FAILED, NONE, GONE)
MOST_NAMED = 6  # days, the last ones


class Day(NamedTuple):
    """A day of the bucket: its backups are those under its date."""

    day: str  # 2026-11-23
    state: str
    size: int | None  # bytes of its last backup


def days_of(one: PipelineSeen, now: float) -> list[Day]:
    """The last :data:`DAYS` of them, the oldest first; the last one is today."""
    backups: dict[str, list[BackupSeen]] = {}
    for backup in one.backups:
        backups.setdefault(backup.day, []).append(backup)
    today = datetime.fromtimestamp(now).astimezone().date()
    days = [(today - timedelta(days=ago)).isoformat() for ago in reversed(range(DAYS))]
    first = min([*backups, *one.failed, *one.stored, days[-1]])
    return [
        day_of(one, day, backups.get(day, [])) if day >= first else Day(day, UNBORN, None)
        for day in days
    ]


def day_of(one: PipelineSeen, day: str, backups: Sequence[BackupSeen]) -> Day:
    """That day, with its backups, the newest first."""
    if not backups:
        state = FAILED if day in one.failed else GONE if day in one.stored else NONE
        return Day(day, state, None)
    verdicts = {proof.verified for backup in backups if (proof := one.proof_of(backup))}
    state = FAILED if False in verdicts else PROVEN if True in verdicts else STORED
    return Day(day, state, backups[0].size)


def in_words(days: Sequence[Day]) -> str:
    """How many there are of each state, and which days are none to rely on."""
    if all(day.size is None for day in days):
        return f"No backup in these {len(days)} days."
    since = [day for day in days if day.state != UNBORN]
    parts = []
    for state in STATES:
        found = [day.day for day in reversed(since) if day.state == state]
        which = f" ({', '.join(found[:MOST_NAMED])}{', …' if found[MOST_NAMED:] else ''})"
        if found:
            parts.append(f"{len(found)} {state}{which if state in {FAILED, NONE} else ''}")
    return f"Since {since[0].day}: {'; '.join(parts)}."
