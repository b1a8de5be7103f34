"""How far a transfer or a load is: for a person, not the log."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from datadump.ground.terminal import MEBIBYTE, printable

SECONDS_BETWEEN_REPORTS = 10.0


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
    """Says on standard output, now and then, how far a transfer or a load is.

    ``size``: the bytes of the whole, None where nobody knows how much SQL there is. ``done``: those
    that an earlier run has left. Threads may share it.
    """

    def __init__(self, name: str, size: int | None = None, done: int = 0) -> None:
        self._name, self._done = printable(name), done
        self._what = "MiB of SQL" if size is None else f"of {size / MEBIBYTE:,.0f} MiB"
        self._started = self._said = time.monotonic()
        self._moved = 0
        self._lock = threading.Lock()

    def add(self, moved: int) -> None:
        """So many more bytes have arrived."""
        with self._lock:
            self._moved += moved
            now = time.monotonic()
            if now - self._said < SECONDS_BETWEEN_REPORTS:
                return
            self._said = now
            there = (self._done + self._moved) / MEBIBYTE
            rate = self._moved / MEBIBYTE / (now - self._started)
            print(f"{self._name}: {there:,.0f} {self._what}, {rate:,.0f} MiB/s", flush=True)
