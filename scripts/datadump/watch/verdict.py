"""A check's verdict, and the moments in its sentence."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


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
