"""A drill: a backup is restored into a server of its own, and compared with itself.

Three things are proven: every object that the dump names is there; every table has as many rows as
the dump; and a dump of what was restored has the same definitions and rows as the first.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import NoReturn

from datadump.beforehand.needs import owners
from datadump.drill.comparison import Comparison, Outcome
from datadump.drill.elsewhere import tables_elsewhere
from datadump.ground.progress import Phases, Progress
from datadump.ground.terminal import MEBIBYTE, human_size
from datadump.load.loading import Source, load_file
from datadump.load.programs import Refused
from datadump.load.survey import Outline, Survey, check_head, survey
from datadump.mariadb.complaints import ServerError
from datadump.mariadb.server import Server
from datadump.mariadb.throwaway import Account, throwaway_server
from datadump.restore.scratch import free_bytes, locked_folder
from datadump.sql.inventory import Inventory
from datadump.sql.lines import DumpError
from datadump.sql.reading import DumpFile
from datadump.sql.sections import NOT_WHOLE

FOLDERS = "drill."  # how the names of drills' folders begin
ROOM_FOR_A_SERVER = 1024**3  # bytes, with nothing in it
ROOM_FOR_SQL = 3  # times its size: rows, indexes, and what a load takes for a time
SECONDS = 3600  # that a drill may take, and these for each MiB of the object
SECONDS_PER_MEBIBYTE = 2
# Errors of the drill's own server that say nothing about the dump: a full disk, mostly.
NO_ROOM = re.compile(r"ERROR (?:1021|1114|2006|2013)\b|No space left")


def drill(dump: DumpFile, scratch: str, dumped_at: float, origin: str, phases: Phases) -> Outcome:
    """Restore the dump into a server of its own, and compare. ``dumped_at``: seconds since 1970.

    ``origin``: the database that it is said to be of; '' where nobody does. Raises ServerError and
    OSError where the drill itself can't be held, or takes too long: a dump may hold a statement
    that never ends.
    """
    size = os.path.getsize(dump.path)
    with at_most(SECONDS + SECONDS_PER_MEBIBYTE * size // MEBIBYTE):
        return drill_unhurried(dump, scratch, dumped_at, origin, phases)


@contextmanager
def at_most(seconds: int) -> Iterator[None]:
    """Raises TimeoutError in the main thread where the context lasts longer."""

    def give_up(_: int, __: FrameType | None) -> NoReturn:
        raise TimeoutError(f"the drill took over {seconds} seconds, and was given up")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def drill_unhurried(
    dump: DumpFile, scratch: str, dumped_at: float, origin: str, phases: Phases
) -> Outcome:
    """What :func:`drill` finds, however long it takes."""
    try:
        expected, outline = read(dump, scratch, phases)
        definers = definers_of(expected)
    except DumpError as error:
        return Outcome([], str(error))
    if reason := unsound(expected, origin):
        return Outcome([], reason)
    database = expected.database or "drill"
    # An event whose only time has passed since would vanish as it is made.
    first = f"SET timestamp = {dumped_at}"
    with (
        locked_folder(scratch, FOLDERS) as folder,
        throwaway_server(folder, first, database, definers) as server,
    ):
        try:
            with phases.phase("load"):
                source = Source(dump, database, without=tables_elsewhere(expected))
                refused = load(server, source, database, outline)
        except (ServerError, DumpError) as error:
            server.require_life()
            if NO_ROOM.search(str(error)):
                raise
            return Outcome([], str(error))
        with phases.phase("compare"):
            return Comparison(server, database, expected, dump, refused).outcome()


def read(dump: DumpFile, scratch: str, phases: Phases) -> Survey:
    """What it holds, if that is a dump which mariadb-dump wrote, and there is room for its SQL.

    Raises DumpError and OSError.
    """
    with phases.phase("read"), Progress("read", dump.size, what="the dump") as progress:
        check_head(dump)
        return survey(dump, progress.reach, swelled=partial(require_room, scratch))


def load(
    server: Server, source: Source, database: str, outline: Outline | None
) -> Sequence[Refused]:
    """Load it; returns what the server didn't make of it. Raises ServerError and DumpError.

    What it didn't make for want of room is an error.
    """
    refused = load_file(server, source, database, outline).refused
    for one in refused:
        if NO_ROOM.search(str(one.error)):
            raise one.error
    return refused


def unsound(inventory: Inventory, origin: str) -> str:
    """What is wrong with the dump by its own lines; empty where nothing is.

    Names that differ in the case of letters may be one database's: that is up to its server.
    """
    if not inventory.whole:
        return NOT_WHOLE
    named = inventory.database
    if origin and named and named.casefold() != origin.casefold():
        return f"the object's metadata say a backup of {origin}, the dump itself says of {named}"
    return ""


def require_room(scratch: str, size: int) -> None:
    """Raises OSError where the folder has no room for a drill of so many bytes of SQL."""
    free = free_bytes(scratch)
    needed = ROOM_FOR_A_SERVER + ROOM_FOR_SQL * size
    if free < needed:
        raise OSError(
            f"{scratch}: a drill of {human_size(size)} of SQL takes {human_size(needed)}, "
            f"and {human_size(free)} are free"
        )


def definers_of(inventory: Inventory) -> list[Account]:
    """The accounts that views, triggers, routines and events belong to.

    Without them no view could be dumped. Raises DumpError where they are too many to be known.
    """
    return sorted(set(owners(inventory).values()))
