"""What a database holds: told, named in SQL, dropped."""

from __future__ import annotations

from collections.abc import Iterable

from datadump.mariadb.complaints import ServerError
from datadump.mariadb.server import Server, word
from datadump.sql.programs import Name
from datadump.sql.quoting import quote


class Schema:
    """One database of a server; it may be absent, and then holds nothing.

    All methods that ask the server raise ServerError.
    """

    def __init__(self, server: Server, name: str) -> None:
        self._server = server
        self.name = name

    def objects(self) -> set[Name]:
        """All tables, views, sequences, triggers, routines and events."""
        kinds = {"BASE TABLE": "table", "SYSTEM VERSIONED": "table"}
        rows = self._server.query(
            "SELECT TABLE_TYPE, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s "
            "UNION ALL SELECT 'TRIGGER', TRIGGER_NAME FROM information_schema.TRIGGERS "
            "WHERE TRIGGER_SCHEMA = %s "
            "UNION ALL SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES "
            "WHERE ROUTINE_SCHEMA = %s "
            "UNION ALL SELECT 'EVENT', EVENT_NAME FROM information_schema.EVENTS "
            "WHERE EVENT_SCHEMA = %s",
            *[self.name] * 4,
        )
        return {Name(kinds.get(kind, kind.lower()), name) for kind, name in rows}

    def tables(self) -> list[str]:
        """The names of the tables and sequences: all that RENAME TABLE moves."""
        return self._names("TABLE_NAME", "TABLES", "TABLE_SCHEMA", "TABLE_TYPE <> 'VIEW'")

    def views(self) -> list[str]:
        """The names of the views."""
        return self._names("TABLE_NAME", "VIEWS", "TABLE_SCHEMA")

    def broken_views(self) -> list[str]:
        """The names of views that need what isn't there any more: mariadb-dump fails on them."""
        return [view for view in self.views() if not self._can_be_dumped(view)]

    def leaving_out(self, views: Iterable[str]) -> list[str]:
        """The options for a dump of this database without these views."""
        return [f"--ignore-table={self.name}.{view}" for view in views]

    def events(self, *, enabled: bool = False) -> list[str]:
        """The names of the events, or of those alone that are ``enabled``."""
        state = "STATUS = 'ENABLED'" if enabled else "1"
        return self._names("EVENT_NAME", "EVENTS", "EVENT_SCHEMA", state)

    def qualified(self, name: str) -> str:
        """How SQL names an object of this database from within any other."""
        return f"{quote(self.name)}.{quote(name)}"

    def create_like(self, other: Schema) -> None:
        """Make this database, with the other's character set and collation."""
        ((charset, collation),) = self._server.query(
            "SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME "
            "FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = %s",
            other.name,
        )
        self._server.query(
            f"CREATE DATABASE {quote(self.name)} "
            f"CHARACTER SET {word(charset)} COLLATE {word(collation)}"
        )

    def drop(self) -> None:
        """Drop this database with all that it holds."""
        self._server.query(f"DROP DATABASE {quote(self.name)}")

    def drop_triggers_and_views(self) -> None:
        """Drop all that keeps the tables of a database from being moved to another."""
        for trigger in self._names("TRIGGER_NAME", "TRIGGERS", "TRIGGER_SCHEMA"):
            self._server.query(f"DROP TRIGGER {self.qualified(trigger)}")
        for view in self.views():
            self._server.query(f"DROP VIEW {self.qualified(view)}")

    def drop_routines(self) -> None:
        """Drop all functions, procedures and packages; the body of a package goes with it."""
        rows = self._server.query(
            "SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES "
            "WHERE ROUTINE_SCHEMA = %s AND ROUTINE_TYPE <> 'PACKAGE BODY'",
            self.name,
        )
        for kind, routine in rows:
            # Before MariaDB 11.4, packages are known in this mode only.
            mode = "ORACLE" if kind == "PACKAGE" else ""
            self._server.query(f"DROP {word(kind)} {self.qualified(routine)}", sql_mode=mode)

    def drop_foreign_keys_to(self, other: Schema) -> list[tuple[str, str]]:
        """Drop all that refer to another database; returns the table and the name of each."""
        keys = self._server.query(
            "SELECT TABLE_NAME, CONSTRAINT_NAME FROM information_schema.REFERENTIAL_CONSTRAINTS "
            "WHERE CONSTRAINT_SCHEMA = %s AND UNIQUE_CONSTRAINT_SCHEMA = %s",
            self.name,
            other.name,
        )
        for table, key in keys:
            self._server.query(f"ALTER TABLE {self.qualified(table)} DROP FOREIGN KEY {quote(key)}")
        return [(table, key) for table, key in keys]

    def _can_be_dumped(self, view: str) -> bool:
        """By what mariadb-dump asks: not each of them can be read."""
        try:
            self._server.query(f"SHOW FIELDS FROM {self.qualified(view)}")
        except ServerError:
            return False
        return True

    def _names(self, column: str, view: str, schema: str, more: str = "1") -> list[str]:
        rows = self._server.query(
            f"SELECT {column} FROM information_schema.{view} WHERE {schema} = %s AND {more}",
            self.name,
        )
        return [name for (name,) in rows]
