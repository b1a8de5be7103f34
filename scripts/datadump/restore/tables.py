"""Single tables of a backup, into a database that goes on with its others."""

from __future__ import annotations

from datadump.exchange.beside import BEFORE, NEW, Note, free_name, program_file
from datadump.exchange.foreign_keys import ForeignKey, crossing, foreign_keys, orphans
from datadump.exchange.program import KeptProgram
from datadump.exchange.sides import Sides
from datadump.exchange.swap import Swap
from datadump.ground.terminal import printable, some_of
from datadump.load.loading import Source, load_tables
from datadump.load.programs import Refused
from datadump.load.survey import Outline
from datadump.mariadb.objects import Schema
from datadump.mariadb.server import Server
from datadump.restore.replacing import loaded_beside, made_beside
from datadump.restore.target import RestoreError, Target


class Tables:
    """Some tables of a dump: loaded beside the database, and then moved there.

    What they replace stays beside it. Their foreign keys to other tables, and those of others to
    them, are made again. ``note``: which object it is, and which tables. Raises RestoreError,
    DumpError, ServerError, SwapError and OSError.
    """

    def __init__(
        self, server: Server, source: Source, target: Target, note: Note, scratch: str
    ) -> None:
        self._server, self._source, self._target, self._note = server, source, target, note
        loaded = loaded_beside(server, target.name, note)
        self._is_loaded = bool(loaded) and KeptProgram(program_file(scratch, loaded)).is_there
        incoming = loaded if self._is_loaded else free_name(server, target.name, NEW)
        self._triggers = KeptProgram(program_file(scratch, incoming))
        self._sides = Sides(target.name, incoming, free_name(server, target.name, BEFORE))
        self._swap = Swap(server, self._sides, note, scratch)
        self._swap.prepare()

    def load(self, outline: Outline | None) -> None:
        """Load them beside the database, and see whether they fit into it."""
        incoming = Schema(self._server, self._sides.incoming)
        if self._is_loaded:
            print(printable(f"{incoming.name} has them already: nothing is loaded again"))
            self._keys_that_fit(incoming)  # others may have changed since
            return
        with made_beside(self._server, incoming.name, self._note):
            triggers = load_tables(
                self._server, self._source, incoming.name, self._target.tables, outline
            )
            self._triggers.keep(triggers, self._keys_that_fit(incoming))

    def exchange(self) -> tuple[list[Refused], list[str]]:
        """What the server refused of their triggers, and what a person should know."""
        refused = self._swap.run(self._source._replace(dump=self._triggers.dump))
        told = list(self._swap.warnings)
        if Schema(self._server, self._sides.outgoing).exists():
            told.append(f"what they took the place of is in {self._sides.outgoing}")
        return refused, told

    def _keys_that_fit(self, incoming: Schema) -> list[ForeignKey]:
        """The foreign keys of the loaded tables to others that stay.

        Raises RestoreError where rows would refer to none.
        """
        home, tables = Schema(self._server, self._target.name), self._target.tables
        own = crossing(foreign_keys(self._server, incoming, [incoming.name]), tables)
        others = crossing(foreign_keys(self._server, home, [home.name]), tables)
        to_them = [key for key in others if key.parent in tables]
        there = set(home.tables())
        fitting = [key for key in own if key.parent in there]
        for key in own:
            if key not in fitting:
                self._leave_out(key)
        if names := [f"{key.name} of {key.table}" for key in [*fitting, *to_them]]:
            said = f"foreign keys from and to other tables are made again: {some_of(names)}"
            print(printable(said), flush=True)
        for key, child, parent in [
            *((key, incoming, home) for key in fitting),
            *((key, home, incoming) for key in to_them),
        ]:
            if count := orphans(self._server, key, child, parent):
                raise RestoreError(
                    f"{count} rows of {key.table} would refer to no row of {key.parent} "
                    f"({key.name}): --table {key.parent} brings that back as well, --into NAME all "
                    "beside, to copy rows from"
                )
        return fitting

    def _leave_out(self, key: ForeignKey) -> None:
        lacks = f"{key.table} refers to {key.parent} ({key.name}), which {self._target.name} lacks"
        if self._target.of_itself:
            raise RestoreError(f"{lacks}: --table {key.parent} brings that back as well")
        print(printable(f"{lacks}: it is left out"), flush=True)
