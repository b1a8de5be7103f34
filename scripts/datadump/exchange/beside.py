"""The databases that a restore makes beside another, and what each says of itself.

A database's comment holds a note, which MariaDB knows since 10.5. So whoever comes next, from
whatever machine, knows what a command that was killed had done.
"""

from __future__ import annotations

import json
import os
import re
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from datadump.mariadb.server import Server

NEW, BEFORE, UNDONE = "new", "before", "undone"
STAMP = "%Y%m%d_%H%M%S"
STAMPED = re.compile(rf"(.+)_({NEW}|{BEFORE}|{UNDONE})_(\d{{8}}_\d{{6}})", re.DOTALL)
LONGEST_NAME = 64  # characters of a database's name
LONGEST_COMMENT = 1024  # characters, by the server's limit
SHOWN_OF_A_KEY = 200  # characters


class State(StrEnum):
    """What a database beside another is."""

    LOADING = "loading"
    LOADED = "loaded"  # a backup, wholly
    EXCHANGING = "exchanging"  # it is getting what the other held
    KEPT = "kept"  # it has what the other held
    UNKNOWN = "unknown"  # it says nothing of itself


@dataclass(frozen=True)
class Note:
    """What a database beside another says of itself.

    ``backup``, ``version``: which object was loaded, or took this data's place, for a person and
    exactly. ``tables``: the only ones that it is about; None for all that a database holds.
    ``incoming``: the database whose content takes the place of what comes here; ``moving``: how
    many tables come.
    """

    state: State
    backup: str = ""
    version: str = ""
    tables: list[str] | None = None
    incoming: str = ""
    moving: int = 0

    @property
    def comment(self) -> str:
        """The database's comment that holds it."""
        return json.dumps(
            asdict(replace(self, backup=self.backup[-SHOWN_OF_A_KEY:])), ensure_ascii=False
        )

    @property
    def fits(self) -> bool:
        """Whether a comment can hold it, whatever is to be added."""
        longest = replace(self, state=State.EXCHANGING, incoming="x" * LONGEST_NAME, moving=10**6)
        return len(longest.comment) <= LONGEST_COMMENT

    def is_of(self, version: str, tables: list[str] | None) -> bool:
        """Whether it is about that object, and these of its tables."""
        return self.version == version and self.tables == tables


class Aside(NamedTuple):
    """A database beside another, which is ``home``. ``what``: NEW, BEFORE or UNDONE."""

    name: str
    home: str
    what: str
    at: datetime
    note: Note

    @property
    def is_being_exchanged(self) -> bool:
        """Whether an exchange has begun and not ended."""
        return self.note.state is State.EXCHANGING


def stamped(name: str, what: str) -> str:
    """The name of a database beside that one: ``NAME_before_20261123_101500``."""
    return f"{name}_{what}_{datetime.now().astimezone():{STAMP}}"


def free_name(server: Server, name: str, what: str) -> str:
    """Such a name that no database has; a second passes where one was made in this one.

    Raises ServerError.
    """
    taken = {aside.name for aside in asides(server, name)}
    while (new := stamped(name, what)) in taken:
        time.sleep(0.1)
    return new


def asides(server: Server, name: str) -> list[Aside]:
    """All that are beside the database of that name, oldest first. Raises ServerError."""
    return [aside for aside in all_asides(server) if aside.home == name]


def all_asides(server: Server) -> list[Aside]:
    """All that are beside any database, oldest first. Raises ServerError."""
    rows = server.query("SELECT SCHEMA_NAME, SCHEMA_COMMENT FROM information_schema.SCHEMATA")
    found = []
    for other, comment in rows:
        if match := STAMPED.fullmatch(other):
            with suppress(ValueError):  # no moment
                at = datetime.strptime(match[3], STAMP).astimezone()
                found.append(Aside(other, match[1], match[2], at, note_in(comment)))
    return sorted(found, key=lambda aside: (aside.at, aside.name))


def note_in(comment: str) -> Note:
    """The note that a database's comment holds; of a state UNKNOWN where it is another text."""
    try:
        fields = json.loads(comment)
        return Note(**fields | {"state": State(fields["state"])})
    except (ValueError, TypeError, KeyError):
        return Note(State.UNKNOWN)


def sweep_programs(server: Server, scratch: str, name: str) -> list[str]:
    """Remove the files of databases beside that one which are gone; returns the files' names.

    Raises ServerError and OSError.
    """
    kept = {os.path.basename(program_file(scratch, one.name)) for one in asides(server, name)}
    stem = re.escape(os.path.basename(program_file(scratch, name)).removesuffix(".sql"))
    of_one_beside = re.compile(rf"{stem}_({NEW}|{BEFORE}|{UNDONE})_\d{{8}}_\d{{6}}\.sql(?:\.new)?")
    gone = [one for one in os.listdir(scratch) if of_one_beside.fullmatch(one) and one not in kept]
    for one in gone:
        os.unlink(os.path.join(scratch, one))
    return sorted(gone)


def program_file(scratch: str, database: str) -> str:
    """The path of the file that keeps the text of what is program, for a database of that name."""
    return os.path.join(scratch, f"{database.replace('/', '_')}.sql")
