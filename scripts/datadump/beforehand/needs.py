"""Which rights it takes to load a dump, and to let it take a database's place.

Found by experiment, with MariaDB 10.11 and 11.8: of an account that has all rights on a database
each was taken away in turn, and what then failed is here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import NamedTuple

from datadump.mariadb.throwaway import Account
from datadump.sql.inventory import Inventory
from datadump.sql.programs import Name
from datadump.sql.quoting import QUOTED, unquote

# Of what mariadb-dump writes, ALTER TABLE ... DISABLE KEYS takes ALTER, SETVAL takes INSERT, and a
# view takes SELECT for the columns that it compares. INSERT will do for what a foreign key refers
# to, without REFERENCES.
TO_MAKE = {
    "table": ("CREATE", "DROP", "ALTER", "INSERT"),
    "sequence": ("CREATE", "DROP", "INSERT"),
    "view": ("CREATE VIEW", "DROP", "SELECT"),
    "trigger": ("TRIGGER",),
    "event": ("EVENT",),
    **dict.fromkeys(
        ("function", "procedure", "package", "package body"), ("CREATE ROUTINE", "ALTER ROUTINE")
    ),
}
HOLD_ROWS = {"table", "sequence"}
# Each dump sets the character set of its database, and routines may be made under another one.
ALTER_DATABASE = ("ALTER",)  # and the notes are comments of databases
# Of the database whose place is taken. Who lacks one of the first doesn't even see what is there.
TO_SEE = ("TRIGGER", "EVENT", "ALTER ROUTINE")
TO_MOVE_OUT = {
    "table": ("SELECT", "LOCK TABLES", "ALTER", "DROP"),
    "sequence": ("SELECT", "LOCK TABLES", "ALTER", "DROP"),
    "view": ("SELECT", "SHOW VIEW", "DROP"),
}
TO_MOVE_IN = ("CREATE", "INSERT")
# For defaults from sequences, and foreign keys without a parent.
TO_CORRECT = ("SELECT", "ALTER")
# A default from a sequence; and a table that shows the rows of others, and would change them.
DRAWS = b"nextval("
MERGES = b" ENGINE=MRG_M"
DEFINER = re.compile(rb"DEFINER=(%b)(?:@(%b))?" % (QUOTED, QUOTED))


class Way(NamedTuple):
    """Where a dump goes: into the database ``target``, which is empty, or isn't there.

    Else it is loaded into ``beside``, and takes the place of what is ``there``, which goes to
    ``before``.
    """

    target: str
    beside: str = ""
    before: str = ""
    there: Collection[Name] = ()


def needed(way: Way, dump: Inventory) -> dict[str, list[str]]:
    """The rights that it takes on each of the databases."""
    making, programs = made_of(dump), [n for n in dump.objects if n.kind not in HOLD_ROWS]
    if not way.beside:
        return {way.target: distinct("CREATE", *ALTER_DATABASE, *making)}
    moved = {name.kind for name in way.there}
    coming = [*TO_MOVE_IN, *TO_CORRECT] if holds_rows(dump.objects) else []
    old = [right for kind in TO_MOVE_OUT if kind in moved for right in TO_MOVE_OUT[kind]]
    staying = [*TO_MOVE_IN, *TO_CORRECT] if holds_rows(way.there) else []
    old_programs = [name for name in way.there if name.kind not in HOLD_ROWS]
    return {
        way.target: distinct(*TO_SEE, *old, *ALTER_DATABASE, *coming, *to_make(programs)),
        way.beside: distinct("CREATE", "DROP", *ALTER_DATABASE, *making, without="EVENT"),
        # It is dropped where the exchange has to be undone.
        way.before: distinct("CREATE", "DROP", *ALTER_DATABASE, *staying, *to_make(old_programs)),
    }


def made_of(dump: Inventory) -> list[str]:
    """The rights that it takes to make all that the dump names."""
    rights = to_make(dump.objects)
    for held in dump.objects.values():
        rights += ["SELECT"] if DRAWS in held.definition else []
        rights += ["SELECT", "UPDATE", "DELETE"] if MERGES in held.definition else []
    return distinct(*rights)


def to_make(names: Iterable[Name]) -> list[str]:
    """The rights that it takes to make objects of these kinds."""
    return distinct(*(right for name in names for right in TO_MAKE[name.kind]))


def holds_rows(names: Iterable[Name]) -> bool:
    """Whether there is a table or a sequence among these."""
    return any(name.kind in HOLD_ROWS for name in names)


def distinct(*rights: str, without: str = "") -> list[str]:
    """Each of them once, in their order."""
    return [right for right in dict.fromkeys(rights) if right != without]


def owners(dump: Inventory) -> dict[Name, Account]:
    """The account that each view, trigger, routine and event of the dump belongs to."""
    heads = {
        name: DEFINER.search(held.definition)
        for name, held in dump.objects.items()
        if name.kind not in HOLD_ROWS
    }
    return {name: account_of(*head.groups(b"")) for name, head in heads.items() if head}


def account_of(user: bytes, host: bytes) -> Account:
    """The account that has these quoted names; one without a host is a role."""
    return Account(unquote(user.decode(errors="replace")), unquote(host.decode(errors="replace")))
