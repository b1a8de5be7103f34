"""What a person is shown on the terminal, beside the log."""

from __future__ import annotations

KIBIBYTE = 1024  # bytes
MEBIBYTE = 1024 * KIBIBYTE


def printable(text: str) -> str:
    """The text with a ``?`` for each character that no terminal should be sent.

    What a bucket, a server or a dump says may hold escape sequences, which move the cursor, change
    the title or hide what was printed before; lone surrogates, which can't be printed at all; and
    line ends.
    """
    return "".join(c if c.isprintable() else "?" for c in text)


def human_size(size: int) -> str:
    """A number of bytes as a person says it: ``1.5 GiB``."""
    value, unit = float(size), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if round(value, 1) < KIBIBYTE:
            break
        value, unit = value / KIBIBYTE, larger
    return f"{value:,.0f} B" if unit == "B" else f"{value:,.1f} {unit}"


NUMBERS = {"SIZE", "ROWS"}


def aligned(rows: list[tuple[str, ...]]) -> list[str]:
    """The cells in columns, as far as they can be printed; the first row is their heads."""
    rows = [tuple(map(printable, cells)) for cells in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(padded, cells, widths, rows[0])).rstrip() for cells in rows]


def padded(cell: str, width: int, head: str) -> str:
    """Numbers stand at the right of their column."""
    return cell.rjust(width) if head in NUMBERS else cell.ljust(width)
