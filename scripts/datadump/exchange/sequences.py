"""Sequences that were moved: a column that takes numbers from one names its database."""

from __future__ import annotations

from datadump.mariadb.complaints import ServerError
from datadump.mariadb.objects import Schema
from datadump.mariadb.server import Server
from datadump.sql.quoting import quote


def correct_sequences(server: Server, schema: Schema, was: Schema) -> list[str]:
    """Make the columns of ``schema`` take numbers from its sequences, not from those of ``was``.

    Returns a sentence for each that can't, since that sequence was gone, and has no default any
    more. Raises ServerError.
    """
    rows = server.query(
        "SELECT TABLE_NAME, COLUMN_NAME, COLUMN_DEFAULT FROM information_schema.COLUMNS "
        "WHERE TABLE_SCHEMA = %s AND COLUMN_DEFAULT LIKE 'nextval(%%'",
        schema.name,
    )
    old, new = (f"nextval({one.sql}." for one in (was, schema))
    lost = []
    for table, column, default in rows:
        change = f"ALTER TABLE {schema.qualified(table)} ALTER COLUMN {quote(column)}"
        try:
            server.query(f"{change} SET DEFAULT ({default.replace(old, new)})")
        except ServerError:
            server.query(f"{change} DROP DEFAULT")
            lost.append(f"{schema.name}.{table}.{column} lost its default {default}")
    return lost
