"""What a person is shown on the terminal, beside the log."""

import sys

KIBIBYTE = 1024  # bytes
MEBIBYTE = 1024 * KIBIBYTE
MOST_IN_A_LINE = 3
TIMES = (("day", 86400), ("hour", 3600), ("minute", 60))  # seconds
NUMBERS = {"SIZE", "ROWS"}  # columns that stand at the right


def printable(text: str) -> str:
    """The text with a ``?`` for each character that no terminal should be sent.

    What a bucket, a server or a dump says may hold escape sequences, which move the cursor, change
    the title or hide what was printed before; lone surrogates, which can't be printed at all; and
    line ends.
    """
    return "".join(c if c.isprintable() else "?" for c in text)


def some_of(texts: list[str]) -> str:
    """The first of these, and how many more there are, as a line says it."""
    more = len(texts) - MOST_IN_A_LINE
    return ", ".join(texts[:MOST_IN_A_LINE]) + (f" and {more} more" if more > 0 else "")


class Notices:
    """What a person is told once, however often it comes up: beside the log, not in it."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def say(self, text: str) -> None:
        """Print it to standard output."""
        self._give(text)

    def warn(self, text: str) -> None:
        """Print it to standard error: something that the work gets over."""
        self._give(text, to_stderr=True)

    def _give(self, text: str, *, to_stderr: bool = False) -> None:
        if text not in self._given:
            self._given.add(text)
            print(printable(text), file=sys.stderr if to_stderr else sys.stdout)


def human_size(size: int) -> str:
    """A number of bytes as a person says it: ``1.5 GiB``."""
    value, unit = float(size), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if round(value, 1) < KIBIBYTE:
            break
        value, unit = value / KIBIBYTE, larger
    return f"{value:,.0f} B" if unit == "B" else f"{value:,.1f} {unit}"


def span(seconds: float) -> str:
    """A time as a person says it: ``3 hours``."""
    for name, unit in TIMES:
        if seconds >= 2 * unit:
            return f"{seconds // unit:.0f} {name}s"
    return "a minute" if seconds >= TIMES[-1][1] else "less than a minute"


def aligned(rows: list[tuple[str, ...]]) -> list[str]:
    """A table's lines, with what can't be printed replaced; the first row is the columns' heads."""
    rows = [tuple(map(printable, cells)) for cells in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(padded, cells, widths, rows[0])).rstrip() for cells in rows]


def padded(cell: str, width: int, head: str) -> str:
    """The cell as wide as its column, whose head says whether it holds numbers."""
    return cell.rjust(width) if head in NUMBERS else cell.ljust(width)
