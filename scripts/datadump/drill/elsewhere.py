"""What needs something that isn't in the dump: another database, or another server.

A drill's server has one database, and its account sees no other: what is elsewhere is denied where
it isn't said to be absent. Nor does it reach a file or another server: tables that only show what
is there are not made.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from datadump.load.programs import Refused
from datadump.mariadb.complaints import ServerError
from datadump.sql.inventory import Inventory
from datadump.sql.programs import Name

# Of each error about what isn't there, or isn't for this account: what it is about.
SUBJECTS = {
    1044: re.compile(r"to database '(.+)'", re.DOTALL),
    1049: re.compile(r"Unknown database '(.+)'", re.DOTALL),
    1109: re.compile(r"Unknown table '(.+)' in information_schema", re.DOTALL),
    1142: re.compile(r"for table `(.+)`", re.DOTALL),
    1146: re.compile(r"Table '(.+)' doesn't exist", re.DOTALL),
    1305: re.compile(r": [A-Z]+ (.+) does not exist", re.DOTALL),
    1356: re.compile(r"View '(.+)' references", re.DOTALL),
    1370: re.compile(r"for routine '(.+)'", re.DOTALL),
    4091: re.compile(r"Unknown SEQUENCE: '(.+)'", re.DOTALL),
}
# Their tables have no rows in any dump: mariadb-dump passes over them (MED_ENGINES in its source).
REACHING_OUT = re.compile(
    rb"^\) ENGINE=(FEDERATED|CONNECT|SPIDER|OQGRAPH|SPHINX|S3)\b", re.MULTILINE
)


def tables_elsewhere(dump: Inventory) -> dict[str, str]:
    """The dump's tables whose rows are elsewhere, each with its engine. Raises DumpError."""
    reaching = {
        name: REACHING_OUT.search(held.definition)
        for name, held in dump.objects.items()
        if name.kind == "table" and not held.rows
    }
    return {name.name: found[1].decode() for name, found in reaching.items() if found}


def outside_needs(
    refused: Iterable[Refused], database: str, broken: Iterable[str]
) -> dict[Name, str]:
    """What each refused program needs of another database, in words.

    The others are at fault themselves. ``broken``: views and tables that can't be read here.
    """
    needs: dict[Name, str] = {}
    unmade = set(broken)
    for one in refused:
        subject = subject_of(one.error)
        if not subject or subject == database:
            continue
        name = subject.removeprefix(f"{database}.")
        if name == subject:
            needs[one.name] = f"it needs {subject}, which isn't in this backup"
        elif name in unmade:
            needs[one.name] = f"it needs {name}, which can't be read here"
        else:
            continue
        unmade.add(one.name.name)
    return needs


def subject_of(error: ServerError) -> str:
    """What the error says isn't there: a database, or ``database.name``; empty for another error.

    A name that has a dot in it isn't told from two.
    """
    pattern = SUBJECTS.get(error.number)
    found = pattern.search(str(error)) if pattern else None
    return found[1].replace("`.`", ".") if found else ""
