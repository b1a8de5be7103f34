"""The sections of a dump that mariadb-dump wrote, statement by statement.

A comment line begins each section. But names, and the texts of triggers, routines and events, are
as their author wrote them, with line ends and whatever looks like such a comment: so a line begins
something only where no statement, quote or comment is open. Newlines in values are escaped, so that
each row of a table is a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import BinaryIO, NamedTuple

from datadump.sql.lexer import Lexer
from datadump.sql.lines import LONGEST_STATEMENT, DumpError, Reader
from datadump.sql.quoting import QUOTED, unquote


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
    LEFT_OUT = "comments about a broken view that isn't in the dump"
    ELSEWHERE = "a statement that goes to a database of its own choice"
    END = "the session's settings as they were"


class Section(NamedTuple):
    """A part of the dump; ``name`` is the table's, view's or sequence's, or empty."""

    kind: Kind
    name: str = ""


OWN_SIZE = 100  # bytes of memory that a piece takes beside its text
Piece = tuple[Section, bytes]  # a statement, a comment line or lines of rows, and where it stands

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
WHOLE_NAME = re.compile(QUOTED)
IN_A_COMMENT = b"\n-- "  # a line end of a name
FIRST_LINES_OF_TRIGGERS = (b"/*!50003 SET @saved", b"/*!50032 DROP TRIGGER", b"ALTER DATABASE ")
OTHER_DATABASE = re.compile(
    rb"(?:[^`'\"-]*;)?\s*(?:/\*!\d+ *)?(?:USE|(?:CREATE|DROP)\s+(?:DATABASE|SCHEMA))\b",
    re.IGNORECASE,
)
LEFT_OUT = (b"-- Broken view, left out: ", b"-- | ")  # what broke it; a line of its definition
FIRST_COMMENT = b"-- MariaDB dump "
LAST_COMMENT = b"-- Dump completed"
# How every dump ends.
END = b"/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;\n" + LAST_COMMENT + b"\n"
SHOWN_OF_A_STATEMENT = 100  # characters
NOT_WHOLE = "the dump is not whole: mariadb-dump's last line is missing"
STARTS = {
    FIRST_COMMENT: Kind.HEAD,  # also of another dump that was appended
    b"ALTER DATABASE CHARACTER SET ": Kind.DATABASE,
    b"/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE": Kind.END,
}


def sections(stream: BinaryIO) -> Iterator[Piece]:
    """The dump's statements and comment lines, each with the section that it belongs to.

    Rows come many at a time, as whole lines. Raises DumpError for what no server could take.
    """
    reader, lexer = Reader(stream), Lexer()
    section = Section(Kind.HEAD)
    while True:
        if section.kind is Kind.ROWS and (head := reader.head_of_rows()):
            yield from ((section, rows) for rows in runs_of_rows(reader, lexer, head))
        elif line := reader.line():
            line += rest_of_header(reader, line)
            here = begun(section, line)
            lexer.feed(line)
            statement = line + rest_of_statement(reader, lexer)
            lexer.learn(statement)
            yield here, statement
            section = section if here.kind is Kind.LEFT_OUT else here
        else:
            return


def runs_of_rows(reader: Reader, lexer: Lexer, head: bytes) -> Iterator[bytes]:
    """The INSERTs that begin with ``head``, and their rows.

    No value has a line end, so no statement and no comment can begin within these rows.
    """
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


def rest_of_header(reader: Reader, line: bytes) -> bytes:
    """The further lines of a header whose name has line ends: mariadb-dump makes them comments."""
    rest = b""
    match = HEADER.fullmatch(line)
    while match and match[2].startswith(b"`") and not WHOLE_NAME.fullmatch(match[2]):
        more = reader.line()
        rest += more
        match = HEADER.fullmatch(line + rest) if more.startswith(b"-- ") else None
    return rest


def rest_of_statement(reader: Reader, lexer: Lexer) -> bytes:
    """The lines up to the end of the statement, quote or comment that is open; none where none is.

    Raises DumpError for more than a server takes.
    """
    rest: list[bytes] = []
    size = 0
    while not lexer.is_idle and (line := reader.line()):
        lexer.feed(line)
        rest.append(line)
        size += len(line)
        if size > LONGEST_STATEMENT:
            raise DumpError("the dump has a statement of over 1 GiB, which no server takes")
    return b"".join(rest)


def whole(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """These pieces, unchanged; DumpError at their end where mariadb-dump's last line is missing."""
    open_ended = False
    for section, sql in pieces:
        if section.kind is Kind.HEAD and sql.startswith(FIRST_COMMENT):
            open_ended = True
        elif section.kind is Kind.END and sql.startswith(LAST_COMMENT):
            open_ended = False
        yield section, sql
    if open_ended:
        raise DumpError(NOT_WHOLE)


def check_place(section: Section, sql: bytes) -> None:
    """Raises DumpError where the piece goes to a database of the dump's own choice."""
    if section.kind is Kind.ELSEWHERE:
        statement = " ".join(sql.decode(errors="replace").split())[:SHOWN_OF_A_STATEMENT]
        raise DumpError(f"the dump goes to a database of its own choice: {statement}")


def begun(section: Section, line: bytes) -> Section:
    """The section that this line begins, or the one that it goes on with.

    For a line that stands where nothing is open.
    """
    if match := HEADER.fullmatch(line):
        kind = HEADERS[match[1]]
        named = kind not in {Kind.EVENTS, Kind.ROUTINES}
        name = match[2].replace(IN_A_COMMENT, b"\n").decode(errors="replace")
        return Section(kind, unquote(name) if named else "")
    if line.startswith(LEFT_OUT):
        return Section(Kind.LEFT_OUT)
    for start, kind in STARTS.items():
        if line.startswith(start):
            return Section(kind)
    if OTHER_DATABASE.match(line):
        return Section(Kind.ELSEWHERE)
    of_table = section.kind in {Kind.STRUCTURE, Kind.ROWS}
    if of_table and line.startswith(FIRST_LINES_OF_TRIGGERS):
        return Section(Kind.TRIGGERS, section.name)
    return Section(Kind.HEAD) if section.kind is Kind.DATABASE else section
