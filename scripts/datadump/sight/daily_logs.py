"""What the daily logs tell of dumps, and of restores that exchange databases."""

from __future__ import annotations

import os
import re
import time
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from datadump.ground.daily_log import EXCHANGE_BEGUN, EXCHANGE_ENDED
from datadump.sight.seen import DumpSeen, ExchangeSeen

DAYS_READ = 90  # of the newest logs
LAST_LINES = 20
COMPLETED, FAILED = "database dump completed", "database dump failed: "
UPLOADED, IDLE = "file successfully uploaded", "there is no file to upload"
UNCOVERED = "databases not backed up: "
# How the lines begin that count here.
TELLING = (COMPLETED, FAILED, UPLOADED, UNCOVERED, EXCHANGE_BEGUN, EXCHANGE_ENDED)
KEEPS_OLD = re.compile(r"(.+)_(?:before|undone)_\d{8}_\d{6}")  # of the database before that


class Line(NamedTuple):
    """One event of the log."""

    day: str  # in the zone of TZ
    at: float  # seconds since 1970
    message: str


class DailyLogs:
    """The newest logs, read once. Raises OSError.

    ``last_lines`` are the last ones, whatever they say. Of the others only what counts is kept: a
    store that is away for weeks fills the logs.
    """

    def __init__(self, folder: str) -> None:
        last: deque[str] = deque(maxlen=LAST_LINES)
        self._lines = []
        for text in texts_of(folder):
            last.append(text)
            if line := line_of(text):
                self._lines.append(line)
        self.last_lines = list(last)

    def last_dump(self, database: str, ending: str) -> DumpSeen | None:
        """How the last dump of that database went; ``ending``: how its lines end (Pipeline)."""
        failed = failures_of(database, ending)
        for line in reversed(self._lines):
            if line.message == COMPLETED + ending:
                return DumpSeen(line.at, "")
            if line.message.startswith(failed):
                return DumpSeen(line.at, line.message.removeprefix(FAILED))
        return None

    def days_of_failures(self, database: str, ending: str) -> set[str]:
        """On which a dump of that database failed."""
        failed = failures_of(database, ending)
        return {line.day for line in self._lines if line.message.startswith(failed)}

    def days_of_uploads(self, ending: str) -> set[str]:
        """On which there was one."""
        return {line.day for line in self._lines if line.message == UPLOADED + ending}

    def last_upload(self, ending: str) -> float:
        """When it was; 0 where there was none."""
        moments = (line.at for line in reversed(self._lines) if line.message == UPLOADED + ending)
        return next(moments, 0.0)

    def completed_after(self, moment: float, ending: str) -> float:
        """When the dump was completed whose snapshot began at that moment; that one for unknown."""
        whole_second = int(moment)
        for line in self._lines:
            if line.message == COMPLETED + ending and line.at >= whole_second:
                return line.at
        return moment

    def uncovered(self) -> list[str]:
        """The databases that nobody backs up, as was said on the last day of a completed dump."""
        last_day, told = "", ""
        for line in self._lines:
            if line.message.startswith((COMPLETED, UNCOVERED)) and line.day != last_day:
                last_day, told = line.day, ""
            if line.message.startswith(UNCOVERED):
                told = line.message.removeprefix(UNCOVERED)
        return told.split(", ") if told else []

    def exchanges(self) -> list[ExchangeSeen]:
        """Those that have begun and not ended: under way, or cut."""
        begun: dict[str, float] = {}
        for line in self._lines:
            if line.message.startswith(EXCHANGE_BEGUN):
                begun[line.message.removeprefix(EXCHANGE_BEGUN)] = line.at
            elif line.message.startswith(EXCHANGE_ENDED):
                begun.pop(line.message.removeprefix(EXCHANGE_ENDED), None)
        return [ExchangeSeen(database_before(name), at) for name, at in begun.items()]


def texts_of(folder: str) -> Iterator[str]:
    """The lines of the newest logs, oldest first.

    Without those of idle ticks, nearly all, and without logs of days to come: by a clock that was
    ahead they would be the newest for long.
    """
    last = time.strftime("%Y-%m-%d.txt")
    names = sorted(name for name in os.listdir(folder) if is_log(name) and name <= last)
    for name in names[-DAYS_READ:]:
        with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
            for text in file:
                if not text.endswith(f",{IDLE}\n"):
                    yield text.rstrip("\n")


def line_of(text: str) -> Line | None:
    """What it says, if that counts here; None for what is no line of the log as well."""
    date, _, rest = text.partition(",")
    clock, _, message = rest.partition(",")
    if not message.startswith(TELLING):
        return None
    try:
        parsed = time.strptime(f"{date} {clock}", "%Y-%m-%d %H:%M:%S")
    except ValueError:
        return None
    return Line(date, time.mktime(parsed), message)


def failures_of(database: str, ending: str) -> tuple[str, ...]:
    """How the lines begin that say that its dump failed; ``ending``: see Pipeline."""
    return (f"{FAILED}{database}: ", f"{FAILED}*: ") if ending else (FAILED,)


def database_before(name: str) -> str:
    """Whose old data the database of that name gets; the name itself where it is none of these."""
    found = KEEPS_OLD.fullmatch(name)
    return found[1] if found else name


def is_log(name: str) -> bool:
    """Whether the file is a daily log by its name, ``2026-11-23.txt``."""
    day, _, suffix = name.partition(".")
    return suffix == "txt" and len(day) == len("2026-11-23") and day.replace("-", "").isdigit()
