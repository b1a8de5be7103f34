"""A look before the jump: what would end a restore badly ends it before it has begun."""

from __future__ import annotations

from collections.abc import Collection

from datadump.beforehand.doubts import doubts
from datadump.beforehand.needs import Way
from datadump.beforehand.obstacles import obstacles
from datadump.exchange.beside import BEFORE, NEW, stamped
from datadump.exchange.holders import holders
from datadump.ground.terminal import printable
from datadump.mariadb.objects import Schema
from datadump.mariadb.server import LOCK_WAIT, Server
from datadump.restore.target import RestoreError, Target
from datadump.sql.inventory import Inventory
from datadump.sql.programs import Name


def look_at_account(server: Server, target: Target, there: Collection[Name]) -> None:
    """Raises RestoreError where it may not do what any dump takes; nothing is fetched by then.

    Says who is in the way by now.
    """
    expected = Inventory()
    for table in target.tables or (() if target.even_if_empty else ("any",)):
        expected.object("table", table)
    refuse(obstacles(server, way_of(target, there), expected, definers=False))
    say_who_holds(server, target, there)


def look_at_dump(server: Server, target: Target, there: Collection[Name], dump: Inventory) -> None:
    """Raises RestoreError where this dump would end badly, or lose what it has.

    Says what will be missing all the same.
    """
    if dump.is_too_large:  # nobody knows what is in it
        return
    way = way_of(target, there)
    for doubt in doubts(server, way, dump):
        say(f"warning: {doubt}")
    refuse(obstacles(server, way, dump, definers=target.definers))


def look_for_tables(
    server: Server, target: Target, there: Collection[Name], dump: Inventory
) -> None:
    """The same for the target's tables alone."""
    of_them = Inventory(longest=dump.longest)
    for table in target.tables:
        kinds = [kind for kind in ("table", "sequence") if Name(kind, table) in dump.objects]
        if not kinds:
            raise RestoreError(f"the dump has no table {table}")
        of_them.object(kinds[0], table).definition = dump.objects[Name(kinds[0], table)].definition
    look_at_dump(server, target, there, of_them)


def way_of(target: Target, there: Collection[Name]) -> Way:
    """Which databases it takes, and what makes room."""
    if target.tables:
        there = [one for one in there if one.name in target.tables or one.kind == "trigger"]
    elif not there:
        return Way(target.name)
    return Way(target.name, stamped(target.name, NEW), stamped(target.name, BEFORE), there)


def say_who_holds(server: Server, target: Target, there: Collection[Name]) -> None:
    """Say who is at work in the tables that are to make room, and how long that is waited for."""
    tables = [kind_and_name.name for kind_and_name in there if is_moved(kind_and_name, target)]
    for holder in holders(server, Schema(server, target.name), tables):
        say(
            f"warning: tables of {target.name} are in use by {holder}: the exchange waits "
            f"{LOCK_WAIT} seconds for them"
        )


def is_moved(one: Name, target: Target) -> bool:
    """Whether it makes room by being renamed."""
    return one.kind in {"table", "sequence"} and (not target.tables or one.name in target.tables)


def refuse(found: list[str]) -> None:
    """Raises RestoreError with all of these, if there are any."""
    if found:
        raise RestoreError("; ".join(found))


def say(text: str) -> None:
    """Say it to a person."""
    print(printable(text), flush=True)
