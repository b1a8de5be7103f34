"""The database that a backup goes to, and whether it may go there."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from datadump.exchange.beside import LONGEST_NAME, stamped
from datadump.mariadb.objects import Schema
from datadump.mariadb.server import Server
from datadump.sql.programs import Name

NOT_FOR_DATA = {"mysql", "sys", "information_schema", "performance_schema"}


class RestoreError(Exception):
    """A restore can't be done as it was asked for; the text says why, and the remedy."""


class Target(NamedTuple):
    """The database that the backup goes to.

    ``of_itself``: whether only its own backups may go there. ``definers``: whether views, triggers,
    routines and events stay whose they were, which takes the right SET USER where they are others';
    else they belong to the account that restores. ``even_if_empty``: whether a dump without a table
    may replace it. ``even_if_foreign``: whether a dump that holds what mariadb-dump doesn't write
    is run all the same. ``tables``: the only ones that are meant; none where all is.
    """

    name: str
    overwrite: bool
    of_itself: bool = False
    definers: bool = True
    even_if_empty: bool = False
    even_if_foreign: bool = False
    tables: tuple[str, ...] = ()


def check_name(name: str) -> None:
    """Raises RestoreError for a database that holds no data of anybody's."""
    if name.lower() in NOT_FOR_DATA:
        raise RestoreError(f"{name} is the server's own database")


def check_target(target: Target) -> None:
    """Raises RestoreError for a database that no backup can go to, by its name alone."""
    check_name(target.name)
    longest = stamped(target.name, "before") if target.overwrite else target.name
    if len(longest) > LONGEST_NAME:
        raise RestoreError(f"{target.name} is too long a name: {longest} is to stay beside it")


def check_origin(server: Server, target: Target, origin: str, says: str) -> None:
    """Raises RestoreError where a backup of the database ``origin`` may not go there.

    It is empty where nobody knows. ``says``: who tells that, as the error begins.
    """
    if target.of_itself and origin and not are_one_database(server, origin, target.name):
        raise RestoreError(
            f"{says} a backup of {origin}, not of {target.name}: --into says where it is to go"
        )


def are_one_database(server: Server, one: str, other: str) -> bool:
    """Whether the server takes both names for one database's."""
    if one == other or one.casefold() != other.casefold():
        return one == other
    ((folds,),) = server.query("SELECT @@lower_case_table_names")
    return bool(folds)


def check_tables(target: Target, there: Collection[Name]) -> None:
    """Raises RestoreError where the tables that are meant may not come to what is there."""
    if views := [view for view in target.tables if Name("view", view) in there]:
        raise RestoreError(f"{target.name} has a view of the name {', '.join(views)}")
    known = [one for one in target.tables if {("table", one), ("sequence", one)} & set(there)]
    if known and not target.overwrite:
        raise RestoreError(
            f"{target.name} has the table {', '.join(known)}: with --overwrite it stays in "
            f"{target.name}_before_<time>, with --into NAME the backup's goes to another database"
        )


def check_emptiness(server: Server, target: Target) -> set[Name]:
    """What the target holds. Raises RestoreError where that is not to be overwritten."""
    names = Schema(server, target.name).objects()
    if target.tables:
        check_tables(target, names)
        return names
    if names and not target.overwrite:
        raise RestoreError(
            f"the database {target.name} holds {len(names)} tables and other objects: with "
            f"--overwrite they stay as {target.name}_before_<time>, with --into NAME the backup "
            "goes to another database"
        )
    return names
