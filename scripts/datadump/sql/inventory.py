"""What a dump names and holds: of every table, view, trigger, routine and event."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from datadump.sql.lines import DATABASE, DumpError
from datadump.sql.programs import (
    FIRST_LINES,
    Name,
    begins_program,
    left_out_views,
    name_of_program,
)
from datadump.sql.sections import LAST_COMMENT, OWN_SIZE, Kind, Piece, Section, sections

ROW = re.compile(rb"\((?:[^'()]++|'(?:[^'\\]++|\\.|'')*+')*+\)", re.DOTALL)
STATEMENT = re.compile(
    rb"INSERT\s+INTO `(?:[^`]++|``)++` (?:\((?:[^`)]++|`(?:[^`]++|``)++`)*+\) )?VALUES ?"
)
# The first and the last event of a dump have other lines around them than the rest.
AROUND_EVENTS = re.compile(rb"^(?:DELIMITER |/\*!50106 (?:DROP EVENT|SET) ).*\n?", re.MULTILINE)
SERVER = re.compile(rb"-- Server version\s+(\d+\.\d+)")
OF_DEFINITIONS = {Kind.STRUCTURE: "table", Kind.VIEW: "view", Kind.SEQUENCE: "sequence"}
KEPT = OF_DEFINITIONS.keys() | FIRST_LINES.keys() | {Kind.LEFT_OUT}
MOST_DEFINITIONS = 256 * 1024**2  # bytes; they are kept in memory, twice in a drill


@dataclass
class Object:
    """What a dump says of a database object: its definition, and of a table the rows.

    ``digest`` is of the rows in their order, which is quick to take, see also :func:`sum_rows`.
    """

    definition: bytes = b""
    rows: int = 0
    digest: Any = field(default_factory=lambda: hashlib.blake2b(digest_size=16))


@dataclass
class Inventory:
    """All that a dump names. ``size`` is the SQL's, in bytes."""

    objects: dict[Name, Object] = field(default_factory=dict)
    size: int = 0
    server_version: str = ""  # 11.8, say
    database: str = ""
    whole: bool = False  # it has mariadb-dump's own last line
    has_history: bool = False
    left_out: list[str] = field(default_factory=list)  # of broken views, a sentence for each

    def object(self, kind: str, name: str) -> Object:
        """The object of that kind and name; an empty one is made where none is known yet."""
        return self.objects.setdefault(Name(kind, name), Object())


def take_inventory(stream: BinaryIO) -> Inventory:
    """What the dump names and holds; the stream is its SQL, and is read to its end.

    Raises DumpError for over 256 MiB of definitions, since they are kept in memory.
    """
    inventory = Inventory()
    unit: list[bytes] = []  # of triggers, events and routines: the SQL of the one that is read
    current = Section(Kind.HEAD)
    for section, sql in bounded(sections(stream)):
        inventory.size += len(sql)
        if section.kind is Kind.LEFT_OUT:  # amid another section, it may be
            inventory.left_out += left_out_views(sql)
            continue
        if section is not current:
            add_unit(inventory, current, unit)
            current = section
        if section.kind is Kind.ROWS:
            add_rows(inventory, section.name, sql)
            continue
        if section.kind in FIRST_LINES:
            if begins_program(section, sql):
                add_unit(inventory, section, unit)
            unit.append(sql)
        else:
            add_definition(inventory, section, sql)
    add_unit(inventory, current, unit)
    return inventory


def bounded(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """These pieces; DumpError where more of them is definitions than memory should hold."""
    kept = 0  # bytes
    for section, sql in pieces:
        kept += len(sql) + OWN_SIZE if section.kind in KEPT else 0
        if kept > MOST_DEFINITIONS:
            raise DumpError("the dump holds over 256 MiB of definitions")
        yield section, sql


def add_rows(inventory: Inventory, table: str, lines: bytes) -> None:
    """Add these lines of a table's data, INSERTs and rows, to its number of rows and its digest."""
    content = inventory.object("table", table)
    content.digest.update(lines)
    inventory.has_history |= b"system_versioning_insert_history=1" in lines[:200]
    statements = lines.count(b"\nINSERT ") + lines.startswith(b"INSERT ")
    if statements == lines.count(b" VALUES\n"):  # then each row has a line of its own
        content.rows += lines.count(b"\n(") + lines.startswith(b"(")
    else:
        content.rows += sum(1 for _ in rows_of(lines))


def rows_of(lines: bytes) -> Iterator[bytes]:
    """Each row of these lines of INSERTs.

    MariaDB 10.5 and later write one in a line, others many.
    """
    for line in lines.split(b"\n"):
        if line.startswith(b"("):
            rows = line
        elif match := STATEMENT.match(line):
            rows = line[match.end() :]
        else:
            continue
        if b"),(" in rows:
            yield from ROW.findall(rows)
        elif rows:
            yield rows.rstrip(b",;")


def sum_rows(stream: BinaryIO, tables: Container[str]) -> dict[str, int]:
    """A sum of digests of each table's rows: equal for equal rows in any order."""
    sums: dict[str, int] = {}
    for section, lines in sections(stream):
        if section.kind is Kind.ROWS and section.name in tables:
            digests = (hashlib.blake2b(row, digest_size=16).digest() for row in rows_of(lines))
            more = sum(int.from_bytes(digest, "big") for digest in digests)
            sums[section.name] = sums.get(section.name, 0) + more
    return sums


def add_definition(inventory: Inventory, section: Section, sql: bytes) -> None:
    """Add this SQL to what is known of a table, view, sequence, or of the whole dump.

    The latter where it stands in the dump's head or at its end.
    """
    if section.kind is Kind.HEAD:
        if match := SERVER.match(sql):
            inventory.server_version = match[1].decode()
        if match := DATABASE.fullmatch(sql):
            inventory.database = match[1].decode(errors="replace")
    elif section.kind is Kind.END:
        inventory.whole |= sql.startswith(LAST_COMMENT)
    elif section.kind in OF_DEFINITIONS and not sql.startswith(b"--"):
        inventory.object(OF_DEFINITIONS[section.kind], section.name).definition += sql


def add_unit(inventory: Inventory, section: Section, unit: list[bytes]) -> None:
    """Add this SQL as one trigger, event or routine, if it names one; ``unit`` is empty then."""
    if not unit:  # what is known of a view stays: its section names it, too
        return
    text = b"".join(unit).rstrip(b"-\n")  # without the beginning of the next section's head
    definition = AROUND_EVENTS.sub(b"", text)
    unit.clear()
    if name := name_of_program(section, text):
        inventory.object(*name).definition = definition
