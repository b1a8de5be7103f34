"""The small pictures of the page, as paths of SVG: a curve of sizes, a calendar of days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from datadump.status.days import FAILED, NONE, PROVEN, STORED, UNBORN, Day

CURVE_HEIGHT = 24  # a day is 2 wide
CELL = 14  # of the calendar: a day and the gap to the next; a week is a column, Monday at its top
# What is drawn from the upper left corner of a day's cell; each state has a form of its own.
FORMS = {
    PROVEN: "h11v11h-11z",
    STORED: "m1 1h9v9h-9z",
    FAILED: "m1 1l9 9m0-9l-9 9",
    NONE: "m1 5.5h9",
}


def curve(days: Sequence[Day]) -> str:
    """The sizes from the first to the last day, as a share of the largest; '' for none."""
    sizes = [(number, day.size) for number, day in enumerate(days) if day.size is not None]
    if not sizes:
        return ""
    largest = max(size for _, size in sizes) or 1
    height = CURVE_HEIGHT - 4
    points = [f"{2 * number} {2 + height - height * size // largest}" for number, size in sizes]
    return f"M{' '.join(points)}h0"  # h0: one point alone is a dot


def calendar(days: Sequence[Day]) -> dict[str, str]:
    """A path for each state that there is, with all its days."""
    paths: dict[str, str] = {}
    for day, (x, y) in zip(days, places(days), strict=True):
        if day.state == UNBORN:
            continue
        paths[day.state] = paths.get(day.state, "") + f"M{x} {y}{FORMS[day.state]}"
    return paths


def places(days: Sequence[Day]) -> list[tuple[int, int]]:
    """The upper left corner of each day's cell."""
    before = date.fromisoformat(days[0].day).weekday()
    return [
        ((before + number) // 7 * CELL, (before + number) % 7 * CELL) for number in range(len(days))
    ]
