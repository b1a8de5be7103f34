"""What a dump names and holds: of every table, view, trigger, routine and event."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from datadump.sql.lines import DATABASE, HEAD_OF_ROWS, DumpError
from datadump.sql.programs import (
    FIRST_LINES,
    Name,
    begins_program,
    left_out_views,
    name_of_program,
)
from datadump.sql.sections import LAST_COMMENT, OWN_SIZE, Kind, Piece, Section

ROW = re.compile(rb"\((?:[^'()]++|'(?:[^'\\]++|\\.|'')*+')*+\)", re.DOTALL)
STATEMENT = re.compile(
    rb"INSERT\s+INTO `(?:[^`]++|``)++` (?:\((?:[^`)]++|`(?:[^`]++|``)++`)*+\) )?VALUES ?"
)
END_OF_STATEMENT = re.compile(rb";\r?\n")  # of INSERTs: names have no line end in them, nor values
# The first and the last event of a dump have other lines around them than the rest.
AROUND_EVENTS = re.compile(rb"^(?:DELIMITER |/\*!50106 (?:DROP EVENT|SET) ).*\n?", re.MULTILINE)
SERVER = re.compile(rb"-- Server version\s+(\d+\.\d+)")
OF_DEFINITIONS = {Kind.STRUCTURE: "table", Kind.VIEW: "view", Kind.SEQUENCE: "sequence"}
OF_THE_WHOLE = frozenset({Kind.HEAD, Kind.END})
KEPT = OF_DEFINITIONS.keys() | FIRST_LINES.keys() | {Kind.LEFT_OUT}
MOST_DEFINITIONS = 256 * 1024**2  # bytes; they are kept in memory, twice in a drill
Moved = Callable[[int], None]  # is told how many bytes


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
    """All that a dump names.

    ``size`` is the SQL's, in bytes; ``longest``, that of its longest statement with the delimiter,
    which is one packet to the server: an INSERT of many rows, most often. Statements of one line
    are taken for one.
    """

    size: int = 0
    longest: int = 0
    server_version: str = ""  # 11.8, say
    database: str = ""
    whole: bool = False  # it has mariadb-dump's own last line
    has_history: bool = False
    left_out: list[str] = field(default_factory=list)  # of broken views, a sentence for each
    is_too_large: bool = False  # the names and definitions, to be kept
    _objects: dict[Name, Object] = field(default_factory=dict)

    @property
    def objects(self) -> dict[Name, Object]:
        """Each that it names. Raises DumpError where they are more than memory should hold."""
        if self.is_too_large:
            raise DumpError("the dump holds over 256 MiB of definitions")
        return self._objects

    def object(self, kind: str, name: str) -> Object:
        """The object of that kind and name; an empty one is made where none is known yet."""
        return self._objects.setdefault(Name(kind, name), Object())

    def forget_objects(self) -> None:
        """They are too many to be kept; what else is known stays."""
        self.is_too_large = True
        self._objects.clear()
        self.left_out.clear()


def unwatched(_: int) -> None:
    """Nobody wants to know how many bytes."""


def take_inventory(pieces: Iterable[Piece], moved: Moved = unwatched) -> Inventory:
    """What the dump of these pieces names and holds; ``moved`` is told the size of each, in bytes.

    Its objects can't be asked for where their definitions are over 256 MiB: they are kept in
    memory.
    """
    taking = Taking()
    for section, sql in pieces:
        taking.add(section, sql)
        moved(len(sql))
    return taking.end()


class Taking:
    """An inventory as it is taken, piece by piece of the dump.

    ``rows``: whether the tables' rows are counted and digested, too. That takes three times as
    long as all the rest.
    """

    def __init__(self, *, rows: bool = True) -> None:
        self._inventory = Inventory()
        self._rows = rows
        self._current = Section(Kind.HEAD)
        self._unit: list[bytes] = []  # the SQL of the one definition that is read
        self._kept = 0  # bytes of memory
        self._open = 0  # bytes of the INSERT whose rows are read

    def add(self, section: Section, sql: bytes) -> None:
        """The next piece."""
        ended = self._measure(section, sql)
        if section.kind in KEPT or section is not self._current:
            self._keep(len(sql) + OWN_SIZE)
        if section.kind is Kind.LEFT_OUT:  # amid another section, it may be
            if not self._inventory.is_too_large:
                self._inventory.left_out += left_out_views(sql)
            return
        if section is not self._current or begins_program(section, sql):
            self._end_unit(section)
        if section.kind in OF_THE_WHOLE:
            add_fact(self._inventory, section, sql)
        elif self._inventory.is_too_large:
            return
        elif section.kind is Kind.ROWS:
            self._add_rows(section.name, sql, ended)
        elif section.kind in KEPT:
            self._unit.append(sql)

    def end(self) -> Inventory:
        """The inventory, after the last piece."""
        self._end_unit(self._current)
        return self._inventory

    def _measure(self, section: Section, sql: bytes) -> int:
        """Of rows a piece may hold several statements, or part of one; else one, or a comment.

        Returns how many of them end in it.
        """
        self._inventory.size += len(sql)
        if section.kind is Kind.ROWS and (sql.startswith(b"(") or HEAD_OF_ROWS.match(sql)):
            *ended, rest = map(len, END_OF_STATEMENT.split(sql))
        elif self._open or not sql.startswith(b"--"):
            ended, rest = [len(sql.rstrip()) - 1], 0  # without the delimiter, as those above
        else:
            return 0
        if ended:
            ended[0] += self._open
            self._inventory.longest = max(self._inventory.longest, max(ended) + 1)
            self._open = 0
        self._open += rest
        return len(ended)

    def _add_rows(self, table: str, lines: bytes, ended: int) -> None:
        content = self._inventory.object("table", table)
        self._inventory.has_history |= b"system_versioning_insert_history=1" in lines[:200]
        if self._rows:
            content.digest.update(lines)
            content.rows += count_rows(lines, ended)

    def _keep(self, size: int) -> None:
        self._kept += size
        if self._kept > MOST_DEFINITIONS:
            self._unit.clear()
            self._inventory.forget_objects()

    def _end_unit(self, section: Section) -> None:
        """Add what was read of one definition, if there is any; the next is of that section."""
        if self._unit:
            add_unit(self._inventory, self._current, self._unit)
            self._unit.clear()
        self._current = section


def count_rows(lines: bytes, ended: int) -> int:
    """The rows in these lines of a table's data, in which so many INSERTs end."""
    head = HEAD_OF_ROWS.match(lines)
    if not lines.startswith(b"(") and not (head and lines.startswith(b"\n", head.end())):
        return sum(1 for _ in rows_of(lines))
    # Each row has a line of its own, and so has what begins an INSERT.
    begun = bool(head) + ended - lines.endswith((b";\n", b";\r\n"))
    return lines.count(b"\n") - begun


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


