"""A database that was loaded beside another takes its place; the other one stays, renamed.

MariaDB can't rename a database. It renames tables into another one, all of them by one statement,
but none that has a trigger, and no view. So what is program (triggers, views, routines) is dropped
and made again from a dump, on both sides; events are moved. It isn't atomic.
"""

from __future__ import annotations

import shutil

from datadump.dump_file import Kind
from datadump.inventory import names_in, take_inventory
from datadump.loading import DumpError, Source, load_file
from datadump.server import Server, ServerError, quote

PROGRAM = frozenset(Kind) - {Kind.SEQUENCE, Kind.STRUCTURE, Kind.ROWS, Kind.EVENTS}
TABLES = "TABLE_TYPE <> 'VIEW'"


class SwapError(Exception):
    """It ended half way; the text says why, and what is where."""


class Swap:
    """``name`` gets what was loaded into ``beside``; what it held goes to ``before``."""

    def __init__(self, server: Server, name: str, beside: str, before: str, scratch: str) -> None:
        self._server = server
        self._name, self._beside, self._before = name, beside, before
        self._old_program = f"{scratch}/{before.replace('/', '_')}.sql"
        self._state = f"{name} is as it was; the dump is loaded in {beside}"

    def prepare(self) -> None:
        """Keep the old program in a file, before anything is changed.

        Raises SwapError where the account can't read all of it, ServerError and OSError.
        """
        with (
            self._server.dump(self._name, "--no-data", "--skip-events") as stream,
            open(self._old_program, "wb") as file,
        ):
            shutil.copyfileobj(stream, file)
        with open(self._old_program, "rb") as file:
            kept = take_inventory(file).objects
        for kind, name in sorted(names_in(self._server, self._name) - kept.keys()):
            if kind != "event":
                raise SwapError(f"the account can't read {kind} {name}, which would be lost")

    def run(self, path: str) -> None:
        """``path``: the dump's file. Raises SwapError."""
        try:
            self._make_before()
            self._state = (
                f"{self._name} lacks triggers, views or events: its own are in {self._old_program} "
                f"and {self._before}; the dump is loaded in {self._beside}"
            )
            self._move_events()
            for database in (self._name, self._beside):
                self._drop_triggers_and_views(database)
            self._move_tables()
            self._state = (
                f"{self._name} has the dump's tables and rows, but lacks some of its triggers, "
                f"views, routines or events; the old data is in {self._before}"
            )
            self._drop_routines()
            source = Source(path, self._name, PROGRAM | {Kind.EVENTS})
            load_file(self._server, source, self._name)
            self._state = f"{self._name} is restored; the old data is in {self._before}"
            self._load_old_program()
            self._server.query(f"DROP DATABASE {quote(self._beside)}")
        except (ServerError, DumpError, OSError) as error:
            raise SwapError(f"{error}; {self._state}") from error

    def _make_before(self) -> None:
        ((charset, collation),) = self._server.query(
            "SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME "
            "FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = %s",
            self._name,
        )
        self._server.query(
            f"CREATE DATABASE {quote(self._before)} CHARACTER SET {charset} COLLATE {collation}"
        )

    def _move_events(self) -> None:
        """They are disabled first: what is kept is not to run."""
        for event in self._names("EVENT_NAME", "EVENTS", "EVENT_SCHEMA", self._name):
            old, new = self._in(self._name, event), self._in(self._before, event)
            self._server.query(f"ALTER EVENT {old} DISABLE")
            self._server.query(f"ALTER EVENT {old} RENAME TO {new}")

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
            self._server.query(f"DROP {kind} {self._in(self._name, routine)}", sql_mode=mode)

    def _load_old_program(self) -> None:
        source = Source(self._old_program, self._before, PROGRAM)
        load_file(self._server, source, self._before)

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
