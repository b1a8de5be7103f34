"""A backup's way from the bucket into the server."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from datadump.backups.catalogue import Backup
from datadump.ground.terminal import printable
from datadump.mariadb.complaints import ServerError
from datadump.mariadb.objects import Schema
from datadump.mariadb.server import Server
from datadump.restore.download import Download
from datadump.restore.loading import ALL, Source, load_file
from datadump.restore.swap import Swap
from datadump.s3.bucket import Bucket
from datadump.sql.inventory import Name, take_inventory
from datadump.sql.lines import DumpError
from datadump.sql.outline import check_head, is_of_mariadb_dump
from datadump.sql.quoting import quote
from datadump.sql.reading import DumpFile
from datadump.sql.sections import Kind

LONGEST_NAME = 64  # characters of a database's name
NOT_FOR_DATA = {"mysql", "sys", "information_schema", "performance_schema"}


class RestoreError(Exception):
    """A restore can't be done as it was asked for; the text says why, and the remedy."""


class Target(NamedTuple):
    """The database that the backup goes to.

    ``definers``: whether views, triggers, routines and events stay whose they were, which takes the
    right SET USER where they are others'; else they belong to the account that restores.
    """

    name: str
    overwrite: bool
    definers: bool = True


def restore(
    bucket: Bucket, backup: Backup, scratch: str, server: Server, target: Target
) -> list[str]:
    """Fetch, check and load the backup; returns what a person should know.

    Raises RestoreError, StoreError, OSError, ServerError, DumpError and SwapError.
    """
    check_target(target)
    with server.lock(f"restore into {target.name}") as free:
        if not free:
            raise RestoreError(f"another restore into {target.name} is under way")
        check_emptiness(server, target)
        download = Download(bucket, backup, scratch)
        dump = DumpFile(download.fetch())
        check_head(dump)
        told = []
        if check_emptiness(server, target):  # somebody may have been at work meanwhile
            told += replace(server, dump, target, scratch)
        else:
            load(server, dump, target)
    download.remove()
    told.append(f"{target.name} holds {len(Schema(server, target.name).objects())} objects")
    return told + leftovers(server, target.name)


def check_target(target: Target) -> None:
    """Raises RestoreError for a database that no backup can go to, by its name alone."""
    if target.name.lower() in NOT_FOR_DATA:
        raise RestoreError(f"{target.name} is the server's own database")
    longest = stamped(target.name, "before") if target.overwrite else target.name
    if len(longest) > LONGEST_NAME:
        raise RestoreError(f"{target.name} is too long a name: {longest} is to stay beside it")


def check_emptiness(server: Server, target: Target) -> set[Name]:
    """What the target holds. Raises RestoreError where that is not to be overwritten."""
    names = Schema(server, target.name).objects()
    if names and not target.overwrite:
        raise RestoreError(
            f"the database {target.name} holds {len(names)} tables and other objects: with "
            f"--overwrite they stay as {target.name}_before_<time>, with --into NAME the backup "
            "goes to another database"
        )
    return names


def stamped(name: str, what: str) -> str:
    """The name of a database beside that one: ``NAME_before_20261123_101500``."""
    return f"{name}_{what}_{datetime.now().astimezone():%Y%m%d_%H%M%S}"


def load(server: Server, dump: DumpFile, target: Target) -> None:
    """Load the dump into a database that is empty, or isn't there yet. Raises RestoreError."""
    name = target.name
    server.query(f"CREATE DATABASE IF NOT EXISTS {quote(name)}")
    try:
        load_file(server, Source(dump, name, definers=target.definers), name)
    except BaseException as error:
        raise RestoreError(
            f"{str(error) or 'stopped'}; {name} holds what was loaded until then, and --overwrite "
            "replaces that"
        ) from error


def replace(server: Server, dump: DumpFile, target: Target, scratch: str) -> list[str]:
    """Load the dump beside a database that holds something, and put it in its place.

    Returns what a person should know.
    """
    name = target.name
    if not is_of_mariadb_dump(dump):
        raise RestoreError(
            "the dump isn't mariadb-dump's, so nobody can say whether all of it arrived: --into "
            "loads it into another database"
        )
    beside, before = stamped(name, "new"), stamped(name, "before")
    swap = Swap(server, name, beside, before, scratch)
    swap.prepare()
    source = Source(dump, beside, ALL - {Kind.EVENTS}, target.definers)
    load_beside(server, source)
    place = printable(f"it takes the place of {name}, which becomes {before}")
    print(f"the dump is loaded; {place}", flush=True)
    swap.run(source)
    return [*swap.warnings, f"what {name} held before is in {before}"]


def load_beside(server: Server, source: Source) -> None:
    """Load the source into a database that is made for it, and dropped where that fails."""
    beside = Schema(server, source.home)
    server.query(f"CREATE DATABASE {quote(beside.name)}")
    try:
        load_file(server, source, beside.name)
        require_all(beside, source.dump)
    except BaseException as error:
        try:
            beside.drop()
        except ServerError as refusal:
            raise RestoreError(
                f"{str(error) or 'stopped'}; {beside.name} is left to be dropped: {refusal}"
            ) from error
        raise


def require_all(schema: Schema, dump: DumpFile) -> None:
    """Raises DumpError where the database lacks something that the dump names, events excepted."""
    with dump.open() as stream:
        expected = take_inventory(stream)
    missing = {name for name in expected.objects if name.kind != "event"}
    missing -= schema.objects()
    if missing:
        kind, name = min(missing)
        raise DumpError(f"{kind} {name} of the dump did not arrive")


def leftovers(server: Server, name: str) -> list[str]:
    """What restores have left beside the database of that name, a line for each."""
    rows = server.query("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA ORDER BY 1")
    beside = (f"{name}_before_", f"{name}_new_")
    return [f"beside it: {other}" for (other,) in rows if other.startswith(beside)]
