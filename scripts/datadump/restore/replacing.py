"""A backup in the place of a database that holds something: loaded beside it first."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Set
from contextlib import contextmanager
from dataclasses import replace

from datadump.exchange.beside import BEFORE, NEW, Note, State, asides, free_name
from datadump.exchange.sides import Sides
from datadump.exchange.swap import Swap
from datadump.ground.terminal import human_size, printable, some_of
from datadump.load.loading import ALL, Source, load_file
from datadump.load.programs import Refused
from datadump.load.survey import Survey
from datadump.mariadb.complaints import ServerError
from datadump.mariadb.objects import Schema
from datadump.mariadb.server import Server
from datadump.restore.target import RestoreError, Target
from datadump.sql.inventory import Inventory
from datadump.sql.lines import DumpError
from datadump.sql.programs import Name
from datadump.sql.reading import DumpFile, is_of_mariadb_dump
from datadump.sql.sections import NOT_WHOLE, Kind


class Replacement:
    """A dump that takes the place of a database: it is loaded beside that, and then exchanged.

    ``note``: which object it is. A load of it that an earlier run has left is used. Raises
    RestoreError, DumpError, ServerError, SwapError and OSError.
    """

    def __init__(self, server: Server, source: Source, name: str, note: Note, scratch: str) -> None:
        self._server, self._source, self._note = server, source, note
        self._loaded = loaded_beside(server, name, note)
        incoming = self._loaded or free_name(server, name, NEW)
        self._sides = Sides(name, incoming, free_name(server, name, BEFORE))
        self._swap = Swap(server, self._sides, note, scratch)
        self._swap.prepare()

    def load(self, survey: Survey) -> None:
        """Load it beside the database."""
        if self._loaded:
            print(printable(f"{self._loaded} has it already: nothing is loaded again"))
            return
        incoming = self._sides.incoming
        copy = self._source._replace(home=incoming, kinds=ALL - {Kind.EVENTS})
        with made_beside(self._server, incoming, self._note):
            refused = load_file(self._server, copy, incoming, survey.outline).refused
            expected = survey.inventory.objects.keys() - {one.name for one in refused}
            require_all(Schema(self._server, incoming), expected)

    def exchange(self) -> tuple[list[Refused], list[str]]:
        """What the server refused of the dump's program, and what a person should know."""
        name, _, before = self._sides
        place = printable(f"it takes the place of {name}, which becomes {before}")
        print(f"the dump is loaded; {place}", flush=True)
        refused = self._swap.run(self._source)
        return refused, [*self._swap.warnings, f"what {name} held before is in {before}"]


def loaded_beside(server: Server, name: str, note: Note) -> str:
    """The database beside that one which holds all of that object already; '' for none."""
    loaded = [
        aside.name
        for aside in asides(server, name)
        if aside.note.state is State.LOADED and aside.note.is_of(note.version, note.tables)
    ]
    return loaded[-1] if loaded else ""


@contextmanager
def made_beside(server: Server, name: str, note: Note) -> Iterator[None]:
    """Make a database to load into, and say of it what it is; it is dropped where the load fails.

    Raises RestoreError where that isn't possible.
    """
    beside = Schema(server, name)
    beside.create(replace(note, state=State.LOADING).comment)
    try:
        yield
        beside.annotate(replace(note, state=State.LOADED).comment)
    except BaseException as error:
        try:
            beside.drop()
        except ServerError as refusal:
            raise RestoreError(
                f"{str(error) or 'stopped'}; {name} is left to be dropped: {refusal}"
            ) from error
        raise


def check_whole(dump: DumpFile, inventory: Inventory) -> None:
    """Raises RestoreError and DumpError where the dump may not be all."""
    if not is_of_mariadb_dump(dump):
        raise RestoreError(
            "the dump isn't mariadb-dump's, so nobody can say whether all of it arrived: --into "
            "loads it into another database"
        )
    if not inventory.whole:
        raise DumpError(NOT_WHOLE)


def announce(dump: Inventory, target: Target, there: Set[Name]) -> None:
    """Say what is about to take the place of what.

    Raises RestoreError where that would be nothing instead of tables, unless it was asked for.
    """
    rows = sum(held.rows for held in dump.objects.values())
    name, held = printable(target.name), dump.objects.keys()
    print(f"the dump holds {counted(held)}, {rows:,} rows, {human_size(dump.size)} of SQL")
    print(f"it is to replace {name}, which holds {counted(there)}", flush=True)
    say_names(f"{target.name} lacks, and the dump has", held - there)
    say_names(f"{target.name} has, and the dump lacks", there - held)
    if tables(there) and not tables(dump.objects) and not target.even_if_empty:
        raise RestoreError(
            f"the dump holds no table, and {target.name} holds {tables(there)}: if it is to be "
            "replaced by that, say --even-if-empty"
        )


def announce_to_nothing(dump: Inventory, target: Target) -> None:
    """Say what is about to come to a database that holds nothing."""
    held = "" if dump.is_too_large else f"{counted(dump.objects)}, "
    print(f"the dump holds {held}{human_size(dump.size)} of SQL")
    print(printable(f"it goes to {target.name}, which is empty, or isn't there"), flush=True)


def say_names(what: str, names: Set[Name]) -> None:
    """Say some of these to a person, where there are any."""
    if names:
        said = some_of([f"{kind} {one}" for kind, one in sorted(names)])
        print(printable(f"{what}: {said}"), flush=True)


def counted(names: Collection[Name]) -> str:
    """So many tables and other objects, in words."""
    return f"{tables(names)} tables and {len(names) - tables(names)} other objects"


def tables(names: Collection[Name]) -> int:
    """How many of them are tables."""
    return sum(name.kind == "table" for name in names)


def require_all(schema: Schema, names: Collection[Name]) -> None:
    """Raises DumpError where the database lacks something of these names, events excepted."""
    missing = {name for name in names if name.kind != "event"} - schema.objects()
    if missing:
        kind, name = min(missing)
        raise DumpError(f"{kind} {name} of the dump did not arrive")
