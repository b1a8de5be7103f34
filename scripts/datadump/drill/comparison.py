"""A dump beside the database that it was restored into."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import BinaryIO, NamedTuple

from datadump.mariadb.objects import names_in
from datadump.mariadb.server import Server
from datadump.sql.inventory import Inventory, Name, Object, sum_rows, take_inventory
from datadump.sql.quoting import quote, without_database
from datadump.sql.reading import open_dump

OK = "ok"
NOT_COMPARED = "ok, its definition not compared"
MOST_IN_A_LINE = 3


class Finding(NamedTuple):
    """What the drill found of one object; ``result`` is ``ok`` or what is wrong with it."""

    name: Name
    rows: int
    result: str


class Outcome(NamedTuple):
    """Of a drill. ``reason`` is empty where the backup is proven."""

    findings: list[Finding]
    reason: str
    note: str = ""  # what was not compared, and why


class Comparison:
    """Of a dump with the database that it was restored into. Raises ServerError and DumpError.

    ``path`` is the dump's file, ``expected`` the inventory of it.
    """

    def __init__(self, server: Server, database: str, expected: Inventory, path: str) -> None:
        self._server, self._database = server, database
        self._expected, self._path = expected, path
        self._names = names_in(server, database)
        with self._dump() as stream:
            self._found = take_inventory(stream)
        self._same_version = self._found.server_version == expected.server_version
        self._other_rows = self._tables_of_other_rows()

    def outcome(self) -> Outcome:
        """All three proofs."""
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

    def _dump(self) -> AbstractContextManager[BinaryIO]:
        options = ["--dump-history"] if self._expected.has_history else []
        return self._server.dump(self._database, *options)

    def _tables_of_other_rows(self) -> set[str]:
        """By digests of the rows in their order; where these differ, by sums, whatever the order.

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
        with open_dump(self._path) as stream, self._dump() as other:
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
        """As many as a dump has: with the history of the table, where that is dumped."""
        versioned = b"WITH SYSTEM VERSIONING" in self._expected.objects[name].definition
        history = " FOR SYSTEM_TIME ALL" if versioned and self._expected.has_history else ""
        table = f"{quote(self._database)}.{quote(name.name)}{history}"
        ((number,),) = self._server.query(f"SELECT COUNT(*) FROM {table}")
        return int(number)

    def _plain(self, item: Object) -> bytes:
        """The definition, the same whether the definer of a view exists or not."""
        return without_database(item.definition, self._database)


def summary(wrong: Iterable[Finding]) -> str:
    """One line; empty where nothing is wrong."""
    texts = [f"{kind} {name} {result}" for (kind, name), _, result in wrong]
    more = len(texts) - MOST_IN_A_LINE
    return ", ".join(texts[:MOST_IN_A_LINE]) + (f", and {more} more" if more > 0 else "")
