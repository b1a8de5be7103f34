"""The sections of a dump that mariadb-dump wrote, statement by statement.

A comment line begins each section. But names, and the texts of triggers, routines and events, are
as their author wrote them, with line ends and whatever looks like such a comment: so a line begins
something only where no statement, quote or comment is open. Newlines in values are escaped, so that
each row of a table is a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from functools import cache
from typing import BinaryIO, NamedTuple


class DumpError(Exception):
    """The file can't be loaded; the text says why."""


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
SQL_MODE = re.compile(
    rb"/\*!\d+ SET (?:@OLD_SQL_MODE=@@SQL_MODE, )?SQL_MODE\s*=\s*(?:'([^']*)'|@)", re.IGNORECASE
)
# What makes other clients refuse a dump. It has no end that they know.
SANDBOX = b"/*M!999999\\-"
# All of an INSERT up to its first row, where that is one line.
HEAD_OF_ROWS = re.compile(
    rb"INSERT\s+INTO `(?:[^`\n]|``)++` (?:\((?:[^`)\n]|`(?:[^`\n]|``)++`)*+\) )?VALUES ?"
)
CHUNK = 1024 * 1024  # bytes
LONGEST_STATEMENT = 1024**3  # bytes: the largest max_allowed_packet that a server can have


def unquote(name: str) -> str:
    """The identifier that stands in these quotes; one without quotes is itself."""
    for mark in ("`", '"'):
        if name.startswith(mark):
            return name[1:-1].replace(mark * 2, mark)
    return name


class Reader:
    """Lines of a stream one by one, but rows, which are nearly all of a dump, by the chunk.

    Raises DumpError for a line that no server could take as a statement.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._buffer, self._at = bytearray(), 0

    def line(self) -> bytes:
        """The next line with its end; empty at the end of the stream."""
        return self._take(self._end_of_line())

    def head_of_rows(self) -> bytes:
        """The beginning of an INSERT, if one is next: up to its rows."""
        if len(self._buffer) - self._at < CHUNK:
            self._fill()
        match = HEAD_OF_ROWS.match(self._buffer, self._at)
        return match[0] if match else b""

    def is_at_row(self) -> bool:
        """Whether the next line begins with a row."""
        if self._at == len(self._buffer):
            self._fill()
        return self._buffer.startswith(b"(", self._at)

    def rows(self, end_of_rows: re.Pattern[bytes]) -> bytes:
        """Whole lines, up to one that ends so: as many as are at hand, and one at least."""
        stop = self._end_of_line()
        end = end_of_rows.search(self._buffer, stop - 1)
        return self._take(end.end() if end else self._buffer.rfind(b"\n", stop - 1) + 1 or stop)

    def _end_of_line(self) -> int:
        """Where the next line ends in the buffer, which holds all of it from here on."""
        searched = self._at
        while not (stop := self._buffer.find(b"\n", searched) + 1):
            searched = len(self._buffer) - self._at
            if searched > LONGEST_STATEMENT:
                raise DumpError("the dump has a line of over 1 GiB, which no server takes")
            if not self._fill():
                return len(self._buffer)
        return stop

    def _take(self, stop: int) -> bytes:
        with memoryview(self._buffer) as view:
            taken = bytes(view[self._at : stop])
        self._at = stop
        return taken

    def _fill(self) -> bool:
        del self._buffer[: self._at]
        self._at = 0
        more = self._stream.read(CHUNK)
        self._buffer += more
        return bool(more)


class Lexer:
    """What is open where a line ends: read as the ``mariadb`` client does with ``--binary-mode``.

    It sends what stands before a delimiter that is outside of quotes and comments; ``/*!`` and
    ``/*M!`` begin no comment. A DELIMITER line is its own command only where nothing is open
    (client/mysql.cc of MariaDB, add_line; seen with 10.11 and 11.8).
    """

    def __init__(self) -> None:
        self._delimiter = b";"
        self._within = b""  # the quote or comment that is open
        self._statement = False  # whether one has begun
        self._sql_mode = b""

    @property
    def is_idle(self) -> bool:
        """Whether nothing is open: what comes next is the beginning of something."""
        return not self._statement and not self._within

    @property
    def is_in_quotes(self) -> bool:
        """Whether a quote or a comment goes on in the next line."""
        return bool(self._within)

    def begin_statement(self) -> None:
        """One has begun whose first lines this lexer was not fed."""
        self._statement = True

    def feed(self, line: bytes) -> None:
        """Read the next line."""
        if self.is_idle and line.startswith(DELIMITER):
            self._delimiter = line.removeprefix(DELIMITER).strip() or self._delimiter
        elif not (self.is_idle and line.startswith(SANDBOX)):
            self._read(line)

    def learn(self, statement: bytes) -> None:
        """Some SQL modes change what ends a quote."""
        if match := SQL_MODE.match(statement):
            self._sql_mode = match[1] or b""

    def _read(self, line: bytes) -> None:
        at = 0
        while at < len(line):
            if self._within:
                end = self._end_of_quote().match(line, at)
                if not end:
                    return
                self._within, at = b"", end.end()
                continue
            mark = mark_of(self._delimiter).search(line, at)
            code = line[at : mark.start()] if mark else line[at:]
            self._statement |= bool(code.strip())
            if not mark or mark[0] in {b"--", b"#"}:  # a comment ends with its line
                return
            at = mark.end()
            if mark[0] == self._delimiter:
                self._statement = False
            else:
                self._within = mark[0]
                self._statement |= mark[0] != b"/*"

    def _end_of_quote(self) -> re.Pattern[bytes]:
        plain = b"NO_BACKSLASH_ESCAPES" in self._sql_mode or (
            self._within == b'"' and b"ANSI_QUOTES" in self._sql_mode
        )
        return (ENDS if plain else ENDS_WITH_ESCAPES)[self._within]


ENDS = {
    b"'": re.compile(rb"[^']*+'"),
    b'"': re.compile(rb'[^"]*+"'),
    b"`": re.compile(rb"[^`]*+`"),
    b"/*": re.compile(rb".*?\*/", re.DOTALL),
}
ENDS_WITH_ESCAPES = ENDS | {
    b"'": re.compile(rb"(?:[^'\\]++|\\.)*+'", re.DOTALL),
    b'"': re.compile(rb'(?:[^"\\]++|\\.)*+"', re.DOTALL),
}


