"""A look before the jump: what would end a restore badly ends it before it has begun."""

from __future__ import annotations

from collections.abc import Collection

from datadump.beforehand.doubts import doubts
from datadump.beforehand.needs import Way
from datadump.beforehand.obstacles import obstacles
from datadump.exchange.beside import BEFORE, NEW, stamped
from datadump.exchange.holders import holders
from datadump.load.tables import is_near, none_such
from datadump.mariadb.objects import Schema
from datadump.mariadb.server import LOCK_WAIT, Server
from datadump.restore.target import RestoreError, Target
from datadump.sql.inventory import Inventory
from datadump.sql.programs import Name


def look_at_account(server: Server, target: Target, there: Collection[Name]) -> list[str]:
    """Raises RestoreError where it may not do what any dump takes; nothing is fetched by then.

    Returns who is in the way by now, in sentences.
    """
    expected = Inventory()
    for table in target.tables or (() if target.even_if_empty else ("any",)):
        expected.object("table", table)
    refuse(obstacles(server, way_of(target, there), expected, definers=False))
    return who_holds(server, target, there)


def look_at_dump(
    server: Server, target: Target, there: Collection[Name], dump: Inventory
) -> list[str]:
    """Raises RestoreError where this dump would end badly, or lose what it has.

    Returns what will be missing all the same, in sentences.
    """
    if dump.is_too_large:  # nobody knows what is in it
        return []
    way = way_of(target, there)
    refuse(obstacles(server, way, dump, definers=target.definers))
    return doubts(server, way, dump)


def look_for_tables(
    server: Server, target: Target, there: Collection[Name], dump: Inventory
) -> list[str]:
    """The same for the target's tables alone."""
    of_them = Inventory(longest=dump.longest)
    for name, held in dump.objects.items():
        if is_moved(name, target):
            of_them.object(*name).definition = held.definition
    if missing := set(target.tables) - {name.name for name in of_them.objects}:
        near = [name.name for name in dump.objects if is_near(name.name, missing)]
        raise RestoreError(none_such(missing, near))
    return look_at_dump(server, target, there, of_them)


def way_of(target: Target, there: Collection[Name]) -> Way:
    """Which databases it takes, and what makes room."""
    if target.tables:
        there = [one for one in there if one.name in target.tables or one.kind == "trigger"]
    elif not there:
        return Way(target.name)
    return Way(target.name, stamped(target.name, NEW), stamped(target.name, BEFORE), there)


def who_holds(server: Server, target: Target, there: Collection[Name]) -> list[str]:
    """Who is at work in the tables that are to make room, and how long that is waited for."""
    tables = [one.name for one in there if is_moved(one, target)]
    return [
        f"tables of {target.name} are in use by {holder}: the exchange waits {LOCK_WAIT} seconds "
        "for them"
        for holder in holders(server, Schema(server, target.name), tables)
    ]


def is_moved(one: Name, target: Target) -> bool:
    """Whether it makes room by being renamed."""
    return one.kind in {"table", "sequence"} and (not target.tables or one.name in target.tables)


def refuse(found: list[str]) -> None:
    """Raises RestoreError with all of these, if there are any."""
    if found:
        raise RestoreError("; ".join(found))