def sum_rows(
    pieces: Iterable[Piece], tables: Container[str], moved: Moved = unwatched
) -> dict[str, int]:
    """A sum of digests of each table's rows: equal for equal rows in any order.

    ``moved`` is told the size of each piece, in bytes.
    """
    sums: dict[str, int] = {}
    for section, lines in pieces:
        moved(len(lines))
        if section.kind is Kind.ROWS and section.name in tables:
            digests = (hashlib.blake2b(row, digest_size=16).digest() for row in rows_of(lines))
            more = sum(int.from_bytes(digest, "big") for digest in digests)
            sums[section.name] = sums.get(section.name, 0) + more
    return sums


def add_fact(inventory: Inventory, section: Section, sql: bytes) -> None:
    """Add what this SQL of the dump's head or of its end tells of the whole dump."""
    if section.kind is Kind.END:
        inventory.whole |= sql.startswith(LAST_COMMENT)
    elif match := SERVER.match(sql):
        inventory.server_version = match[1].decode()
    elif match := DATABASE.fullmatch(sql):
        inventory.database = match[1].decode(errors="replace")


def add_unit(inventory: Inventory, section: Section, unit: list[bytes]) -> None:
    """Add this SQL of one table, view, sequence, trigger, event or routine, if it names one."""
    if section.kind in OF_DEFINITIONS:
        made = b"".join(sql for sql in unit if not sql.startswith(b"--"))
        if made:
            inventory.object(OF_DEFINITIONS[section.kind], section.name).definition += made
        return
    text = b"".join(unit).rstrip(b"-\n")  # without the beginning of the next section's head
    if name := name_of_program(section, text):
        inventory.object(*name).definition = AROUND_EVENTS.sub(b"", text)
