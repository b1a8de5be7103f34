"""A dump beside the database that it was restored into."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import BinaryIO, NamedTuple

from datadump.mariadb.objects import Schema
from datadump.mariadb.server import Server
from datadump.sql.inventory import Inventory, Name, Object, sum_rows, take_inventory
from datadump.sql.quoting import without_database
from datadump.sql.reading import DumpFile

ELSEWHERE = re.compile(rb" (?:DATA|INDEX) DIRECTORY='[^']*'")
OK = "ok"
NOT_COMPARED = "ok, its definition not compared"
MOST_IN_A_LINE = 3


class Finding(NamedTuple):
    """What a drill found of one object; ``result`` is ``ok`` or what is wrong with it."""

    name: Name
    rows: int
    result: str


class Outcome(NamedTuple):
    """What came out of a drill. ``reason`` is empty where the backup is proven."""

    findings: list[Finding]
    reason: str
    note: str = ""  # what was not compared, and why


class Comparison:
    """A dump beside the database that it was restored into. Raises ServerError and DumpError.

    ``expected`` is the inventory of the dump.
    """

    def __init__(self, server: Server, database: str, expected: Inventory, dump: DumpFile) -> None:
        self._server, self._schema = server, Schema(server, database)
        self._expected, self._expected_dump = expected, dump
        self._names = self._schema.objects()
        with self._dump_again() as stream:
            self._found = take_inventory(stream)
        self._same_version = self._found.server_version == expected.server_version
        self._other_rows = self._tables_of_other_rows()

    def outcome(self) -> Outcome:
        """What was found of every object, of the dump and of the database."""
        everything = self._expected.objects.keys() | self._found.objects.keys() | self._names
        findings = [self._finding(name) for name in sorted(everything)]
        note = (
            ""
            if self._same_version
            else (
                f"definitions that differ were not compared: the dump is of MariaDB "
                f"{self._expected.server_version}, this server is {self._found.server_version}"
            )
        )
        wrong = [f for f in findings if f.result not in {OK, NOT_COMPARED}]
        return Outcome(findings, summary(wrong), note)

    def _dump_again(self) -> AbstractContextManager[BinaryIO]:
        options = ["--dump-history"] if self._expected.has_history else []
        return self._server.dump(self._schema.name, *options)

    def _tables_of_other_rows(self) -> set[str]:
        """Told by digests of the rows in their order; where these differ, by sums, in any order.

        A server may read a table in the order of one of its indexes, and change its mind.
        """
        doubtful = {
            name.name
            for name in self._expected.objects.keys() & self._found.objects.keys()
            if self._expected.objects[name].digest.digest()
            != self._found.objects[name].digest.digest()
        }
        if not doubtful:
            return set()
        with self._expected_dump.open() as stream, self._dump_again() as other:
            sums, other_sums = sum_rows(stream, doubtful), sum_rows(other, doubtful)
        return {name for name in doubtful if sums.get(name) != other_sums.get(name)}

    def _finding(self, name: Name) -> Finding:
        here, there = self._expected.objects.get(name), self._found.objects.get(name)
        if here is None:
            return Finding(name, 0, "is not in the dump")
        if there is None or name not in self._names:
            return Finding(name, here.rows, "is missing")
        if name.kind == "table":
            counted = self._count_rows(name)
            if counted != here.rows:
                return Finding(name, here.rows, f"has {counted} rows instead of {here.rows}")
            if name.name in self._other_rows:
                return Finding(name, here.rows, "has other rows")
        if self._plain(here) == self._plain(there):
            return Finding(name, here.rows, OK)
        result = "has another definition" if self._same_version else NOT_COMPARED
        return Finding(name, here.rows, result)

    def _count_rows(self, name: Name) -> int:
        """The table's rows, as a dump counts them: with its history, where that is dumped."""
        versioned = b"WITH SYSTEM VERSIONING" in self._expected.objects[name].definition
        history = " FOR SYSTEM_TIME ALL" if versioned and self._expected.has_history else ""
        table = f"{self._schema.qualified(name.name)}{history}"
        ((number,),) = self._server.query(f"SELECT COUNT(*) FROM {table}")
        return int(number)

    def _plain(self, item: Object) -> bytes:
        """The definition, the same whether the definer of a view exists or not.

        Nor does it tell where a table's files are: the drill's server keeps all of them together.
        """
        return ELSEWHERE.sub(b"", without_database(item.definition, self._schema.name))


def summary(wrong: Iterable[Finding]) -> str:
    """The findings in one line; empty where there is none."""
    texts = [f"{kind} {name} {result}" for (kind, name), _, result in wrong]
    more = len(texts) - MOST_IN_A_LINE
    return ", ".join(texts[:MOST_IN_A_LINE]) + (f", and {more} more" if more > 0 else "")
