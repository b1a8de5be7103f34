"""What a restore will leave out, which doesn't stop it: views and what belongs to others."""

from __future__ import annotations

import re
from collections.abc import Iterator

from datadump.beforehand.needs import Way
from datadump.mariadb.complaints import ServerError
from datadump.mariadb.server import Server
from datadump.mariadb.standing import account_called, standing_at
from datadump.sql.inventory import Inventory
from datadump.sql.quoting import quote, unquote

NAME = rb"`(?:[^`]++|``)*+`"
TEXT = rb"'(?:[^'\\]++|\\.|'')*+'"
# As SHOW CREATE VIEW writes what a view reads of another database; of its own it writes the table
# alone. What has FROM or JOIN for another reason, and what only looks like it, is passed over.
READS = re.compile(
    rb"extract\([a-z_]+ from|trim\([a-z]+ (?:%(text)b|[^()'])*?from"
    rb"|select (?:[a-z_]+ )*straight_join|%(text)b"
    rb"|(?:\b(?:from|join|straight_join) \(*|\b(?:nextval|lastval|setval)\()"
    rb"(?P<database>%(name)b)\.(?P<table>%(name)b)|%(name)b" % {b"text": TEXT, b"name": NAME},
    re.DOTALL,
)
NO_RIGHT = (1044, 1142, 1143)
NOT_THERE = (1049, 1146)
# Whose text goes to the old data's new database; events are moved there.
OLD_PROGRAMS = """
    SELECT 'view', TABLE_NAME, DEFINER FROM information_schema.VIEWS WHERE TABLE_SCHEMA = %s
    UNION ALL SELECT 'trigger', TRIGGER_NAME, DEFINER FROM information_schema.TRIGGERS
    WHERE TRIGGER_SCHEMA = %s
    UNION ALL SELECT ROUTINE_TYPE, ROUTINE_NAME, DEFINER FROM information_schema.ROUTINES
    WHERE ROUTINE_SCHEMA = %s"""


def doubts(server: Server, way: Way, dump: Inventory) -> list[str]:
    """A sentence for each thing that will be missing after the restore, as far as that is known.

    Views that read what isn't there in another database, or is none of the account's business; and
    of the old data what belongs to others. Raises ServerError.
    """
    return [*views_without_their_tables(server, dump), *old_programs_of_others(server, way)]


def views_without_their_tables(server: Server, dump: Inventory) -> Iterator[str]:
    """A sentence for each view of the dump that can't be made for want of a table elsewhere."""
    known: dict[tuple[str, str], str] = {}
    for name, held in dump.objects.items():
        if name.kind != "view":
            continue
        for database, table in read_elsewhere(held.definition):
            if database == dump.database:
                continue
            if (database, table) not in known:
                known[database, table] = what_is_wrong(server, database, table)
            if wrong := known[database, table]:
                yield f"view {name.name} reads {database}.{table}, {wrong}, and is left out"
                break


def read_elsewhere(view: bytes) -> list[tuple[str, str]]:
    """Database and name of each table that this definition reads of a database that it names."""
    return [
        (name_in(match["database"]), name_in(match["table"]))
        for match in READS.finditer(view)
        if match["database"]
    ]


def name_in(quotes: bytes) -> str:
    """The name in these quotes of a dump."""
    return unquote(quotes.decode(errors="replace"))


def what_is_wrong(server: Server, database: str, table: str) -> str:
    """Why a view can't read that table; empty where it can. Raises ServerError."""
    try:
        server.query(f"SHOW FIELDS FROM {quote(database)}.{quote(table)}")
    except ServerError as error:
        if error.number in NO_RIGHT:
            return "on which this account has no right"
        if error.number in NOT_THERE:
            return "which isn't there"
        if error.is_of_the_connection:
            raise
        return f"which can't be read ({error})"
    return ""


def old_programs_of_others(server: Server, way: Way) -> list[str]:
    """A sentence about what the account may not make again, of what was there before."""
    here = standing_at(server)
    if not way.beside or here.makes_for_others:
        return []
    others = [
        f"{kind.lower()} {name}, which belongs to {definer.removesuffix('@')}"
        for kind, name, definer in server.query(OLD_PROGRAMS, *[way.target] * 3)
        if here.is_other(account_called(definer))
    ]
    if not others:
        return []
    first, *more = others
    return [
        f"the account {here.account.user} lacks {here.right_for_others}, so {way.before} will lack "
        f"{first}{f', and {len(more)} more' if more else ''}"
    ]
