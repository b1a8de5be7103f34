"""What is in a dump that mariadb-dump wrote: its sections, line by line, and an inventory of them.

Newlines in values are escaped there, so that each row of a table is a line, and a comment line
begins each section. Texts of triggers, routines and events are as their author wrote them; they
stand between ``DELIMITER ;;`` and ``DELIMITER ;``, where no line begins anything.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple


class Kind(Enum):
    """What a section is for."""

    HEAD = "settings of the session"
    SEQUENCE = "a sequence"
    PLACEHOLDER = "a view's columns, for views that read it"
    STRUCTURE = "a table's definition"
    ROWS = "a table's rows"
    TRIGGERS = "a table's triggers"
    EVENTS = "the events"
    ROUTINES = "the routines"
    VIEW = "a view's definition"
    END = "the session's settings as they were"


class Section(NamedTuple):
    """A part of the dump; ``name`` is the table's, view's or sequence's, or empty."""

    kind: Kind
    name: str = ""


QUOTED = r"`(?:[^`]|``)+`"
HEADERS = {
    b"Sequence structure for ": Kind.SEQUENCE,
    b"Temporary table structure for view ": Kind.PLACEHOLDER,
    b"Table structure for table ": Kind.STRUCTURE,
    b"Dumping data for table ": Kind.ROWS,
    b"Dumping events for database ": Kind.EVENTS,
    b"Dumping routines for database ": Kind.ROUTINES,
    b"Final view structure for view ": Kind.VIEW,
}
HEADER = re.compile(rb"-- (" + b"|".join(HEADERS) + rb")(.*)\n", re.DOTALL)
FIRST_LINES_OF_TRIGGERS = (b"/*!50003 SET @saved_cs_client", b"/*!50032 DROP TRIGGER", b"ALTER DATA")
FIRST_LINE_OF_END = b"/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE"
DELIMITER = b"DELIMITER "


def unquote(name: str) -> str:
    """The identifier that stands in these quotes; one without quotes is itself."""
    for mark in ("`", '"'):
        if name.startswith(mark):
            return name[1:-1].replace(mark * 2, mark)
    return name


def sections(lines: Iterable[bytes]) -> Iterator[tuple[Section, bytes]]:
    """Each line, with the section that it belongs to."""
    section, delimiter, before = Section(Kind.HEAD), b"", b""
    for line in lines:
        if delimiter:
            # Not every such line is the end: one may stand in a text.
            if line == b"DELIMITER ;\n" and before.rstrip().endswith(delimiter):
                delimiter = b""
        elif line.startswith(DELIMITER):
            delimiter = line.removeprefix(DELIMITER).strip()
        elif not line.startswith(b"("):
            section = begun(section, line)
        yield section, line
        before = line


def begun(section: Section, line: bytes) -> Section:
    """The section that this line begins, or the one that it goes on with."""
    if match := HEADER.fullmatch(line):
        kind = HEADERS[match[1]]
        named = kind not in {Kind.EVENTS, Kind.ROUTINES}
        return Section(kind, unquote(match[2].decode()) if named else "")
    if line.startswith(FIRST_LINE_OF_END):
        return Section(Kind.END)
    of_table = section.kind in {Kind.STRUCTURE, Kind.ROWS}
    if of_table and line.startswith(FIRST_LINES_OF_TRIGGERS):
        return Section(Kind.TRIGGERS, section.name)
    return section


# --- inventory ---

ROW = re.compile(rb"\((?:[^'()]++|'(?:[^'\\]++|\\.|'')*+')*+\)", re.DOTALL)
UNIT = re.compile(
    rf"/\*!\d+ DROP (EVENT|FUNCTION|PROCEDURE|PACKAGE BODY|PACKAGE) IF EXISTS ({QUOTED}) \*/;+\n".encode()
)
NAME = rf"""(?:{QUOTED}|"(?:[^"]|"")+"|[^\s`".]+)"""
TRIGGER = re.compile(
    rf"TRIGGER\s+(?:IF\s+NOT\s+EXISTS\s+)?(?:{NAME}\s*\.\s*)?({NAME})\s".encode(), re.IGNORECASE
)
SERVER = re.compile(rb"-- Server version\s+(\d+\.\d+)")
DATABASE = re.compile(rb"-- Host: .*?    Database: (.*)\n")
MASK = (1 << 128) - 1


