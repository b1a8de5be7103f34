"""How far a transfer or a load is: for a person, not the log."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from datadump.ground.terminal import MEBIBYTE, printable, span

SECONDS_BETWEEN_REPORTS = 10.0
SECONDS_IN_A_TERMINAL = 0.5
CLEAR = "\r\x1b[K"  # the line, and go to its beginning


class Phases:
    """How long the phases of a work took: ``seconds``, by their names."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """What happens in this context is of that phase, however it ends."""
        start = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = round(time.monotonic() - start, 1)

    def __str__(self) -> str:
        return ", ".join(f"{name} {seconds:,.1f} s" for name, seconds in self.seconds.items())


class Progress:
    """Says on standard output how far a transfer or a load is, and how long it will still take.

    In a terminal that is one line, which renews itself; elsewhere a line every ten seconds.
    ``size``: the bytes of the whole. ``done``: those that an earlier run has left. ``what``: what
    the whole is called, where its bytes tell a person nothing. Threads may share it.
    """

    def __init__(self, name: str, size: int, done: int = 0, what: str = "") -> None:
        self._name, self._size, self._done, self._what = printable(name), size, done, what
        self._in_place = sys.stdout.isatty()
        self._pause = SECONDS_IN_A_TERMINAL if self._in_place else SECONDS_BETWEEN_REPORTS
        self._started = self._said = time.monotonic()
        self._moved = 0
        self._lock = threading.Lock()

    def add(self, moved: int) -> None:
        """So many more bytes are done."""
        with self._lock:
            self._moved += moved
            self._say_now_and_then()

    def skip(self, there: int) -> None:
        """So many more bytes turn out to be there from an earlier run."""
        with self._lock:
            self._done += there

    def reach(self, moved: int) -> None:
        """So many bytes are done by now, without those of an earlier run."""
        with self._lock:
            self._moved = moved
            self._say_now_and_then()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._in_place:  # the line is for whoever is next
            print(CLEAR, end="", flush=True)

    def _say_now_and_then(self) -> None:
        now = time.monotonic()
        if now - self._said < self._pause:
            return
        self._said = now
        line = self._line(self._moved / (now - self._started))
        if self._in_place:
            columns = shutil.get_terminal_size().columns
            print(f"{CLEAR}{line[: columns - 1]}", end="", flush=True)
        else:
            print(line, flush=True)

    def _line(self, rate: float) -> str:
        """``rate``: bytes per second."""
        there = min(self._done + self._moved, self._size)
        percent = 100 * there // self._size if self._size else 100
        how = self._what or f"{self._size / MEBIBYTE:,.0f} MiB, {rate / MEBIBYTE:,.0f} MiB/s"
        left = f", {span((self._size - there) / rate)} left" if rate else ""
        return f"{self._name}: {percent} % of {how}{left}"
