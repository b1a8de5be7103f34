"""A backup's way from the bucket into the server."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from datadump.backups.catalogue import Backup
from datadump.exchange.beside import program_file, stamped
from datadump.ground.progress import Phases, Progress
from datadump.load.loading import Loaded, Source, load_file
from datadump.load.programs import Refused, keep
from datadump.mariadb.objects import Schema
from datadump.mariadb.server import Server
from datadump.restore.download import Download
from datadump.restore.replacing import Replacement
from datadump.restore.target import (
    RestoreError,
    Target,
    check_emptiness,
    check_origin,
    check_target,
)
from datadump.s3.bucket import Bucket
from datadump.sql.quoting import quote
from datadump.sql.reading import DumpFile, database_of
from datadump.sql.survey import Outline, Survey, check_head, survey


class Restored(NamedTuple):
    """What came of a restore: what a person should know, and the programs that are missing.

    ``text``: where their text is, in words.
    """

    told: list[str]
    refused: list[Refused]
    text: str


def restore(
    bucket: Bucket, backup: Backup, scratch: str, server: Server, target: Target
) -> Restored:
    """Fetch, check and load the backup.

    Raises RestoreError, StoreError, OSError, ServerError, DumpError and SwapError.
    """
    check_target(target)
    check_origin(server, target, backup.database, f"{backup.key} is")
    with server.lock(f"restore into {target.name}") as free:
        if not free:
            raise RestoreError(f"another restore into {target.name} is under way")
        check_emptiness(server, target)
        download, phases = Download(bucket, backup, scratch), Phases()
        with phases.phase("fetch"):
            dump = DumpFile(download.fetch())
        source = source_of(dump, server, target, backup.key)
        found = read(dump, target, phases)
        told: list[str] = []
        if check_emptiness(server, target):  # somebody may have been at work meanwhile
            replacement = Replacement(server, source, found, target, scratch)
            with phases.phase("load"):
                loaded = replacement.load()
            with phases.phase("exchange"):
                loaded, told = replacement.exchange(loaded)
        else:
            with phases.phase("load"):
                loaded = load(server, source, target.name, found.outline)
    download.remove()
    return restored(server, target, loaded, [*told, str(phases)], scratch)


def read(dump: DumpFile, target: Target, phases: Phases) -> Survey:
    """What the dump holds; its rows are counted where they may replace others."""
    with phases.phase("read"), Progress("read", dump.size, what="the dump") as progress:
        return survey(dump, progress.reach, rows=target.overwrite)


def source_of(dump: DumpFile, server: Server, target: Target, key: str) -> Source:
    """What is to be loaded there. Raises RestoreError and DumpError where that isn't possible."""
    check_head(dump)
    origin = database_of(dump)
    check_origin(server, target, origin, f"{key} says itself that it is")
    # The dump's own word for it, which may be in other letters.
    home = origin if target.of_itself and origin else target.name
    return Source(dump, home, definers=target.definers)


def restored(
    server: Server, target: Target, loaded: Loaded, told: list[str], scratch: str
) -> Restored:
    """What a person should know, beside what was ``told`` by then."""
    schema, text = Schema(server, target.name), ""
    told = [*loaded.left_out, *told, f"{target.name} holds {len(schema.objects())} objects"]
    if loaded.refused:
        text = kept(loaded.refused, program_file(scratch, stamped(target.name, "lacks")))
        told += [f"view {view} can't be read: it may need them" for view in schema.broken_views()]
    return Restored(told + leftovers(server, target.name), loaded.refused, text)


def load(server: Server, source: Source, name: str, outline: Outline | None) -> Loaded:
    """Load the source into a database that is empty, or isn't there yet. Raises RestoreError."""
    server.query(f"CREATE DATABASE IF NOT EXISTS {quote(name)}")
    try:
        return load_file(server, source, name, outline)
    except BaseException as error:
        raise RestoreError(
            f"{str(error) or 'stopped'}; {name} holds what was loaded until then, and --overwrite "
            "replaces that"
        ) from error


def kept(refused: Iterable[Refused], path: str) -> str:
    """Where the text of these programs is from now on, in words."""
    try:
        keep(refused, path)
    except OSError as error:
        return f"their text is in the dump alone: {error}"
    return f"their text is in {path}"


def leftovers(server: Server, name: str) -> list[str]:
    """What restores have left beside the database of that name, a line for each."""
    rows = server.query("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA ORDER BY 1")
    beside = (f"{name}_before_", f"{name}_new_")
    return [f"beside it: {other}" for (other,) in rows if other.startswith(beside)]
