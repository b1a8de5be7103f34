"""The sections of a dump that mariadb-dump wrote.

Newlines in values are escaped there, so that each row of a table is a line, and a comment line
begins each section. Texts of triggers, routines and events are as their author wrote them; they
stand between ``DELIMITER ;;`` and ``DELIMITER ;``, where no line begins anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import BinaryIO, NamedTuple


class Kind(Enum):
    """What a section is for."""

    HEAD = "settings of the session"
    DATABASE = "the database's own settings"
    SEQUENCE = "a sequence"
    PLACEHOLDER = "a view's columns, for views that read it"
    STRUCTURE = "a table's definition"
    ROWS = "a table's rows"
    TRIGGERS = "a table's triggers"
    EVENTS = "the events"
    ROUTINES = "the routines"
    VIEW = "a view's definition"
    ELSEWHERE = "a statement that goes to a database of its own choice"
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
OTHER_DATABASE = re.compile(
    rb"(?:[^`'\"-]*;)?\s*(?:/\*!\d+ *)?(?:USE|(?:CREATE|DROP)\s+(?:DATABASE|SCHEMA))\b",
    re.IGNORECASE,
)
FIRST_COMMENT = b"-- MariaDB dump "
LAST_COMMENT = b"-- Dump completed"
STARTS = {
    FIRST_COMMENT: Kind.HEAD,  # also of another dump that was appended
    b"ALTER DATABASE CHARACTER SET ": Kind.DATABASE,
    b"/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE": Kind.END,
}
DELIMITER = b"DELIMITER "
# The end of a run of lines that are rows, or the beginning of a statement with rows.
END_OF_ROWS = re.compile(rb"\n(?![(I])")
CHUNK = 1024 * 1024  # bytes


def unquote(name: str) -> str:
    """The identifier that stands in these quotes; one without quotes is itself."""
    for mark in ("`", '"'):
        if name.startswith(mark):
            return name[1:-1].replace(mark * 2, mark)
    return name


class Reader:
    """Lines of a stream one by one, but rows, which are nearly all of a dump, by the chunk."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._buffer, self._at = b"", 0

    def line(self) -> bytes:
        """The next line with its end; empty at the end of the stream."""
        while True:
            stop = self._buffer.find(b"\n", self._at) + 1
            if stop:
                return self._take(stop)
            if not self._fill():
                return self._take(len(self._buffer))

    def is_at_rows(self) -> bool:
        """Whether rows begin here."""
        if self._at == len(self._buffer):
            self._fill()
        return self._buffer.startswith((b"(", b"I"), self._at)

    def rows(self) -> bytes:
        """Whole lines of rows: as many as are at hand, and one at least."""
        while True:
            end = END_OF_ROWS.search(self._buffer, self._at)
            # What follows the last byte isn't known yet.
            stop = end.end() if end else self._buffer.rfind(b"\n", self._at, -1) + 1
            if stop > self._at:
                return self._take(stop)
            if not self._fill():
                return self._take(len(self._buffer))

    def _take(self, stop: int) -> bytes:
        taken, self._at = self._buffer[self._at : stop], stop
        return taken

    def _fill(self) -> bool:
        """Twice as much each time, for a line that is long."""
        left = self._buffer[self._at :]
        more = self._stream.read(max(CHUNK, len(left)))
        self._buffer, self._at = left + more, 0
        return bool(more)


def sections(stream: BinaryIO) -> Iterator[tuple[Section, bytes]]:
    """The dump's lines, each with the section that it belongs to; rows come many at a time."""
    reader = Reader(stream)
    section, delimiter, before = Section(Kind.HEAD), b"", b""
    while True:
        if section.kind is Kind.ROWS and reader.is_at_rows():
            yield section, reader.rows()
            continue
        line = reader.line()
        if not line:
            return
        if delimiter:
            # Not every such line is the end: one may stand in a text.
            if line == b"DELIMITER ;\n" and before.rstrip().endswith(delimiter):
                delimiter = b""
        elif line.startswith(DELIMITER):
            delimiter = line.removeprefix(DELIMITER).strip()
        else:
            section = begun(section, line)
        yield section, line
        before = line


def begun(section: Section, line: bytes) -> Section:
    """The section that this line begins, or the one that it goes on with."""
    if match := HEADER.fullmatch(line):
        kind = HEADERS[match[1]]
        named = kind not in {Kind.EVENTS, Kind.ROUTINES}
        return Section(kind, unquote(match[2].decode()) if named else "")
    for start, kind in STARTS.items():
        if line.startswith(start):
            return Section(kind)
    if OTHER_DATABASE.match(line):
        return Section(Kind.ELSEWHERE)
    of_table = section.kind in {Kind.STRUCTURE, Kind.ROWS}
    if of_table and line.startswith(FIRST_LINES_OF_TRIGGERS):
        return Section(Kind.TRIGGERS, section.name)
    return Section(Kind.HEAD) if section.kind is Kind.DATABASE else section
