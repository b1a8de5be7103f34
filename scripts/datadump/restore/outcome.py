"""What came of a restore, as a person should know it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import NamedTuple

from datadump.exchange.beside import (
    BEFORE,
    UNDONE,
    Aside,
    State,
    asides,
    program_file,
    stamped,
    sweep_programs,
)
from datadump.ground.terminal import human_size
from datadump.load.programs import Refused, keep
from datadump.mariadb.objects import Schema
from datadump.mariadb.server import Server
from datadump.restore.scratch import sweep_parts


class Restored(NamedTuple):
    """What a person should know, and the programs that the server refused.

    ``key``: what was restored. ``text``: where the text of what was refused is, in words.
    """

    key: str
    told: list[str]
    refused: list[Refused]
    text: str = ""


def with_surroundings(restored: Restored, server: Server, name: str, scratch: str) -> Restored:
    """The same, and what the database of that name and those beside it hold now.

    The text of what was refused is kept in the scratch folder.
    """
    schema, told, text = Schema(server, name), list(restored.told), ""
    told += swept(server, name, scratch)
    if restored.refused:
        text = kept(restored.refused, program_file(scratch, stamped(name, "lacks")))
        told += [f"view {view} can't be read: it may need them" for view in schema.broken_views()]
    told += [f"beside it: {described(aside)}" for aside in asides(server, name)]
    return restored._replace(told=told, text=text)


def swept(server: Server, name: str, scratch: str) -> list[str]:
    """What earlier restores left in the scratch folder, and is removed now, in words.

    And what only a person can know to be needed no more.
    """
    told = []
    try:
        if files := sweep_programs(server, scratch, name):
            told.append(f"{scratch}: {len(files)} files of databases that are gone are removed")
        if freed := sweep_parts(scratch):
            told.append(
                f"{scratch}: {human_size(freed)} are removed that other commands had fetched"
            )
        lacking = sorted(one for one in os.listdir(scratch) if one.startswith(f"{name}_lacks_"))
    except OSError as error:
        return [f"{scratch} can't be swept: {error}"]
    return told + [f"{scratch}: {one} has what an earlier restore couldn't make" for one in lacking]


def kept(refused: Iterable[Refused], path: str) -> str:
    """Where the text of these programs is from now on, in words."""
    try:
        keep(refused, path)
    except OSError as error:
        return f"their text is in the dump alone: {error}"
    return f"their text is in {path}"


WORDS = {
    State.LOADING: "a load of {backup} that was cut; drop it",
    State.LOADED: "{backup}, loaded and not in use; the same restore goes on from there",
    State.EXCHANGING: "an exchange that was cut",
    State.UNKNOWN: "of an earlier restore",
}
KEPT = {
    BEFORE: "what {home} held until {at}, when {backup} was restored{tables}",
    UNDONE: "what {home} held until {at}, when {backup} was taken back{tables}",
}


def described(aside: Aside) -> str:
    """A database beside another, in words."""
    tables = f": {', '.join(aside.note.tables)}" if aside.note.tables else ""
    words = KEPT[aside.what] if aside.note.state is State.KEPT else WORDS[aside.note.state]
    at = f"{aside.at:%Y-%m-%d %H:%M:%S}"
    said = words.format(home=aside.home, at=at, backup=aside.note.backup, tables=tables)
    return f"{aside.name} ({said})"
