"""Looking before the jump: what would fail at the end of a long load is found before it begins."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from datadump.beforehand.needs import Way, needed, owners
from datadump.ground.terminal import MEBIBYTE, human_size
from datadump.mariadb.rights import Rights
from datadump.mariadb.server import Server
from datadump.mariadb.standing import TRUST, Standing, called, standing_at
from datadump.sql.inventory import Inventory
from datadump.sql.programs import Name

LARGEST_PACKET = 1024 * MEBIBYTE
TO_READ_ROUTINES = "SHOW CREATE ROUTINE on {} (before MariaDB 11.3: SELECT on mysql.proc)"
# As SHOW CREATE FUNCTION writes them, a line each.
HARMLESS = re.compile(rb"^    (?:DETERMINISTIC|NO SQL|READS SQL DATA)$", re.MULTILINE)


def obstacles(server: Server, way: Way, dump: Inventory, *, definers: bool) -> list[str]:
    """A sentence for each thing by which the restore would fail, or leave out what the dump has.

    Empty where nothing is in the way. ``definers``: whether views, triggers, routines and events
    stay whose they are. Raises ServerError.
    """
    wanted = needed(way, dump)
    here = standing_at(server, wanted)
    lacking = [*lacking_on(here.rights, wanted), *unreadable(server, way)]
    if definers:
        lacking += lacking_for_others(here, dump)
    told = [f"the account {here.account.user} lacks {', '.join(lacking)}"] if lacking else []
    return [*told, *distrusted(here, dump), *too_long(here, dump)]


def lacking_on(rights: Rights, wanted: dict[str, list[str]]) -> Iterator[str]:
    """The rights that are lacking on each database, as a line has it."""
    for database, names in wanted.items():
        if missing := [name for name in names if not rights.has(name, database)]:
            yield f"{listed(missing)} on {database}"


def listed(names: Sequence[str]) -> str:
    """These names in words: ``A, B and C``."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def unreadable(server: Server, way: Way) -> list[str]:
    """What is lacking where routines that are there would be lost: their text can't be read."""
    if not way.beside:
        return []
    hidden = server.query(
        "SELECT 1 FROM information_schema.ROUTINES "
        "WHERE ROUTINE_SCHEMA = %s AND ROUTINE_DEFINITION IS NULL LIMIT 1",
        way.target,
    )
    return [TO_READ_ROUTINES.format(way.target)] if hidden else []


def lacking_for_others(here: Standing, dump: Inventory) -> list[str]:
    """What is lacking to make what belongs to others than this account and its role."""
    others = [(name, owner) for name, owner in owners(dump).items() if here.is_other(owner)]
    if not others or here.makes_for_others:
        return []
    (name, owner), *more = others
    told = f"for {name.kind} {name.name}, which belongs to {called(owner)}"
    return [f"{here.right_for_others} ({told}{f', and {len(more)} more' if more else ''})"]


def distrusted(here: Standing, dump: Inventory) -> list[str]:
    """What a server that writes a binary log refuses to make, as long as it isn't told to."""
    if not here.distrusts:
        return []
    if here.rights.has("SUPER"):
        why = "function that isn't DETERMINISTIC, NO SQL or READS SQL DATA"
        refused = [
            name
            for name, held in dump.objects.items()
            if name.kind == "function" and not HARMLESS.search(held.definition)
        ]
    else:
        why = "function or trigger of an account without SUPER"
        refused = [name for name in dump.objects if name.kind in {"function", "trigger"}]
    if not refused:
        return []
    return [
        f"the server writes a binary log, and then makes no {why}, such as {and_more(refused)}: "
        f"SET GLOBAL {TRUST} = 1 lets it"
    ]


def and_more(names: Sequence[Name]) -> str:
    """The first of these, and how many more there are."""
    more = len(names) - 1
    return f"{names[0].kind} {names[0].name}{f' and {more} more' if more else ''}"


def too_long(here: Standing, dump: Inventory) -> list[str]:
    """What is to be said of a statement that the server doesn't take, for its length."""
    if dump.longest < here.packet:  # it goes without its delimiter, and with a byte before it
        return []
    enough = min((dump.longest // MEBIBYTE + 1) * MEBIBYTE, LARGEST_PACKET)
    return [
        f"the dump has a statement of {human_size(dump.longest)}, and the server's "
        f"max_allowed_packet is {human_size(here.packet)}: "
        f"SET GLOBAL max_allowed_packet = {enough} lets it in"
    ]
