"""Secondary keys are added when the rows are there: sorted at once, not looked up row by row.

Only keys that nothing else depends on, and only at the end of a table's list of keys: so their
order, and with it the table's definition, is the one of the dump.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from io import BytesIO

from datadump.sql.lexer import Lexer
from datadump.sql.quoting import quote
from datadump.sql.sections import Kind, Piece, Section

Column = tuple[str, str]  # names of table and column
NAME = rb"`(?:[^`]++|``)++`"
MOST_KEYS = 64  # of a table, by the server's limit
# Without a comment, an option or an expression.
PLAIN_KEY = re.compile(rb"  KEY %b \((%b)[^'\"]*\),?\n" % (NAME, NAME))
ANY_KEY = re.compile(rb"  (?:[A-Z]+ )?KEY |  VECTOR ")
# The server wants a key that begins with such a column, as the table is made.
WANTS_A_KEY = re.compile(
    rb"^  (%b) .*\bAUTO_INCREMENT\b|FOREIGN KEY \((%b)" % (NAME, NAME), re.MULTILINE
)
# And with this one, as a table is made that refers to it.
REFERENCES = re.compile(rb"REFERENCES (?:%b\.)?(%b) \((%b)" % (NAME, NAME, NAME))
# Other engines build keys their own way; versioned tables refuse to be altered. The definition of a
# table with partitions goes on after this line.
LAST_LINE = b") ENGINE=InnoDB "
EXCEPTIONS = (
    b"WITH SYSTEM VERSIONING", b"GENERATED ALWAYS", b"FULLTEXT KEY", b"SPATIAL KEY", b"VECTOR KEY",
    b"PERIOD FOR",
)  # fmt: skip


def folded(name: bytes) -> str:
    """The name in its quotes, the same for names that differ in the case of letters alone."""
    return name.decode(errors="replace").casefold()


def referenced_columns(sql: bytes) -> set[Column]:
    """The first column of what each foreign key of this SQL refers to."""
    return {(folded(table), folded(column)) for table, column in REFERENCES.findall(sql)}


def keys_after_rows(pieces: Iterable[Piece], referenced: set[Column]) -> Iterator[Piece]:
    """The pieces of a dump, with a statement after each table's rows that adds its secondary keys.

    The table's definition goes without them. ``referenced``: the columns that foreign keys of any
    table refer to, see :func:`referenced_columns`.
    """
    late: list[Piece] = []
    for section, sql in pieces:
        if late and section.name != late[0][0].name:
            yield from late
            late.clear()
        if section.kind is Kind.STRUCTURE and makes_table(section.name, sql):
            name = folded(quote(section.name).encode())
            held = {column for table, column in referenced if table == name}
            early, keys = without_late_keys(sql, held)
            late = [adding(section.name, keys)] if keys else []
            yield section, early
        else:
            yield section, sql
    yield from late


def makes_table(name: str, statement: bytes) -> bool:
    """Whether the statement makes the table of that name, as mariadb-dump writes it."""
    return statement.startswith(b"CREATE TABLE %b (\n" % quote(name).encode())


def lines_of(statement: bytes) -> list[bytes]:
    """The lines of a CREATE TABLE, a definition each; none where a name has a line end in it."""
    lexer = Lexer()
    lines = BytesIO(statement).readlines()
    for line in lines:
        lexer.feed(line)
        if lexer.is_in_quotes:
            return []
    return lines


def without_late_keys(statement: bytes, held: set[str]) -> tuple[bytes, list[bytes]]:
    """The statement without the keys that can wait, and these keys.

    A key stays that begins with a ``held`` column: something else depends on it.
    """
    lines = lines_of(statement)
    whole = lines and lines[-1].startswith(LAST_LINE) and lines[-1].endswith(b";\n")
    if not whole or any(text in statement for text in EXCEPTIONS):
        return statement, []
    needed = held | {folded(column) for match in WANTS_A_KEY.findall(statement) for column in match}
    places = [number for number, line in enumerate(lines) if ANY_KEY.match(line)]
    late: list[int] = []
    for number in reversed(places[-MOST_KEYS:]):
        match = PLAIN_KEY.fullmatch(lines[number])
        if not match or folded(match[1]) in needed:
            break
        late.insert(0, number)
    kept = [line for number, line in enumerate(lines) if number not in late]
    kept[-2] = kept[-2].removesuffix(b"\n").removesuffix(b",") + b"\n"
    return b"".join(kept), [lines[number].strip(b" ,\n") for number in late]


def adding(table: str, keys: list[bytes]) -> Piece:
    """The statement that adds these keys to the table; it belongs to the table's rows."""
    added = b", ".join(b"ADD " + key for key in keys)
    sql = b"ALTER TABLE %b %b;\n" % (quote(table).encode(), added)
    return Section(Kind.ROWS, table), sql
