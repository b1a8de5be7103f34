"""A drill: a backup is restored into a server of its own, and compared with itself.

Three things are proven: every object that the dump names is there; every table has as many rows as
the dump; and a dump of what was restored has the same definitions and rows as the first.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType
from typing import BinaryIO, NamedTuple, NoReturn

from datadump.dump_file import DumpError, unquote
from datadump.inventory import Inventory, Name, Object, names_in, sum_rows, take_inventory
from datadump.loading import Source, load_file, open_dump
from datadump.progress import MEBIBYTE, human_size
from datadump.server import Server, ServerError, quote
from datadump.throwaway import Account, throwaway_server

ROOM_FOR_A_SERVER = 1024**3  # bytes, with nothing in it
ROOM_FOR_SQL = 3  # times its size: rows, indexes, and what a load takes for a time
DEFINER = re.compile(rb"DEFINER=(`(?:[^`]|``)*`)(?:@(`(?:[^`]|``)*`))?")
SECONDS = 3600  # that a drill may take, and these for each MiB of the object
SECONDS_PER_MEBIBYTE = 2
OK = "ok"
NOT_COMPARED = "ok, its definition not compared"
# Errors of the drill's own server that say nothing about the dump: a full disk, mostly.
NO_ROOM = re.compile(r"ERROR (?:1021|1114|2006|2013)\b|No space left")
MOST_IN_A_LINE = 3


class Finding(NamedTuple):
    """What the drill found of one object; ``result`` is ``ok`` or what is wrong with it."""

    name: Name
    rows: int
    result: str


class Outcome(NamedTuple):
    """Of a drill. ``reason`` is empty where the backup is proven."""

    findings: list[Finding]
    reason: str
    note: str = ""  # what was not compared, and why


def drill(path: str, scratch: str, dumped_at: float) -> Outcome:
    """Restore the dump's file and compare. ``dumped_at``: seconds since 1970.

    Raises ServerError and OSError where the drill itself can't be held, or takes too long: a dump
    may hold a statement that never ends.
    """
    size = os.path.getsize(path)
    with at_most(SECONDS + SECONDS_PER_MEBIBYTE * size // MEBIBYTE):
        return drill_unhurried(path, scratch, dumped_at)


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


def drill_unhurried(path: str, scratch: str, dumped_at: float) -> Outcome:
    """The same, with no limit."""
    try:
        with open_dump(path) as stream:
            expected = take_inventory(stream)
    except DumpError as error:
        return Outcome([], str(error))
    if not expected.whole:
        return Outcome([], "the dump is not whole: mariadb-dump's last line is missing")
    require_room(scratch, expected.size)
    database = expected.database or "drill"
    # An event whose only time has passed since would vanish as it is made.
    first = f"SET timestamp = {dumped_at}"
    with throwaway_server(scratch, first, database, definers_of(expected)) as server:
        try:
            load_file(server, Source(path, database), database)
        except (ServerError, DumpError) as error:
            server.require_life()
            if NO_ROOM.search(str(error)):
                raise
            return Outcome([], str(error))
        return Comparison(server, database, expected, path).outcome()


def require_room(scratch: str, size: int) -> None:
    """Raises OSError where the restored database would hardly fit."""
    status = os.statvfs(scratch)
    free = status.f_bavail * status.f_frsize
    needed = ROOM_FOR_A_SERVER + ROOM_FOR_SQL * size
    if free < needed:
        raise OSError(
            f"{scratch}: a drill of {human_size(size)} of SQL takes {human_size(needed)}, "
            f"and {human_size(free)} are free"
        )


def definers_of(inventory: Inventory) -> list[Account]:
    """Whom views, triggers, routines and events belong to: without them no view could be dumped."""
    heads = [
        DEFINER.search(item.definition)
        for name, item in inventory.objects.items()
        if name.kind not in {"table", "sequence"}
    ]
    return sorted({account_of(*head.groups(b"")) for head in heads if head})


def account_of(user: bytes, host: bytes) -> Account:
    """The account of these quoted names; no host is a role's."""
    return Account(unquote(user.decode(errors="replace")), unquote(host.decode(errors="replace")))


