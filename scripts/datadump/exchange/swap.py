"""A database that was loaded beside another takes its place; the other one stays, renamed.

MariaDB can't rename a database. It renames tables into another one, all of them by one statement,
but none that has a trigger, and no view. So what is program (triggers, views, routines) is dropped
and made again from a dump, on both sides; events are moved. It isn't atomic.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

from datadump.exchange.beside import program_file
from datadump.load.loading import Source, load_file
from datadump.load.programs import Refused
from datadump.mariadb.complaints import ServerError
from datadump.mariadb.objects import Schema
from datadump.mariadb.server import Server
from datadump.sql.inventory import take_inventory
from datadump.sql.lines import DumpError
from datadump.sql.quoting import quote
from datadump.sql.reading import DumpFile
from datadump.sql.sections import Kind, sections

BESIDE_TABLES = frozenset(Kind) - {Kind.SEQUENCE, Kind.STRUCTURE, Kind.ROWS, Kind.EVENTS}


class SwapError(Exception):
    """A swap ended half way; the text says why, and what is where."""


class State(Enum):
    """What is where, should a swap end now.

    In the words for a person: ``name`` is the database in use, ``beside`` the one that the dump was
    loaded into, ``before`` the one that gets the old data, ``program`` the file with the rest.
    """

    AS_IT_WAS = "{name} is as it was; the dump is loaded in {beside}"
    BEGUN = "the dump is loaded in {beside}"
    LACKS_OLD_PROGRAM = (
        "{name} lacks triggers, views or events: they are in {program} of the scratch volume; the "
        "dump is loaded in {beside}"
    )
    LACKS_NEW_PROGRAM = (
        "{name} has the dump's tables and rows, but lacks some of its triggers, views, routines or "
        "events; the old data is in {before}, its triggers, views, routines and events are in "
        "{program} of the scratch volume"
    )
    RESTORED = (
        "{name} is restored; the old data is in {before}, its triggers, views and routines in "
        "{program} of the scratch volume"
    )


@contextmanager
def undisturbed() -> Iterator[None]:
    """No signal stops this process while the context lasts, short of a kill."""
    signals = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
    handlers = [signal.signal(number, signal.SIG_IGN) for number in signals]
    try:
        yield
    finally:
        for number, handler in zip(signals, handlers, strict=True):
            signal.signal(number, handler)


class Swap:
    """``name`` gets what was loaded into ``beside``; what it held goes to ``before``.

    ``warnings``: what the old data loses by it, in sentences for a person.
    """

    def __init__(self, server: Server, name: str, beside: str, before: str, scratch: str) -> None:
        self._server = server
        self._home = Schema(server, name)
        self._beside, self._before = Schema(server, beside), Schema(server, before)
        self._old_program = DumpFile(program_file(scratch, before))
        self._state = State.AS_IT_WAS
        self.warnings: list[str] = []

    def prepare(self) -> None:
        """Keep the old program in a file, before anything is changed.

        Raises SwapError where the account can't read all of it, ServerError and OSError.
        """
        home = self._home
        broken = home.broken_views()
        self.warnings += [f"the view {view} was broken, and isn't kept" for view in broken]
        options = ["--no-data", *home.leaving_out(broken)]
        with self._server.dump(home.name, *options) as stream:
            kept = take_inventory(sections(stream)).objects
        for kind, name in sorted(home.objects() - kept.keys()):
            if name not in broken:
                raise SwapError(f"the account can't read {kind} {name}, which would be lost")
        with (
            self._server.dump(home.name, *options) as stream,
            open(self._old_program.path, "wb") as file,
        ):
            wanted = BESIDE_TABLES | {Kind.EVENTS}
            file.writelines(
                sql
                for section, sql in sections(stream)
                # A comment line tells to whom what follows belongs, a table's triggers among it.
                if section.kind in wanted or sql.startswith(b"--")
            )

    def run(self, source: Source) -> list[Refused]:
        """Let them change places. ``source``: what was loaded, at home. Raises SwapError.

        Returns what is program of the dump and was refused by the server.
        """
        with undisturbed():
            try:
                return self._run(source)
            except (ServerError, DumpError, OSError) as error:
                raise SwapError(f"{error}; {self._what_is_where()}") from error

    def _what_is_where(self) -> str:
        return self._state.value.format(
            name=self._home.name,
            beside=self._beside.name,
            before=self._before.name,
            program=self._old_program.path,
        )

    def _run(self, source: Source) -> list[Refused]:
        self._wait_for_tables()
        self._before.create_like(self._home)
        enabled = self._move_events()
        self._state = State.BEGUN
        try:
            self._home.drop_triggers_and_views()
            self._beside.drop_triggers_and_views()
            self._move_tables()
        except ServerError:
            self._put_back(enabled)
            raise
        self._state = State.LACKS_NEW_PROGRAM
        self._correct_sequences()
        self._home.drop_routines()
        program = source._replace(kinds=BESIDE_TABLES | {Kind.EVENTS})
        refused = load_file(self._server, program, self._home.name, None).refused
        self._state = State.RESTORED
        self._drop_foreign_keys_to_the_new()
        for one in self._load_old_program(self._before):
            self.warnings.append(
                f"{self._before.name} lacks {one}: its text is in {self._old_program.path}"
            )
        self._beside.drop()
        return refused

    def _wait_for_tables(self) -> None:
        """Whoever has them in a transaction would hold up the renaming half way."""
        locks = [f"{self._home.qualified(table)} WRITE" for table in self._home.tables()]
        if locks:  # until that connection ends, at once
            self._server.query(f"LOCK TABLES {', '.join(locks)}")

    def _move_events(self) -> list[str]:
        """They are disabled first: what is kept is not to run. Returns those that were enabled."""
        enabled = self._home.events(enabled=True)
        for event in self._home.events():
            old, new = self._home.qualified(event), self._before.qualified(event)
            self._server.query(f"ALTER EVENT {old} DISABLE")
            self._server.query(f"ALTER EVENT {old} RENAME TO {new}")
        return enabled

    def _put_back(self, enabled: list[str]) -> None:
        """No table was moved: make what was dropped again. ``enabled``: of the events."""
        self._state = State.LACKS_OLD_PROGRAM
        if refused := self._load_old_program(self._home):
            raise ServerError(str(refused[0]))
        for event in self._before.events():
            old, new = self._before.qualified(event), self._home.qualified(event)
            self._server.query(f"ALTER EVENT {old} RENAME TO {new}")
            if event in enabled:
                self._server.query(f"ALTER EVENT {new} ENABLE")
        self._before.drop()
        self._state = State.AS_IT_WAS

    def _load_old_program(self, schema: Schema) -> list[Refused]:
        program = Source(self._old_program, schema.name, BESIDE_TABLES)
        return load_file(self._server, program, schema.name, None).refused

    def _move_tables(self) -> None:
        """All by one statement: where one can't be moved, the server moves none."""
        moves = [
            f"{origin.qualified(table)} TO {target.qualified(table)}"
            for origin, target in ((self._home, self._before), (self._beside, self._home))
            for table in origin.tables()
        ]
        if moves:
            self._server.query(f"RENAME TABLE {', '.join(moves)}")

    def _correct_sequences(self) -> None:
        """A column that takes numbers from a sequence names the database that it was made in."""
        for schema, was in ((self._home, self._beside), (self._before, self._home)):
            rows = self._server.query(
                "SELECT TABLE_NAME, COLUMN_NAME, COLUMN_DEFAULT FROM information_schema.COLUMNS "
                "WHERE TABLE_SCHEMA = %s AND COLUMN_DEFAULT LIKE 'nextval(%%'",
                schema.name,
            )
            old, new = (f"nextval({quote(name)}." for name in (was.name, schema.name))
            for table, column, default in rows:
                change = f"ALTER TABLE {schema.qualified(table)} ALTER COLUMN {quote(column)}"
                try:
                    self._server.query(f"{change} SET DEFAULT ({default.replace(old, new)})")
                except ServerError:  # that sequence was gone
                    self._server.query(f"{change} DROP DEFAULT")
                    lost = f"{schema.name}.{table}.{column} lost its default {default}"
                    self.warnings.append(lost)

    def _drop_foreign_keys_to_the_new(self) -> None:
        """One whose parent was gone would now have a parent in the new database."""
        for table, key in self._before.drop_foreign_keys_to(self._home):
            lost = f"{self._before.name}.{table} lost the foreign key {key}: no parent"
            self.warnings.append(lost)