class Name(NamedTuple):
    """Of a database object: its kind (table, view, trigger, ...) and its name."""

    kind: str
    name: str


@dataclass
class Object:
    """What the dump says of one: its definition, and for a table its rows, whatever their order."""

    definition: bytes = b""
    rows: int = 0
    digest: int = 0

    def add_row(self, row: bytes) -> None:
        """Sums of digests are equal for equal rows in any order."""
        self.rows += 1
        value = int.from_bytes(hashlib.blake2b(row, digest_size=16).digest(), "big")
        self.digest = (self.digest + value) & MASK


@dataclass
class Inventory:
    """All that a dump names. ``size`` is the SQL's, in bytes."""

    objects: dict[Name, Object] = field(default_factory=dict)
    size: int = 0
    server_version: str = ""  # 11.8, say
    database: str = ""
    whole: bool = False  # it has mariadb-dump's own last line
    has_history: bool = False

    def object(self, kind: str, name: str) -> Object:
        """That one, made when it is first named."""
        return self.objects.setdefault(Name(kind, name), Object())


def take_inventory(lines: Iterable[bytes]) -> Inventory:
    """Read a whole dump."""
    inventory = Inventory()
    unit: list[bytes] = []  # of triggers, events and routines: the lines of the one that is read
    current = Section(Kind.HEAD)
    for section, line in sections(lines):
        inventory.size += len(line)
        if section is not current:
            add_unit(inventory, current, unit)
            current = section
        if section.kind is Kind.ROWS:
            add_rows(inventory, section.name, line)
        elif section.kind in {Kind.TRIGGERS, Kind.EVENTS, Kind.ROUTINES}:
            if section.kind is not Kind.TRIGGERS and UNIT.fullmatch(line):
                add_unit(inventory, section, unit)
            unit.append(line)
            if section.kind is Kind.TRIGGERS and line == b"DELIMITER ;\n":
                add_unit(inventory, section, unit)
        else:
            add_definition(inventory, section, line)
    add_unit(inventory, current, unit)
    return inventory


def add_rows(inventory: Inventory, table: str, line: bytes) -> None:
    """The rows in this line: one, in the format of MariaDB 10.5 and later, or many."""
    if line.startswith(b"("):
        rows = line
    elif line.startswith(b"INSERT "):
        # Names of columns may be anything; values come after the last of them.
        rows = line.partition(b" VALUES ")[2]
    else:
        inventory.has_history |= b"system_versioning_insert_history=1" in line
        return
    content = inventory.object("table", table)
    if b"),(" in rows:
        for row in ROW.findall(rows):
            content.add_row(row)
    elif rows:
        content.add_row(rows.rstrip(b",;\n"))


def add_definition(inventory: Inventory, section: Section, line: bytes) -> None:
    """A line of a table's, view's or sequence's definition, or of the dump's head or end."""
    if section.kind is Kind.HEAD:
        if match := SERVER.match(line):
            inventory.server_version = match[1].decode()
        if match := DATABASE.fullmatch(line):
            inventory.database = match[1].decode()
    elif section.kind is Kind.END:
        inventory.whole |= line.startswith(b"-- Dump completed")
    elif section.kind is not Kind.PLACEHOLDER and not line.startswith(b"--"):
        kind = {Kind.STRUCTURE: "table", Kind.VIEW: "view", Kind.SEQUENCE: "sequence"}[section.kind]
        inventory.object(kind, section.name).definition += line


def add_unit(inventory: Inventory, section: Section, unit: list[bytes]) -> None:
    """One trigger, event or routine, with the settings that it was made under."""
    text = b"".join(unit)
    unit.clear()
    if section.kind is Kind.TRIGGERS:
        match = TRIGGER.search(text)
        if match:
            inventory.object("trigger", unquote(match[1].decode())).definition = text
    elif match := UNIT.search(text):
        kind = match[1].decode().lower()
        inventory.object(kind, unquote(match[2].decode())).definition = text
