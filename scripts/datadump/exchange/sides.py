"""How databases stand, should an exchange of them end now; and what lets none be stopped."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

# What is where, should an exchange end now.
AS_IT_WAS = (
    "{home} is as it was; what is to come is in {incoming}: the same command again goes on from "
    "there"
)
LACKS_OLD_PROGRAM = (
    "{home} has its tables, but lacks triggers, views or events: they are in {program} of the "
    "scratch volume, and restore --undo makes them again"
)
LACKS_NEW_PROGRAM = (
    "{home} has the new tables and rows, but lacks some of their triggers, views, routines or "
    "events: the same command again makes them; what it held is in {outgoing}, its triggers, "
    "views, routines and events are in {program} of the scratch volume"
)
EXCHANGED = (
    "{home} has all that is new; what it held is in {outgoing}, {program} of the scratch volume"
)


class SwapError(Exception):
    """An exchange ended half way; the text says why, and what is where."""


class Sides(NamedTuple):
    """The names of three databases: ``home`` gets what is in ``incoming``.

    What it held goes to ``outgoing``.
    """

    home: str
    incoming: str
    outgoing: str


@contextmanager
def undisturbed() -> Iterator[None]:
    """No signal stops this process while the context lasts, short of a kill."""
    signals = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
    handlers = [signal.signal(number, signal.SIG_IGN) for number in signals]
    try:
        yield
    finally:
        for number, handler in zip(signals, handlers, strict=True):
            signal.signal(number, handler)
