"""How far a transfer or a load is: for a person, not the log."""

from __future__ import annotations

import threading
import time

from datadump.ground.terminal import MEBIBYTE, printable

SECONDS_BETWEEN_REPORTS = 10.0


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


class Loaded:
    """Says now and then how much was loaded: for a person, not the log."""

    def __init__(self, database: str) -> None:
        self._database = printable(database)
        self._started = self._said = time.monotonic()
        self._bytes = 0
        self._lock = threading.Lock()

    def add(self, number: int) -> None:
        """So many bytes of SQL."""
        with self._lock:
            self._bytes += number
            now = time.monotonic()
            if now - self._said >= SECONDS_BETWEEN_REPORTS:
                self._said = now
                size = self._bytes / MEBIBYTE
                rate = size / (now - self._started)
                print(f"{self._database}: {size:,.0f} MiB of SQL, {rate:,.0f} MiB/s", flush=True)
