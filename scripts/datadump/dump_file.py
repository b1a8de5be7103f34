"""The sections of a dump that mariadb-dump wrote, line by line.

Newlines in values are escaped there, so that each row of a table is a line, and a comment line
begins each section. Texts of triggers, routines and events are as their author wrote them; they
stand between ``DELIMITER ;;`` and ``DELIMITER ;``, where no line begins anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
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
FIRST_LINES_OF_TRIGGERS = (b"/*!50003 SET @saved", b"/*!50032 DROP TRIGGER", b"ALTER DATABASE ")
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
