"""A check's verdict, and what its sentence is made of: moments, and what to do."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

CLOCKS_APART = 300  # seconds that two clocks may differ


class Remedies(NamedTuple):
    """What to do, as a person who reads of one database is told it; {} is what DB_EXCLUDE takes."""

    dump: str
    drill: str
    log: str
    stopped: str  # where it may be gone for good,
    vanished: str  # and where all its backups are


HERE = Remedies(
    dump="docker compose run --rm dump",
    drill="docker compose run --rm restore-drill",
    log="the newest file in logs/",
    stopped=". If this database is gone for good, name it in DB_EXCLUDE",
    vanished="",
)
GONE = ". If it is gone for good, add {} to DB_EXCLUDE"
ON_ITS_HOST = Remedies(
    dump=f"{HERE.dump} on its host",
    drill=f"{HERE.drill} on its host",
    log=f"{HERE.log} on its host",
    stopped=GONE,
    vanished=GONE,
)


class Verdict(NamedTuple):
    """Whether all is well, and the sentence."""

    passed: bool
    text: str


def well(text: str) -> Verdict:
    """All is well, and the text says how well."""
    return Verdict(passed=True, text=text)


def wrong(text: str) -> Verdict:
    """Something isn't, and the text says what to do."""
    return Verdict(passed=False, text=text)


def second(seconds: float) -> str:
    """As :func:`moment`, and as exact as the log, where an exchange is to be found."""
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def moment(seconds: float) -> str:
    """In the zone of TZ: ``2026-11-23 03:00``."""
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")