@cache
def mark_of(delimiter: bytes) -> re.Pattern[bytes]:
    """What opens a quote or a comment, or ends a statement."""
    return re.compile(rb"['\"`#]|--(?=\s|\Z)|/\*(?!M?!)|" + re.escape(delimiter))


def sections(stream: BinaryIO) -> Iterator[tuple[Section, bytes]]:
    """The dump's statements and comment lines, each with the section that it belongs to.

    Rows come many at a time, as whole lines. Raises DumpError for what no server could take.
    """
    reader, lexer = Reader(stream), Lexer()
    section = Section(Kind.HEAD)
    while True:
        if section.kind is Kind.ROWS and (head := reader.head_of_rows()):
            yield from ((section, rows) for rows in runs_of_rows(reader, lexer, head))
        elif line := reader.line():
            section = begun(section, line)
            lexer.feed(line)
            statement = line + rest_of_statement(reader, lexer)
            lexer.learn(statement)
            yield section, statement
        else:
            return


def runs_of_rows(reader: Reader, lexer: Lexer, head: bytes) -> Iterator[bytes]:
    """The INSERTs of that head and their rows: no value has a line end, so nothing hides there."""
    end_of_rows = re.compile(rb"\n(?!\(|%b)" % re.escape(head))
    while True:
        rows = reader.rows(end_of_rows)
        yield rows
        if rows.endswith(b";\n"):
            return
        if not reader.is_at_row():
            lexer.begin_statement()
            yield rest_of_statement(reader, lexer)
            return


def rest_of_statement(reader: Reader, lexer: Lexer) -> bytes:
    """The lines up to the end of what is open: none, where nothing is."""
    rest: list[bytes] = []
    size = 0
    while not lexer.is_idle and (line := reader.line()):
        lexer.feed(line)
        rest.append(line)
        size += len(line)
        if size > LONGEST_STATEMENT:
            raise DumpError("the dump has a statement of over 1 GiB, which no server takes")
    return b"".join(rest)


def begun(section: Section, line: bytes) -> Section:
    """The section that this line begins, or the one that it goes on with.

    For a line that stands where nothing is open.
    """
    if match := HEADER.fullmatch(line):
        kind = HEADERS[match[1]]
        named = kind not in {Kind.EVENTS, Kind.ROUTINES}
        return Section(kind, unquote(match[2].decode(errors="replace")) if named else "")
    for start, kind in STARTS.items():
        if line.startswith(start):
            return Section(kind)
    if OTHER_DATABASE.match(line):
        return Section(Kind.ELSEWHERE)
    of_table = section.kind in {Kind.STRUCTURE, Kind.ROWS}
    if of_table and line.startswith(FIRST_LINES_OF_TRIGGERS):
        return Section(Kind.TRIGGERS, section.name)
    return Section(Kind.HEAD) if section.kind is Kind.DATABASE else section
