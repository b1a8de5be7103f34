"""The Markdown table."""

from __future__ import annotations

import statistics
from typing import NamedTuple

from bench.measuring import MEBIBYTE, Measured

HEADER = ("job", "against", "ratio", "spread", "to reach", "times", "peak memory", "stored")


class Row(NamedTuple):
    """One comparison: the ratio of each round, and what there is beside it."""

    job: str
    against: str
    ratios: list[float]
    target: str
    times: tuple[float, float]  # medians, in seconds: ours, the other's
    memory: tuple[int, int]
    stored: tuple[int, int]


def compare(
    job: str, against: str, ours: list[Measured], theirs: list[Measured], target: str,
    figure: str = "wall",
) -> Row:  # fmt: skip
    """The row of two sides that took turns; ``figure`` is the time that is compared: wall, cpu."""
    times = [[getattr(one, figure) for one in side] for side in (ours, theirs)]
    return Row(
        job,
        against,
        [our / their for our, their in zip(*times, strict=True)],
        target,
        (statistics.median(times[0]), statistics.median(times[1])),
        (max(one.memory for one in ours), max(one.memory for one in theirs)),
        (max(one.stored for one in ours), max(one.stored for one in theirs)),
    )


def as_markdown(rows: list[Row]) -> str:
    """All rows under one header."""
    lines = [HEADER, tuple("---" for _ in HEADER), *(cells(row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cells(row: Row) -> tuple[str, ...]:
    """A row's texts; a pipe within one would end its cell."""
    texts = (
        row.job,
        row.against,
        f"{statistics.median(row.ratios):.2f}",
        f"{min(row.ratios):.2f} to {max(row.ratios):.2f}",
        row.target,
        " / ".join(seconds(time) for time in row.times),
        " / ".join(mebibytes(size) for size in row.memory),
        " / ".join(mebibytes(size) for size in row.stored),
    )
    return tuple(text.replace("|", "\\|") for text in texts)


def seconds(time: float) -> str:
    """Short times in milliseconds."""
    return f"{time:.1f} s" if time >= 1 else f"{time * 1000:.0f} ms"


def mebibytes(size: int) -> str:
    """A dash where there is nothing to tell."""
    return f"{size / MEBIBYTE:,.0f} MiB" if size else "-"
