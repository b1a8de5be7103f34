"""Who holds a database's tables, and so would hold up the renaming of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from datadump.ground.terminal import printable
from datadump.mariadb.complaints import ServerError
from datadump.mariadb.objects import Schema
from datadump.mariadb.rights import rights_on
from datadump.mariadb.server import Server

HELD = 1205  # the error's number
ABSENT = 1109  # there is no such table in information_schema
# The one that asks is never among them: it is in no database, and in no transaction.
CONNECTIONS = (
    "SELECT DISTINCT p.ID, p.USER, p.HOST, {} FROM information_schema.PROCESSLIST p {} "
    "ORDER BY 4 DESC"
)
AT_IT = "p.TIME"  # seconds of its statement, or since it
OPEN = "TIMESTAMPDIFF(SECOND, t.trx_started, NOW())"
BY_LOCK = (
    "JOIN information_schema.METADATA_LOCK_INFO l ON l.THREAD_ID = p.ID "
    "WHERE l.TABLE_SCHEMA = %s AND l.TABLE_NAME IN ({})"
)
BY_TRANSACTION = "JOIN information_schema.INNODB_TRX t ON t.trx_mysql_thread_id = p.ID WHERE "
BY_DATABASE = "p.DB = %s"
BY_ANOTHER = "NOT p.DB <=> %s"  # it can hold tables that aren't its database's
NO_PROCESS = "somebody, whom only an account with PROCESS sees (SHOW FULL PROCESSLIST)"
NOBODY_KNOWN = "somebody; no connection in {}, and no transaction, can be told"


def holders(server: Server, schema: Schema, tables: Sequence[str]) -> list[str]:
    """Who holds one of these tables now, a connection each, in words; empty where nobody does.

    Nobody is made to wait by the question, which is a lock that is had at once or not at all. It
    takes the rights LOCK TABLES and SELECT; more than that somebody holds them is told where the
    account has PROCESS. Raises ServerError.
    """
    if not tables:
        return []
    locks = ", ".join(f"{schema.qualified(table)} WRITE" for table in tables)
    try:
        server.query(f"LOCK TABLES {locks} NOWAIT")
    except ServerError as error:
        if error.number != HELD:
            raise
        return told(server, schema, tables)
    return []


def told(server: Server, schema: Schema, tables: Sequence[str]) -> list[str]:
    """Who it may be, by what the server tells this account. Raises ServerError."""
    if not rights_on(server, ()).has("PROCESS"):
        return [NO_PROCESS]
    for rows in suspects(server, schema, tables):
        if rows:
            return [
                printable(f"connection {number} of {user}@{host}, for {seconds} seconds")
                for number, user, host, seconds in rows
            ]
    return [printable(NOBODY_KNOWN.format(schema.name))]


def suspects(
    server: Server, schema: Schema, tables: Sequence[str]
) -> Iterator[list[tuple[Any, ...]]]:
    """Connections that may hold these tables; the surest answer first."""
    try:  # a plugin of the server's, which is seldom there
        by_lock = BY_LOCK.format(", ".join(["%s"] * len(tables)))
        yield server.query(CONNECTIONS.format(AT_IT, by_lock), schema.name, *tables)
    except ServerError as error:
        if error.number != ABSENT:
            raise
    for seconds, where in (
        (OPEN, BY_TRANSACTION + BY_DATABASE),
        (AT_IT, f"WHERE {BY_DATABASE}"),
        (OPEN, BY_TRANSACTION + BY_ANOTHER),
    ):
        yield server.query(CONNECTIONS.format(seconds, where), schema.name)
