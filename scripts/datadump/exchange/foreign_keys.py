"""Foreign keys between the tables that an exchange moves and those that stay.

When a table is renamed, the foreign keys that refer to it go with it, whatever takes its place. So
they have to be made again: MariaDB has no statement that leads one to another table.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import NamedTuple

from datadump.mariadb.complaints import ServerError
from datadump.mariadb.objects import Schema
from datadump.mariadb.server import Server
from datadump.sql.quoting import quote


class ForeignKey(NamedTuple):
    """A foreign key of a table. ``parent``: the table that it refers to, in the same database.

    ``clause``: what stands behind its name in SQL, up to REFERENCES and behind the parent's name.
    """

    table: str
    name: str
    parent: str
    clause: tuple[str, str]

    def adding(self, home: Schema) -> str:
        """The statement that adds it to the table in that database, its rows unchecked."""
        before, after = self.clause
        return (
            f"SET STATEMENT foreign_key_checks = 0 FOR ALTER TABLE {home.qualified(self.table)} "
            f"ADD CONSTRAINT {quote(self.name)} {before} {home.qualified(self.parent)}{after}"
        )


def foreign_keys(server: Server, schema: Schema, within: Collection[str]) -> list[ForeignKey]:
    """Those of a database's tables that refer to one in any of these databases, with their clauses.

    Raises ServerError.
    """
    found = []
    for table, name, other, parent in named(server, schema, within):
        elsewhere = "" if other == schema.name else f"{quote(other)}."
        reference = f"{elsewhere}{quote(parent)}"
        found.append(ForeignKey(table, name, parent, clause_of(schema, table, name, reference)))
    return found


def named(
    server: Server, schema: Schema, within: Collection[str]
) -> list[tuple[str, str, str, str]]:
    """The same by name: each one's table, its name, and database and table that it refers to."""
    rows = server.query(
        "SELECT TABLE_NAME, CONSTRAINT_NAME, UNIQUE_CONSTRAINT_SCHEMA, REFERENCED_TABLE_NAME "
        "FROM information_schema.REFERENTIAL_CONSTRAINTS "
        "WHERE CONSTRAINT_SCHEMA = %s AND UNIQUE_CONSTRAINT_SCHEMA IN %s ORDER BY 1, 2",
        schema.name,
        tuple(within),
    )
    return [(table, name, other, parent) for table, name, other, parent in rows]


def clause_of(schema: Schema, table: str, name: str, reference: str) -> tuple[str, str]:
    """What the table's definition says of that foreign key, around the table referred to.

    Raises ServerError where it says nothing of it.
    """
    whole = re.compile(
        rf"CONSTRAINT {re.escape(quote(name))} (FOREIGN KEY .*? REFERENCES) {re.escape(reference)}"
        r"(.*?)(?:,\n  |\n\))",
        re.DOTALL,
    )
    found = whole.search(schema.definition(table))
    if not found:
        raise ServerError(f"the definition of {schema.name}.{table} has no foreign key {name}")
    return found[1], found[2]


def crossing(keys: Iterable[ForeignKey], tables: Collection[str]) -> list[ForeignKey]:
    """Those between one of these tables and another, in either direction."""
    return [key for key in keys if (key.table in tables) != (key.parent in tables)]


def drop_those_to(server: Server, schema: Schema, others: Collection[str]) -> list[tuple[str, str]]:
    """Drop all of the database that refer to these others; returns the table and name of each.

    Raises ServerError.
    """
    keys = [(table, name) for table, name, _, _ in named(server, schema, others)]
    for table, name in keys:
        server.query(f"ALTER TABLE {schema.qualified(table)} DROP FOREIGN KEY {quote(name)}")
    return keys


def add_missing(server: Server, schema: Schema, keys: Iterable[ForeignKey]) -> None:
    """Add those of these keys that the database lacks. Raises ServerError."""
    there = {(table, name) for table, name, _, _ in named(server, schema, [schema.name])}
    for key in keys:
        if (key.table, key.name) not in there:
            before = indexes(server, schema, key.table)
            server.query(key.adding(schema))
            keep_name(server, schema, key.table, before)


def keep_name(server: Server, schema: Schema, table: str, before: set[str]) -> None:
    """An index that a foreign key had made is renamed where that key is made again: not so here.

    ``before``: the names of the table's indexes before that. Raises ServerError.
    """
    after = indexes(server, schema, table)
    for old, new in zip(before - after, after - before, strict=False):
        change = f"RENAME INDEX {quote(new)} TO {quote(old)}"
        server.query(f"ALTER TABLE {schema.qualified(table)} {change}")


def indexes(server: Server, schema: Schema, table: str) -> set[str]:
    """The names of a table's indexes. Raises ServerError."""
    rows = server.query(
        "SELECT INDEX_NAME FROM information_schema.STATISTICS "
        "WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s",
        schema.name,
        table,
    )
    return {name for (name,) in rows}


def orphans(server: Server, key: ForeignKey, child: Schema, parent: Schema) -> int:
    """How many rows of the key's table in ``child`` have no parent in the database ``parent``.

    The key is one of either database. Raises ServerError.
    """
    columns = server.query(
        "SELECT DISTINCT COLUMN_NAME, REFERENCED_COLUMN_NAME "
        "FROM information_schema.KEY_COLUMN_USAGE WHERE CONSTRAINT_SCHEMA = %s "
        "AND TABLE_NAME = %s AND CONSTRAINT_NAME = %s",
        child.name,
        key.table,
        key.name,
    )
    same = [f"c.{quote(column)} = p.{quote(referenced)}" for column, referenced in columns]
    set_ = [f"c.{quote(column)} IS NOT NULL" for column, _ in columns]
    ((number,),) = server.query(
        f"SELECT COUNT(*) FROM {child.qualified(key.table)} c WHERE {' AND '.join(set_)} "
        f"AND NOT EXISTS (SELECT 1 FROM {parent.qualified(key.parent)} p "
        f"WHERE {' AND '.join(same)})"
    )
    return int(number)
