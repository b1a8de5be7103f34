"""Rules of what an inventory takes from a dump: definitions, and the longest statement."""

from __future__ import annotations

import io
import random
import re
import time

import pytest
from datadump.sql import inventory
from datadump.sql import lines as lines_of_a_dump
from datadump.sql.inventory import Inventory, take_inventory
from datadump.sql.programs import Name
from datadump.sql.sections import sections

ROUTINES = b"--\n-- Dumping routines for database 'x'\n--\n"
SETTING = b"/*!50003 SET sql_mode              = '' */ ;\n"
DATA = b"--\n-- Dumping data for table `t`\n--\n"
TABLE = b"--\n-- Table structure for table `t`\n--\nCREATE TABLE `t` (\n  `a` int\n);\n"
LONG = b"x" * 1000
END = b"/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;\n-- Dump completed on 2026-11-23\n"


def inventory_of(dump: bytes) -> Inventory:
    return take_inventory(sections(io.BytesIO(dump)))


def test_view_is_known_by_its_definition() -> None:
    """Without, a drill would compare none, nor know whose it is."""
    view = b"/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50001 VIEW `v` AS SELECT 1 */;\n"
    taken = inventory_of(b"--\n-- Final view structure for view `v`\n--\n\n" + view + END)
    assert taken.objects[Name("view", "v")].definition == b"\n" + view


def test_definition_of_many_statements_takes_no_longer_for_each() -> None:
    """Another tool may write the rows of a table below such a comment, row by row."""
    structure = b"--\n-- Table structure for table `t`\n--\n"
    seconds = []
    for number in (3_000, 30_000):
        rows = b"INSERT INTO t VALUES ('%b');\n" % LONG * number
        began = time.process_time()
        assert inventory_of(structure + rows).objects[Name("table", "t")].definition == rows
        seconds.append(time.process_time() - began)
    assert seconds[1] < 30 * seconds[0]


@pytest.mark.parametrize(
    "last",
    [b"", DATA + b"INSERT INTO `t` VALUES\n(1);\n", b"-- Broken view, left out: `v`: it reads t\n"],
)
def test_nothing_is_kept_of_more_definitions_than_memory_should_hold(
    last: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither what came before they were too many, nor what comes after."""
    monkeypatch.setattr(inventory, "MOST_DEFINITIONS", 1000)
    assert inventory_of(TABLE).objects
    taken = inventory_of(TABLE * 20 + last)
    assert taken.is_too_large
    assert (taken._objects, taken.left_out) == ({}, [])


FORMS = {
    "one row": b"INSERT INTO `t` VALUES\n(1,'%b');\n",
    "many rows": b"INSERT INTO `t` VALUES\n(1,'%b'),\n(2,';'),\n(3,'\\n;\\n');\n",
    "one line": b"INSERT INTO `t` VALUES (1,'%b'),(2,'');\n",
    "names with line ends": b"INSERT INTO `t` (`a;\nb`) VALUES\n('%b'),\n(2);\n",
    "no row ends it": b"INSERT INTO `t` VALUES\n(1,'%b')\nON DUPLICATE KEY UPDATE a = 1;\n",
    "other line ends": b"INSERT INTO `t` VALUES\r\n(1,'%b'),\r\n(2,'');\r\n",
    "setting": b"/*!40000 ALTER TABLE `t` COMMENT='%b' */;\n",
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("chunk", [1, 7, 64, 1024 * 1024])
def test_longest_statement_is_measured_with_its_delimiter(
    form: str, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However the dump is cut into chunks, and whatever stands before and after."""
    monkeypatch.setattr(lines_of_a_dump, "CHUNK", chunk)
    statement = FORMS[form] % LONG
    others = FORMS["many rows"] % b"" * 50
    for dump in (statement, statement + others, others + statement, others + statement + others):
        assert inventory_of(DATA + dump + END).longest == len(statement.rstrip())


def test_longest_statement_may_be_a_program() -> None:
    """All of its text is one; a comment is none."""
    body = b"CREATE PROCEDURE `p`() BEGIN\nSELECT 1;\nSELECT '%b';\nEND ;;\n" % LONG
    routine = b"-- " + LONG * 2 + b"\n" + SETTING + b"DELIMITER ;;\n" + body + b"DELIMITER ;\n"
    assert inventory_of(ROUTINES + routine + END).longest == len(body.rstrip())


def test_longest_statement_may_be_the_last_without_a_line_end() -> None:
    """As other tools may write it."""
    statement = b"INSERT INTO `t` VALUES\n(1),\n(2);"
    assert inventory_of(DATA + statement).longest == len(statement)


@pytest.mark.parametrize("seed", range(40))
def test_longest_statement_is_what_one_finds_line_by_line(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of rows of any length in INSERTs of any number, in chunks of any size."""
    chance = random.Random(seed)
    monkeypatch.setattr(lines_of_a_dump, "CHUNK", chance.choice([1, 2, 3, 5, 17, 100, 1000]))
    inserts = []
    for _ in range(chance.randint(1, 20)):
        length = chance.choice([0, 1, 5, 50])
        rows = [b"(%d,'%b')" % (n, b"x;" * length) for n in range(chance.randint(1, 9))]
        inserts.append(b"INSERT INTO `t` VALUES\n" + b",\n".join(rows) + b";\n")
    dump = DATA + b"LOCK TABLES `t` WRITE;\n" + b"".join(inserts) + b"UNLOCK TABLES;\n" + END
    assert inventory_of(dump).longest == longest_line_by_line(dump)


def longest_line_by_line(dump: bytes) -> int:
    longest, begun = 0, b""
    for line in dump.splitlines(keepends=True):
        if not begun and line.startswith(b"--"):
            continue
        begun += line
        if re.search(rb";\n\Z", line):
            longest, begun = max(longest, len(begun.rstrip())), b""
    return longest
