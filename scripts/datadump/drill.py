"""A drill: a backup is restored into a server of its own, and compared with itself.

Three things are proven: every object that the dump names is there; every table has as many rows as
the dump; and a dump of what was restored has the same definitions and rows as the first.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from datadump.inventory import Inventory, Name, Object, names_in, take_inventory
from datadump.loading import DumpError, Source, load_file, open_dump
from datadump.progress import human_size
from datadump.server import Server, ServerError, quote
from datadump.throwaway import throwaway_server

ROOM_FOR_A_SERVER = 1024**3  # bytes, with nothing in it
ROOM_FOR_SQL = 3  # times its size: rows, indexes, and what a load takes for a time
DEFINER = re.compile(rb"DEFINER=`((?:[^`]|``)*)`(?:@`((?:[^`]|``)*)`)?")
OK = "ok"
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

    Raises ServerError and OSError where the drill itself can't be held.
    """
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
    with throwaway_server(scratch, f"SET timestamp = {dumped_at}") as server:
        server.query(f"CREATE DATABASE {quote(database)}")
        make_definers(server, expected)
        try:
            load_file(server, Source(path, database), database)
        except (ServerError, DumpError) as error:
            return Outcome([], str(error))
        return compare(server, database, expected)


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


def make_definers(server: Server, inventory: Inventory) -> None:
    """A view of somebody who isn't there can't be dumped."""
    found = {
        match for item in inventory.objects.values() for match in DEFINER.findall(item.definition)
    }
    for user, host in sorted(found):
        if host:
            account = f"`{user.decode()}`@`{host.decode()}`"
            server.query(f"CREATE USER IF NOT EXISTS {account}")
        else:
            account = f"`{user.decode()}`"
            server.query(f"CREATE ROLE IF NOT EXISTS {account}")
        server.query(f"GRANT ALL ON *.* TO {account}")


def compare(server: Server, database: str, expected: Inventory) -> Outcome:
    """All three proofs."""
    names = names_in(server, database)
    options = ["--dump-history"] if expected.has_history else []
    with server.dump(database, *options) as stream:
        found = take_inventory(stream)
    same_version = found.server_version == expected.server_version
    note = (
        ""
        if same_version
        else (
            f"definitions were not compared: the dump is of MariaDB {expected.server_version}, "
            f"this server is {found.server_version}"
        )
    )
    findings = []
    for name in sorted(expected.objects.keys() | names | found.objects.keys()):
        here, there = expected.objects.get(name), found.objects.get(name)
        if here is None:
            result = "is not in the dump"
        elif there is None or name not in names:
            result = "is missing"
        else:
            counted = count_rows(server, database, name, expected) if name.kind == "table" else 0
            here, there = plain(here, database), plain(there, database)
            result = difference(here, there, counted, definitions=same_version)
        findings.append(Finding(name, here.rows if here else 0, result))
    wrong = [finding for finding in findings if finding.result != OK]
    return Outcome(findings, summary(wrong), note)


def plain(item: Object, database: str) -> Object:
    """Without the database's own name, which stands in a view whose definer is gone."""
    own = quote(database).encode() + b"."
    return replace(item, definition=item.definition.replace(own, b""))


def count_rows(server: Server, database: str, name: Name, expected: Inventory) -> int:
    """As many as a dump has: with the history of the table, where that is dumped."""
    versioned = b"WITH SYSTEM VERSIONING" in expected.objects[name].definition
    history = " FOR SYSTEM_TIME ALL" if versioned and expected.has_history else ""
    table = f"{quote(database)}.{quote(name.name)}{history}"
    ((number,),) = server.query(f"SELECT COUNT(*) FROM {table}")
    return int(number)


def difference(here: Object, there: Object, counted: int, *, definitions: bool) -> str:
    """Between what the dump has and what came back of it."""
    if counted != here.rows:
        return f"has {counted} rows instead of {here.rows}"
    if (there.rows, there.digest) != (here.rows, here.digest):
        return "has other rows"
    if definitions and there.definition != here.definition:
        return "has another definition"
    return OK


def summary(wrong: Iterable[Finding]) -> str:
    """One line; empty where nothing is wrong."""
    texts = [f"{kind} {name} {result}" for (kind, name), _, result in wrong]
    more = len(texts) - MOST_IN_A_LINE
    return ", ".join(texts[:MOST_IN_A_LINE]) + (f", and {more} more" if more > 0 else "")
