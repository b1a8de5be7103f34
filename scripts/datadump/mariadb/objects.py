"""What a database holds: told, named in SQL, dropped."""

from __future__ import annotations

from collections.abc import Collection, Iterable

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

    def events(self) -> list[str]:
        """The names of the events."""
        return self._names("EVENT_NAME", "EVENTS", "EVENT_SCHEMA")

    @property
    def sql(self) -> str:
        """How SQL names this database."""
        return quote(self.name)

    def exists(self) -> bool:
        """Whether it is there, as far as the account sees."""
        return bool(self._names("SCHEMA_NAME", "SCHEMATA", "SCHEMA_NAME"))

    def definition(self, table: str) -> str:
        """The statement that makes a table."""
        ((_, statement),) = self._server.query(f"SHOW CREATE TABLE {self.qualified(table)}")
        return str(statement)

    def qualified(self, name: str) -> str:
        """How SQL names an object of this database from within any other."""
        return f"{quote(self.name)}.{quote(name)}"

    def create_like(self, other: Schema, comment: str = "") -> None:
        """Make this database, with the other's character set and collation, and that comment."""
        ((charset, collation),) = self._server.query(
            "SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME "
            "FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = %s",
            other.name,
        )
        self.create(comment, f"CHARACTER SET {word(charset)} COLLATE {word(collation)}")

    def create(self, comment: str, settings: str = "") -> None:
        """Make this database, with that comment and these settings as SQL writes them."""
        name = self.sql.replace("%", "%%")
        self._server.query(f"CREATE DATABASE {name} {settings} COMMENT %s", comment)

    def annotate(self, comment: str) -> None:
        """Give this database that comment."""
        name = self.sql.replace("%", "%%")
        self._server.query(f"ALTER DATABASE {name} COMMENT %s", comment)

    def drop(self) -> None:
        """Drop this database with all that it holds."""
        self._server.query(f"DROP DATABASE IF EXISTS {self.sql}")

    def drop_without_tables(self) -> None:
        """Drop this database, which holds no table; ServerError where it does."""
        if tables := self.tables():
            raise ServerError(f"{self.name} still holds {len(tables)} tables")
        self.drop()

    def move_events_to(self, other: Schema) -> None:
        """Move all events to another database. They are disabled first: none is to run there."""
        for event in self.events():
            old = self.qualified(event)
            self._server.query(f"ALTER EVENT {old} DISABLE")
            self._server.query(f"ALTER EVENT {old} RENAME TO {other.qualified(event)}")

    def drop_triggers(self, tables: Collection[str] | None = None) -> None:
        """Drop the triggers of these tables, or all: a table that has one can't be moved."""
        rows = self._server.query(
            "SELECT TRIGGER_NAME, EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS "
            "WHERE TRIGGER_SCHEMA = %s",
            self.name,
        )
        for trigger, table in rows:
            if tables is None or table in tables:
                self._server.query(f"DROP TRIGGER {self.qualified(trigger)}")

    def drop_views(self) -> None:
        """Drop all views."""
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
