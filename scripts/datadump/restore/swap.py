"""A database that was loaded beside another takes its place; the other one stays, renamed.

MariaDB can't rename a database. It renames tables into another one, all of them by one statement,
but none that has a trigger, and no view. So what is program (triggers, views, routines) is dropped
and made again from a dump, on both sides; events are moved. It isn't atomic.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from datadump.mariadb.complaints import ServerError
from datadump.mariadb.objects import names_in
from datadump.mariadb.server import Server, word
from datadump.restore.loading import Source, load_file
from datadump.sql.inventory import take_inventory
from datadump.sql.lines import DumpError
from datadump.sql.quoting import quote
from datadump.sql.sections import Kind, sections

PROGRAM = frozenset(Kind) - {Kind.SEQUENCE, Kind.STRUCTURE, Kind.ROWS, Kind.EVENTS}
TABLES = "TABLE_TYPE <> 'VIEW'"


class SwapError(Exception):
    """It ended half way; the text says why, and what is where."""


@contextmanager
def undisturbed() -> Iterator[None]:
    """Nobody stops this half way, short of a kill."""
    signals = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
    handlers = [signal.signal(number, signal.SIG_IGN) for number in signals]
    try:
        yield
    finally:
        for number, handler in zip(signals, handlers, strict=True):
            signal.signal(number, handler)


class Swap:
    """``name`` gets what was loaded into ``beside``; what it held goes to ``before``."""

    def __init__(self, server: Server, name: str, beside: str, before: str, scratch: str) -> None:
        self._server = server
        self._name, self._beside, self._before = name, beside, before
        self._old_program = f"{scratch}/{before.replace('/', '_')}.sql"
        self._state = ""
        self.warnings: list[str] = []

    def prepare(self) -> None:
        """Keep the old program in a file, before anything is changed.

        Raises SwapError where the account can't read all of it, ServerError and OSError.
        """
        broken = self._broken_views()
        for view in broken:
            self.warnings.append(f"the view {view} was broken, and isn't kept")
        options = ["--no-data", *(f"--ignore-table={self._name}.{view}" for view in broken)]
        with self._server.dump(self._name, *options) as stream:
            kept = take_inventory(stream).objects
        for kind, name in sorted(names_in(self._server, self._name) - kept.keys()):
            if name not in broken:
                raise SwapError(f"the account can't read {kind} {name}, which would be lost")
        with (
            self._server.dump(self._name, *options) as stream,
            open(self._old_program, "wb") as file,
        ):
            wanted = PROGRAM | {Kind.EVENTS}
            file.writelines(sql for section, sql in sections(stream) if section.kind in wanted)

    def _broken_views(self) -> list[str]:
        """Views of what isn't there any more: mariadb-dump fails on them."""
        broken = []
        for view in self._names("TABLE_NAME", "VIEWS", "TABLE_SCHEMA", self._name):
            try:
                self._server.query(f"SELECT 1 FROM {self._in(self._name, view)} LIMIT 0")
            except ServerError:
                broken.append(view)
        return broken

    def run(self, source: Source) -> None:
        """``source``: what was loaded. Raises SwapError."""
        with undisturbed():
            try:
                self._run(source)
            except (ServerError, DumpError, OSError) as error:
                raise SwapError(f"{error}; {self._state}") from error

    def _run(self, source: Source) -> None:
        self._state = f"{self._name} is as it was; the dump is loaded in {self._beside}"
        self._wait_for_tables()
        self._make_before()
        enabled = self._move_events()
        self._state = f"the dump is loaded in {self._beside}"
        try:
            for database in (self._name, self._beside):
                self._drop_triggers_and_views(database)
            self._move_tables()
        except ServerError:
            self._put_back(enabled)
            raise
        self._state = (
            f"{self._name} has the dump's tables and rows, but lacks some of its triggers, views, "
            f"routines or events; the old data is in {self._before}, its triggers, views, routines "
            f"and events are in {self._old_program} of the scratch volume"
        )
        self._correct_sequences()
        self._drop_routines()
        program = source._replace(home=self._name, kinds=PROGRAM | {Kind.EVENTS})
        load_file(self._server, program, self._name)
        self._state = (
            f"{self._name} is restored; the old data is in {self._before}, its triggers, views and "
            f"routines in {self._old_program} of the scratch volume"
        )
        self._drop_foreign_keys_to_the_new()
        load_file(self._server, Source(self._old_program, self._before, PROGRAM), self._before)
        self._server.query(f"DROP DATABASE {quote(self._beside)}")

    def _wait_for_tables(self) -> None:
        """Whoever has them in a transaction would hold up the renaming half way."""
        tables = self._names("TABLE_NAME", "TABLES", "TABLE_SCHEMA", self._name, TABLES)
        if tables:
            locks = ", ".join(f"{self._in(self._name, table)} WRITE" for table in tables)
            self._server.query(f"LOCK TABLES {locks}")  # until that connection ends, at once

    def _make_before(self) -> None:
        ((charset, collation),) = self._server.query(
            "SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME "
            "FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = %s",
            self._name,
        )
        self._server.query(
            f"CREATE DATABASE {quote(self._before)} "
            f"CHARACTER SET {word(charset)} COLLATE {word(collation)}"
        )

    def _move_events(self) -> list[str]:
        """They are disabled first: what is kept is not to run. Returns those that were enabled."""
        enabled = "STATUS = 'ENABLED'"
        active = self._names("EVENT_NAME", "EVENTS", "EVENT_SCHEMA", self._name, enabled)
        for event in self._names("EVENT_NAME", "EVENTS", "EVENT_SCHEMA", self._name):
            old, new = self._in(self._name, event), self._in(self._before, event)
            self._server.query(f"ALTER EVENT {old} DISABLE")
            self._server.query(f"ALTER EVENT {old} RENAME TO {new}")
        return active

    def _put_back(self, enabled: list[str]) -> None:
        """Nothing was renamed: what was dropped is made again."""
        self._state = (
            f"{self._name} lacks triggers, views or events: they are in {self._old_program} of the "
            f"scratch volume; the dump is loaded in {self._beside}"
        )
        load_file(self._server, Source(self._old_program, self._name, PROGRAM), self._name)
        for event in self._names("EVENT_NAME", "EVENTS", "EVENT_SCHEMA", self._before):
            old, new = self._in(self._before, event), self._in(self._name, event)
            self._server.query(f"ALTER EVENT {old} RENAME TO {new}")
            if event in enabled:
                self._server.query(f"ALTER EVENT {new} ENABLE")
        self._server.query(f"DROP DATABASE {quote(self._before)}")
        self._state = f"{self._name} is as it was; the dump is loaded in {self._beside}"

    def _drop_triggers_and_views(self, database: str) -> None:
        for trigger in self._names("TRIGGER_NAME", "TRIGGERS", "TRIGGER_SCHEMA", database):
            self._server.query(f"DROP TRIGGER {self._in(database, trigger)}")
        for view in self._names("TABLE_NAME", "VIEWS", "TABLE_SCHEMA", database):
            self._server.query(f"DROP VIEW {self._in(database, view)}")

    def _move_tables(self) -> None:
        """All by one statement: where one can't be moved, the server moves none."""
        moves = [
            f"{self._in(origin, table)} TO {self._in(target, table)}"
            for origin, target in ((self._name, self._before), (self._beside, self._name))
            for table in self._names("TABLE_NAME", "TABLES", "TABLE_SCHEMA", origin, TABLES)
        ]
        if moves:
            self._server.query(f"RENAME TABLE {', '.join(moves)}")

    def _correct_sequences(self) -> None:
        """A column that takes numbers from a sequence names the database that this was in."""
        for database, was in ((self._name, self._beside), (self._before, self._name)):
            rows = self._server.query(
                "SELECT TABLE_NAME, COLUMN_NAME, COLUMN_DEFAULT FROM information_schema.COLUMNS "
                "WHERE TABLE_SCHEMA = %s AND COLUMN_DEFAULT LIKE 'nextval(%%'",
                database,
            )
            for table, column, default in rows:
                correct = default.replace(f"nextval({quote(was)}.", f"nextval({quote(database)}.")
                change = f"ALTER TABLE {self._in(database, table)} ALTER COLUMN {quote(column)}"
                try:
                    self._server.query(f"{change} SET DEFAULT ({correct})")
                except ServerError:  # that sequence was gone
                    self._server.query(f"{change} DROP DEFAULT")
                    self.warnings.append(f"{database}.{table}.{column} lost its default {default}")

    def _drop_foreign_keys_to_the_new(self) -> None:
        """One whose parent was gone would now have a parent in the new database."""
        rows = self._server.query(
            "SELECT TABLE_NAME, CONSTRAINT_NAME FROM information_schema.REFERENTIAL_CONSTRAINTS "
            "WHERE CONSTRAINT_SCHEMA = %s AND UNIQUE_CONSTRAINT_SCHEMA = %s",
            self._before,
            self._name,
        )
        for table, key in rows:
            self._server.query(
                f"ALTER TABLE {self._in(self._before, table)} DROP FOREIGN KEY {quote(key)}"
            )
            self.warnings.append(f"{self._before}.{table} lost the foreign key {key}: no parent")

    def _drop_routines(self) -> None:
        """A package's body goes with it."""
        rows = self._server.query(
            "SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES "
            "WHERE ROUTINE_SCHEMA = %s AND ROUTINE_TYPE <> 'PACKAGE BODY'",
            self._name,
        )
        for kind, routine in rows:
            # Before MariaDB 11.4, packages are known in this mode only.
            mode = "ORACLE" if kind == "PACKAGE" else ""
            self._server.query(f"DROP {word(kind)} {self._in(self._name, routine)}", sql_mode=mode)

    def _names(
        self, column: str, view: str, schema: str, database: str, more: str = "1"
    ) -> list[str]:
        rows = self._server.query(
            f"SELECT {column} FROM information_schema.{view} WHERE {schema} = %s AND {more}",
            database,
        )
        return [name for (name,) in rows]

    @staticmethod
    def _in(database: str, name: str) -> str:
        return f"{quote(database)}.{quote(name)}"