class Comparison:
    """Of a dump with the database that it was restored into. Raises ServerError and DumpError.

    ``path`` is the dump's file, ``expected`` the inventory of it.
    """

    def __init__(self, server: Server, database: str, expected: Inventory, path: str) -> None:
        self._server, self._database = server, database
        self._expected, self._path = expected, path
        self._names = names_in(server, database)
        with self._dump() as stream:
            self._found = take_inventory(stream)
        self._same_version = self._found.server_version == expected.server_version
        self._other_rows = self._tables_of_other_rows()

    def outcome(self) -> Outcome:
        """All three proofs."""
        everything = self._expected.objects.keys() | self._found.objects.keys() | self._names
        findings = [self._finding(name) for name in sorted(everything)]
        note = (
            ""
            if self._same_version
            else (
                f"definitions that differ were not compared: the dump is of MariaDB "
                f"{self._expected.server_version}, this server is {self._found.server_version}"
            )
        )
        wrong = [f for f in findings if f.result not in {OK, NOT_COMPARED}]
        return Outcome(findings, summary(wrong), note)

    def _dump(self) -> AbstractContextManager[BinaryIO]:
        options = ["--dump-history"] if self._expected.has_history else []
        return self._server.dump(self._database, *options)

    def _tables_of_other_rows(self) -> set[str]:
        """By digests of the rows in their order; where these differ, by sums, whatever the order.

        A server may read a table in the order of one of its indexes, and change its mind.
        """
        doubtful = {
            name.name
            for name in self._expected.objects.keys() & self._found.objects.keys()
            if self._expected.objects[name].digest.digest()
            != self._found.objects[name].digest.digest()
        }
        if not doubtful:
            return set()
        with open_dump(self._path) as stream, self._dump() as other:
            sums, other_sums = sum_rows(stream, doubtful), sum_rows(other, doubtful)
        return {name for name in doubtful if sums.get(name) != other_sums.get(name)}

    def _finding(self, name: Name) -> Finding:
        here, there = self._expected.objects.get(name), self._found.objects.get(name)
        if here is None:
            return Finding(name, 0, "is not in the dump")
        if there is None or name not in self._names:
            return Finding(name, here.rows, "is missing")
        if name.kind == "table":
            counted = self._count_rows(name)
            if counted != here.rows:
                return Finding(name, here.rows, f"has {counted} rows instead of {here.rows}")
            if name.name in self._other_rows:
                return Finding(name, here.rows, "has other rows")
        if self._plain(here) == self._plain(there):
            return Finding(name, here.rows, OK)
        result = "has another definition" if self._same_version else NOT_COMPARED
        return Finding(name, here.rows, result)

    def _count_rows(self, name: Name) -> int:
        """As many as a dump has: with the history of the table, where that is dumped."""
        versioned = b"WITH SYSTEM VERSIONING" in self._expected.objects[name].definition
        history = " FOR SYSTEM_TIME ALL" if versioned and self._expected.has_history else ""
        table = f"{quote(self._database)}.{quote(name.name)}{history}"
        ((number,),) = self._server.query(f"SELECT COUNT(*) FROM {table}")
        return int(number)

    def _plain(self, item: Object) -> bytes:
        """Its definition; in a view whose definer was gone, columns have the database's name."""
        own = re.escape(quote(self._database).encode())
        return re.sub(own + rb"\.(?=`(?:[^`]|``)+`\.`)", b"", item.definition)


def summary(wrong: Iterable[Finding]) -> str:
    """One line; empty where nothing is wrong."""
    texts = [f"{kind} {name} {result}" for (kind, name), _, result in wrong]
    more = len(texts) - MOST_IN_A_LINE
    return ", ".join(texts[:MOST_IN_A_LINE]) + (f", and {more} more" if more > 0 else "")
