"""What is news: for the log, and for each that is told. Nothing here asks or tells anybody."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from datadump.watch.checks import Check
from datadump.watch.memory import Memory

LOOKS_TO_BE_WELL = 2  # in a row, before that is told: a check that flaps stays bad
AGAIN = 86400  # seconds after which what still fails is told once more


class News(NamedTuple):
    """What one target is to be told."""

    failing: list[Check]
    well_again: list[Check]

    @property
    def subjects(self) -> set[str]:
        """What fails."""
        return {check.subject for check in self.failing}


def next_memory(memory: Memory, checks: Sequence[Check], now: float) -> Memory:
    """What is known after this look; of what could not be looked at, what was known before.

    What isn't looked at any more, since nobody is to be told of it, is forgotten.
    """
    failing, well = dict(memory.failing), dict(memory.well)
    silent = {check.database for check in checks if check.name == "bucket" and not check.passed}
    if "" not in silent:  # else some are missing
        kept = {check.subject for check in checks}
        kept |= {subject for subject in {*failing, *well} if is_hidden(subject, silent)}
        failing = {subject: at for subject, at in failing.items() if subject in kept}
        well = {subject: looks for subject, looks in well.items() if subject in kept}
    for check in checks:
        if not check.passed:
            failing.setdefault(check.subject, now)
            well.pop(check.subject, None)
        elif check.subject in failing or check.subject in well:
            failing.pop(check.subject, None)
            well[check.subject] = well.get(check.subject, 0) + 1
    return memory._replace(at=now, failing=failing, well=well)


def is_hidden(subject: str, silent: Collection[str]) -> bool:
    """Whether nothing is known of it in a look in which the bucket didn't show what these have."""
    name, _, database = subject.partition(" of ")
    return database in silent or (name == "mirror" and bool(silent))


def log_lines(memory: Memory, checks: Sequence[Check]) -> list[str]:
    """The lines of the log about what changed since that look."""
    lines = []
    for check in checks:
        if check.passed and check.subject in memory.failing:
            lines.append(f"check passed: {check}")
        elif not check.passed and check.subject not in memory.failing:
            lines.append(f"check failed: {check}")
    return lines


def news_for(told: dict[str, float], memory: Memory, checks: Sequence[Check]) -> News:
    """What somebody is to be told who was told that; ``memory`` is this look's.

    What was told at a time to come, by a clock that was ahead, is told again.
    """
    failing = [
        check
        for check in checks
        if not check.passed and not 0 <= memory.at - told.get(check.subject, 0.0) < AGAIN
    ]
    well_again = [
        check
        for check in checks
        if check.subject in told and memory.well.get(check.subject, 0) >= LOOKS_TO_BE_WELL
    ]
    return News(failing, well_again)


def told_after(told: dict[str, float], news: News, now: float) -> dict[str, float]:
    """What somebody was told who has been told that news as well."""
    over = {check.subject for check in news.well_again}
    kept = {subject: at for subject, at in told.items() if subject not in over}
    return kept | dict.fromkeys(news.subjects, now)
