"""The small pictures of the page, as paths of SVG: a curve of sizes, a calendar of days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from datadump.status.days import UNBORN, Day

CURVE_HEIGHT = 24  # a day is 2 wide
CELL = 14  # of the calendar: a day and the gap to the next; a week is a column, Monday at its top


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
    """A path for each state that there is: through its days, where the page draws its marker."""
    paths: dict[str, list[str]] = {}
    for day, (x, y) in zip(days, places(days), strict=True):
        if day.state != UNBORN:
            paths.setdefault(day.state, []).append(f"{x} {y}")
    return {state: f"M{' '.join(points)}" for state, points in paths.items()}


def places(days: Sequence[Day]) -> list[tuple[int, int]]:
    """The middle of each day's cell."""
    before = date.fromisoformat(days[0].day).weekday()
    return [
        ((before + number) // 7 * CELL, (before + number) % 7 * CELL) for number in range(len(days))
    ]
