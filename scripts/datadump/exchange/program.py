"""What of a database is program, kept in a file of the scratch folder: an exchange drops it.

It is what mariadb-dump writes of triggers, views, routines and events. Comments before that hold
the foreign keys that an exchange of some tables takes apart.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from itertools import takewhile

from datadump.exchange.foreign_keys import ForeignKey
from datadump.exchange.sides import SwapError
from datadump.ground.files import new_file
from datadump.mariadb.objects import Schema
from datadump.mariadb.server import Server
from datadump.sql.inventory import take_inventory
from datadump.sql.programs import Name
from datadump.sql.reading import DumpFile
from datadump.sql.sections import Kind, Piece, sections

BESIDE_TABLES = frozenset(Kind) - {Kind.SEQUENCE, Kind.STRUCTURE, Kind.ROWS, Kind.EVENTS}
PROGRAM = BESIDE_TABLES | {Kind.EVENTS}
KEY = b"-- foreign key: "


class KeptProgram:
    """The text of a database's program in a file. Raises OSError and DumpError."""

    def __init__(self, path: str) -> None:
        self.dump = DumpFile(path)

    @property
    def is_there(self) -> bool:
        """Whether somebody has kept it, and it is on this machine."""
        return os.path.exists(self.dump.path)

    def keep(self, pieces: Iterable[Piece], keys: Iterable[ForeignKey]) -> None:
        """Write these pieces of a dump, and foreign keys, in place of what the file holds."""
        new = f"{self.dump.path}.new"
        with new_file(new) as file:
            file.writelines(KEY + json.dumps(key).encode() + b"\n" for key in keys)
            file.writelines(sql for _, sql in pieces)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, self.dump.path)

    def remove(self) -> None:
        """Nobody needs it any more."""
        with suppress(FileNotFoundError):
            os.unlink(self.dump.path)

    def foreign_keys(self) -> list[ForeignKey]:
        """The foreign keys that were kept."""
        with self.dump.open() as stream:
            # Nothing behind the first line that is none: a trigger's text may look like one.
            lines = list(takewhile(lambda line: line.startswith(KEY), stream))
        return [ForeignKey._make(json.loads(line.removeprefix(KEY))) for line in lines]

    def names(self) -> set[Name]:
        """What is kept: the triggers, views, routines and events."""
        with self.dump.open() as stream:
            return set(take_inventory(sections(stream)).objects)


def of_program(pieces: Iterable[Piece], tables: Collection[str] | None) -> Iterator[Piece]:
    """What of a dump is program; or, of these tables, the triggers alone."""
    for section, sql in pieces:
        if tables is not None and section.kind in PROGRAM - {Kind.HEAD, Kind.END}:
            wanted = section.kind is Kind.TRIGGERS and section.name in tables
        else:
            wanted = section.kind in PROGRAM
        # A comment line tells to whom what follows belongs, a table's triggers among it.
        if wanted or sql.startswith(b"--"):
            yield section, sql


def keep_program(
    server: Server,
    schema: Schema,
    kept: KeptProgram,
    tables: Collection[str] | None,
    keys: Iterable[ForeignKey],
) -> list[str]:
    """Keep what of the database is program, or of these tables, and these foreign keys.

    Returns the names of the views that can't be kept, since they are broken. Raises
    SwapError where the account can't read all of it, ServerError and OSError.
    """
    broken = schema.broken_views()
    options = ["--no-data", *schema.leaving_out(broken)]
    with server.dump(schema.name, *options) as stream:
        readable = take_inventory(sections(stream)).objects
    for kind, name in sorted(schema.objects() - readable.keys()):
        if name not in broken and (tables is None or kind == "trigger"):
            lost = f"the account can't read {kind} {name}, which would be lost"
            raise SwapError(f"{lost}; {schema.name} is as it was")
    with server.dump(schema.name, *options) as stream:
        kept.keep(of_program(sections(stream), tables), keys)
    return broken if tables is None else []
