"""What a person is told on the terminal, beside the log, and how far a transfer is."""

from __future__ import annotations

import time

KIBIBYTE = 1024  # bytes
MEBIBYTE = 1024 * KIBIBYTE
SECONDS_BETWEEN_REPORTS = 10.0


def printable(text: str) -> str:
    """The text with a ``?`` for each character that no terminal should be sent.

    What a bucket, a server or a dump says may hold escape sequences, which move the cursor, change
    the title or hide what was printed before; lone surrogates, which can't be printed at all; and
    line ends.
    """
    return "".join(c if c.isprintable() else "?" for c in text)


class Progress:
    """Says on standard output, now and then, how far an upload or a download is."""

    def __init__(self, url: str, size: int, done: int) -> None:
        self._url, self._size, self._done = printable(url), size, done
        self._started = self._said = time.monotonic()
        self._moved = 0

    def add(self, moved: int) -> None:
        """So many bytes have arrived."""
        self._moved += moved
        now = time.monotonic()
        if now - self._said < SECONDS_BETWEEN_REPORTS:
            return
        self._said = now
        there = (self._done + self._moved) / MEBIBYTE
        rate = self._moved / MEBIBYTE / (now - self._started)
        print(
            f"{self._url}: {there:,.0f} of {self._size / MEBIBYTE:,.0f} MiB, {rate:,.0f} MiB/s",
            flush=True,
        )


def human_size(size: int) -> str:
    """A number of bytes as a person says it: ``1.5 GiB``."""
    value, unit = float(size), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if round(value, 1) < KIBIBYTE:
            break
        value, unit = value / KIBIBYTE, larger
    return f"{value:,.0f} B" if unit == "B" else f"{value:,.1f} {unit}"
