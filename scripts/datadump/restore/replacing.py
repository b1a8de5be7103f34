"""A backup in the place of a database that holds something: loaded beside it first."""

from __future__ import annotations

from collections.abc import Collection

from datadump.exchange.beside import stamped
from datadump.exchange.swap import Swap
from datadump.ground.terminal import human_size, printable
from datadump.load.loading import ALL, Loaded, Source, load_file
from datadump.mariadb.complaints import ServerError
from datadump.mariadb.objects import Schema
from datadump.mariadb.server import Server
from datadump.restore.target import RestoreError, Target
from datadump.sql.inventory import Inventory
from datadump.sql.lines import DumpError
from datadump.sql.programs import Name
from datadump.sql.quoting import quote
from datadump.sql.reading import DumpFile, is_of_mariadb_dump
from datadump.sql.sections import NOT_WHOLE, Kind
from datadump.sql.survey import Survey


class Replacement:
    """A dump that takes the place of a database: it is loaded beside that, and then exchanged.

    ``found``: the survey of that dump, its rows counted. Raises RestoreError, DumpError,
    ServerError, SwapError and OSError.
    """

    def __init__(
        self, server: Server, source: Source, found: Survey, target: Target, scratch: str
    ) -> None:
        self._server, self._source, self._name = server, source, target.name
        self._found = found
        check_wholeness(source.dump, found.inventory)
        announce(found.inventory, target, Schema(server, target.name).objects())
        self._beside, self._before = stamped(target.name, "new"), stamped(target.name, "before")
        self._swap = Swap(server, target.name, self._beside, self._before, scratch)
        self._swap.prepare()

    def load(self) -> Loaded:
        """What is missing of it."""
        copy = self._source._replace(home=self._beside, kinds=ALL - {Kind.EVENTS})
        return load_beside(self._server, copy, self._found)

    def exchange(self, loaded: Loaded) -> tuple[Loaded, list[str]]:
        """What is missing then, and what a person should know."""
        place = printable(f"it takes the place of {self._name}, which becomes {self._before}")
        print(f"the dump is loaded; {place}", flush=True)
        refused = self._swap.run(self._source)
        told = [*self._swap.warnings, f"what {self._name} held before is in {self._before}"]
        return loaded._replace(refused=refused), told


def check_wholeness(dump: DumpFile, inventory: Inventory) -> None:
    """Raises RestoreError and DumpError where it may not be all that the dump held."""
    if not is_of_mariadb_dump(dump):
        raise RestoreError(
            "the dump isn't mariadb-dump's, so nobody can say whether all of it arrived: --into "
            "loads it into another database"
        )
    if not inventory.whole:
        raise DumpError(NOT_WHOLE)


def announce(dump: Inventory, target: Target, there: Collection[Name]) -> None:
    """Say what is about to take the place of what.

    Raises RestoreError where that would be nothing instead of tables, unless it was asked for.
    """
    rows = sum(held.rows for held in dump.objects.values())
    print(f"the dump holds {counted(dump.objects)}, {rows:,} rows, {human_size(dump.size)} of SQL")
    print(f"it is to replace {printable(target.name)}, which holds {counted(there)}", flush=True)
    if tables(there) and not tables(dump.objects) and not target.even_if_empty:
        raise RestoreError(
            f"the dump holds no table, and {target.name} holds {tables(there)}: if it is to be "
            "replaced by that, say --even-if-empty"
        )


def counted(names: Collection[Name]) -> str:
    """So many tables and other objects, in words."""
    return f"{tables(names)} tables and {len(names) - tables(names)} other objects"


def tables(names: Collection[Name]) -> int:
    """How many of them are tables."""
    return sum(name.kind == "table" for name in names)


def load_beside(server: Server, source: Source, found: Survey) -> Loaded:
    """Load the source into a database that is made for it, and dropped where that fails."""
    beside = Schema(server, source.home)
    server.query(f"CREATE DATABASE {quote(beside.name)}")
    try:
        loaded = load_file(server, source, beside.name, found.outline)
        refused = {one.name for one in loaded.refused}
        require_all(beside, found.inventory.objects.keys() - refused)
    except BaseException as error:
        try:
            beside.drop()
        except ServerError as refusal:
            raise RestoreError(
                f"{str(error) or 'stopped'}; {beside.name} is left to be dropped: {refusal}"
            ) from error
        raise
    return loaded


def require_all(schema: Schema, names: Collection[Name]) -> None:
    """Raises DumpError where the database lacks something of these names, events excepted."""
    missing = {name for name in names if name.kind != "event"} - schema.objects()
    if missing:
        kind, name = min(missing)
        raise DumpError(f"{kind} {name} of the dump did not arrive")
