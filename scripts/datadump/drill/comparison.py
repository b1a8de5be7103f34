"""A dump beside the database that it was restored into."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import BinaryIO, NamedTuple

from datadump.drill.elsewhere import outside_needs, tables_elsewhere
from datadump.ground.progress import Progress
from datadump.ground.terminal import some_of
from datadump.load.programs import Refused
from datadump.mariadb.objects import Schema
from datadump.mariadb.server import Server
from datadump.sql.inventory import Inventory, Object, sum_rows, take_inventory
from datadump.sql.programs import Name
from datadump.sql.quoting import without_database
from datadump.sql.reading import DumpFile
from datadump.sql.sections import sections

ELSEWHERE = re.compile(rb" (?:DATA|INDEX) DIRECTORY='[^']*'")
OK = "ok"
NOT_COMPARED = "ok, its definition not compared"
LACKING = "not compared: "


class Finding(NamedTuple):
    """What a drill found of one object; ``result`` is ``ok`` or what is wrong with it."""

    name: Name
    rows: int
    result: str

    @property
    def is_wrong(self) -> bool:
        """Whether the backup isn't proven for it."""
        return not self.result.startswith((OK, LACKING))


class Outcome(NamedTuple):
    """What came out of a drill. ``reason`` is empty where the backup is proven."""

    findings: list[Finding]
    reason: str
    notes: Sequence[str] = ()  # what else a person should know, a line for each


class Comparison:
    """A dump beside the database that it was restored into. Raises ServerError and DumpError.

    ``expected`` is the inventory of the dump, ``refused`` what the server didn't make of it.
    """

    def __init__(
        self,
        server: Server,
        database: str,
        expected: Inventory,
        dump: DumpFile,
        refused: Sequence[Refused] = (),
    ) -> None:
        self._server, self._schema = server, Schema(server, database)
        self._expected, self._expected_dump = expected, dump
        self._refused = {one.name: one for one in refused}
        self._broken = self._schema.broken_views() if refused else []
        elsewhere = tables_elsewhere(expected)
        self._needs = outside_needs(refused, database, [*self._broken, *elsewhere])
        for table, engine in elsewhere.items():
            self._needs[Name("table", table)] = f"what {engine} shows is outside of its server"
        self._names = self._schema.objects()
        with self._dump_again() as stream, self._progress("compare", 1) as progress:
            self._found = take_inventory(sections(stream), progress.add)
        self._same_version = self._found.server_version == expected.server_version
        self._other_rows = self._tables_of_other_rows()

    def outcome(self) -> Outcome:
        """What was found of every object, of the dump and of the database."""
        everything = self._expected.objects.keys() | self._found.objects.keys() | self._names
        findings = [self._finding(name) for name in sorted(everything)]
        notes = list(self._expected.left_out)
        if not self._same_version:
            notes.append(
                f"definitions that differ were not compared: the dump is of MariaDB "
                f"{self._expected.server_version}, this server is {self._found.server_version}"
            )
        return Outcome(findings, summary(f for f in findings if f.is_wrong), notes)

    def _dump_again(self) -> AbstractContextManager[BinaryIO]:
        options = ["--dump-history"] if self._expected.has_history else []
        options += self._schema.leaving_out(self._broken)
        return self._server.dump(self._schema.name, *options)

    def _progress(self, name: str, dumps: int) -> Progress:
        """Of so many dumps, each of which is as large as the one that is expected."""
        return Progress(name, dumps * self._expected.size, what="the dump")

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
        with self._progress("compare rows in any order", 2) as progress:
            with self._expected_dump.open() as stream:
                sums = sum_rows(sections(stream), doubtful, progress.add)
            with self._dump_again() as stream:
                other_sums = sum_rows(sections(stream), doubtful, progress.add)
        return {name for name in doubtful if sums.get(name) != other_sums.get(name)}

    def _finding(self, name: Name) -> Finding:
        here, there = self._expected.objects.get(name), self._found.objects.get(name)
        if here is None:
            return Finding(name, 0, "is not in the dump")
        if missing := self._why_it_is_missing(name):
            return Finding(name, 0, missing)
        if there is None or name not in self._names:
            return Finding(name, here.rows, "is missing")
        if wrong := self._wrong_rows(name, here, there):
            return Finding(name, here.rows, wrong)
        if self._plain(here) == self._plain(there):
            return Finding(name, here.rows, OK)
        result = "has another definition" if self._same_version else NOT_COMPARED
        return Finding(name, here.rows, result)

    def _wrong_rows(self, name: Name, here: Object, there: Object) -> str:
        """What is wrong with a table's rows; empty where nothing is.

        They aren't counted where neither dump has any: a table that shows those of others (MERGE,
        FEDERATED, CONNECT and their like) has none in any dump, whatever the server counts.
        """
        if name.kind != "table" or not (here.rows or there.rows):
            return ""
        counted = self._count_rows(name)
        if counted != here.rows:
            return f"has {counted} rows instead of {here.rows}"
        return "has other rows" if name.name in self._other_rows else ""

    def _why_it_is_missing(self, name: Name) -> str:
        """Empty where it should be there."""
        if name in self._needs:
            return f"{LACKING}{self._needs[name]}"
        if name in self._refused:
            return f"could not be made: {self._refused[name].error}"
        if name.kind == "view" and name.name in self._broken:
            return f"{LACKING}it needs what can't be read here"
        return ""

    def _count_rows(self, name: Name) -> int:
        """The table's rows, as a dump counts them: with its history, where that is dumped."""
        versioned = b"WITH SYSTEM VERSIONING" in self._expected.objects[name].definition
        history = " FOR SYSTEM_TIME ALL" if versioned and self._expected.has_history else ""
        table = f"{self._schema.qualified(name.name)}{history}"
        ((number,),) = self._server.query(f"SELECT COUNT(*) FROM {table}")
        return int(number)

    def _plain(self, item: Object) -> bytes:
        """The definition, the same whether the definer of a view exists or not.

        Nor does it tell where a table's files are: the drill's server keeps all of them together;
        nor the blank lines around it, which are more where a broken view's comment follows.
        """
        plain = ELSEWHERE.sub(b"", without_database(item.definition, self._schema.name))
        return plain.strip(b"\n")


def summary(wrong: Iterable[Finding]) -> str:
    """The findings in one line; empty where there is none."""
    return some_of([f"{kind} {name} {result}" for (kind, name), _, result in wrong])
