"""A backup's way from the bucket into the server."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from datadump.bucket import Bucket
from datadump.catalogue import Details
from datadump.download import Download
from datadump.dump_file import Kind
from datadump.loading import ALL, DumpError, Source, load_file
from datadump.server import Server, ServerError, quote
from datadump.swap import Swap

LONGEST_NAME = 64  # characters of a database's name


class RestoreError(Exception):
    """It can't be done as it was asked for; the text says why, and the remedy."""


class Target(NamedTuple):
    """The database that the backup goes to."""

    name: str
    overwrite: bool


def restore(bucket: Bucket, backup: Details, scratch: str, server: Server, target: Target) -> str:
    """Fetch, check and load the backup; returns what a person should know.

    Raises RestoreError, StoreError, OSError, ServerError, DumpError and SwapError.
    """
    tables = count_tables(server, target.name)
    check_target(target, tables)
    download = Download(bucket, backup, scratch)
    path = download.fetch()
    if tables:
        told = replace(server, path, target.name, scratch)
    else:
        told = load(server, path, target.name)
    download.remove()
    return told


def count_tables(server: Server, database: str) -> int:
    """Views and sequences are tables too."""
    ((number,),) = server.query(
        "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s", database
    )
    return int(number)


def check_target(target: Target, tables: int) -> None:
    """Before anything is fetched. Raises RestoreError."""
    longest = stamped(target.name, "before")
    if len(longest if target.overwrite else target.name) > LONGEST_NAME:
        raise RestoreError(f"{target.name} is too long a name: {longest} is to stay beside it")
    if tables and not target.overwrite:
        raise RestoreError(
            f"the database {target.name} holds {tables} tables: with --overwrite they stay as "
            f"{target.name}_before_<time>, with --into NAME the backup goes to another database"
        )


def stamped(name: str, what: str) -> str:
    """The name of a database beside that one: ``NAME_before_20261123_101500``."""
    return f"{name}_{what}_{datetime.now().astimezone():%Y%m%d_%H%M%S}"


def load(server: Server, path: str, name: str) -> str:
    """Into a database that is empty, or isn't there yet."""
    server.query(f"CREATE DATABASE IF NOT EXISTS {quote(name)}")
    try:
        load_file(server, Source(path, name), name)
    except (ServerError, DumpError) as error:
        raise RestoreError(
            f"{error}; {name} holds what was loaded until then, and --overwrite replaces that"
        ) from error
    return f"{name} holds {count_tables(server, name)} tables"


def replace(server: Server, path: str, name: str, scratch: str) -> str:
    """Beside a database that holds something, and then in its place."""
    beside, before = stamped(name, "new"), stamped(name, "before")
    swap = Swap(server, name, beside, before, scratch)
    swap.prepare()
    server.query(f"CREATE DATABASE {quote(beside)}")
    try:
        load_file(server, Source(path, name, ALL - {Kind.EVENTS}), beside)
    except BaseException:
        server.query(f"DROP DATABASE {quote(beside)}")
        raise
    swap.run(path)
    return f"{name} holds {count_tables(server, name)} tables; what it held before is in {before}"
