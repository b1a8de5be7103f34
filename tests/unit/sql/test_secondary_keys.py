"""Rules of the keys that are added when a table's rows are there."""

from __future__ import annotations

from io import BytesIO

import pytest
from datadump.sql.secondary_keys import keys_after_rows, referenced_columns
from datadump.sql.sections import sections

COLUMNS = b"""  `id` int(11) NOT NULL,
  `a` varchar(40) DEFAULT NULL,
  `b,``1` int(11) DEFAULT NULL,
  PRIMARY KEY (`id`)"""
INNODB = b") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;\n"
ROWS = b"""--
-- Dumping data for table `t``1`
--
INSERT INTO `t``1` VALUES
(1,'KEY',NULL);
/*!40000 ALTER TABLE `t``1` ENABLE KEYS */;
"""
END = b"""--
-- Dumping events for database 'x'
--
"""


def table(*more: bytes, end: bytes = INNODB) -> bytes:
    """The section of a table whose definition has these lines as well."""
    start = b"--\n-- Table structure for table `t``1`\n--\nCREATE TABLE `t``1` (\n"
    return start + b",\n".join([COLUMNS, *more]) + b"\n" + end


def changed(dump: bytes) -> bytes:
    pieces = keys_after_rows(sections(BytesIO(dump)), referenced_columns(dump))
    return b"".join(sql for _, sql in pieces)


def test_plain_keys_are_added_after_the_rows_in_their_order() -> None:
    """Prefixes and descending columns are plain; unique keys stay."""
    unique, check = b"  UNIQUE KEY `u` (`a`)", b"  CONSTRAINT `c` CHECK (`id` > 0)"
    keys = [b"  KEY `of a, b` (`a`(5),`b,``1` DESC)", b"  KEY `b` (`b,``1`)"]
    added = b"ALTER TABLE `t``1` ADD KEY `of a, b` (`a`(5),`b,``1` DESC), ADD KEY `b` (`b,``1`);\n"
    # The lines that begin the next section belong to the one before, until its name is read.
    expected = table(unique, check) + ROWS + b"--\n" + added + END.removeprefix(b"--\n")
    assert changed(table(unique, *keys, check) + ROWS + END) == expected


def test_keys_of_a_dump_that_ends_after_the_rows_are_added() -> None:
    added = b"ALTER TABLE `t``1` ADD KEY `k` (`a`);\n"
    assert changed(table(b"  KEY `k` (`a`)") + ROWS) == table() + ROWS + added


def test_key_that_is_not_plain_keeps_those_before_it() -> None:
    """Their order would be another one."""
    first, second, third = b"  KEY `1` (`a`)", b"  KEY `2` (`a`) COMMENT 'x)'", b"  KEY `3` (`a`)"
    dump = table(first, second, third) + ROWS
    assert changed(dump) == table(first, second) + ROWS + b"ALTER TABLE `t``1` ADD KEY `3` (`a`);\n"


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([b"  KEY `k` (`a`) IGNORED"], id="an option"),
        pytest.param([b"  `n` int(11) NOT NULL AUTO_INCREMENT", b"  KEY `k` (`n`)"], id="numbers"),
        pytest.param(
            [b"  KEY `k` (`a`)", b"  CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `p` (`x`)"],
            id="a foreign key",
        ),
        pytest.param(
            [b"  KEY `k` (`a`)", b"  CONSTRAINT `f` FOREIGN KEY (`id`) REFERENCES `t``1` (`a`)"],
            id="a foreign key to it",
        ),
        pytest.param([b"  KEY `k` (`a`)", b"  FULLTEXT KEY `x` (`a`)"], id="full text"),
        pytest.param([b"  `g` int(11) GENERATED ALWAYS AS (1)", b"  KEY `k` (`a`)"], id="made"),
        pytest.param([], id="no key"),
    ],
)
def test_key_that_something_depends_on_stays(lines: list[bytes]) -> None:
    dump = table(*lines) + ROWS + END
    assert changed(dump) == dump


@pytest.mark.parametrize(
    "end",
    [
        b") ENGINE=Aria DEFAULT CHARSET=utf8mb4;\n",
        b") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 WITH SYSTEM VERSIONING;\n",
        b") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4\n PARTITION BY HASH (`id`)\nPARTITIONS 3;\n",
    ],
)
def test_tables_that_build_keys_in_another_way_are_left_alone(end: bytes) -> None:
    dump = table(b"  KEY `k` (`a`)", end=end) + ROWS + END
    assert changed(dump) == dump


def test_key_that_a_later_table_refers_to_stays() -> None:
    """That table may be made while this one's rows are loaded."""
    child = b"""--
-- Table structure for table `u`
--
CREATE TABLE `u` (
  `A` int(11) DEFAULT NULL,
  CONSTRAINT `f` FOREIGN KEY (`A`) REFERENCES `T``1` (`A`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
"""
    dump = table(b"  KEY `k` (`a`)") + ROWS + child
    assert changed(dump) == dump


def test_statement_that_has_another_end_is_left_alone() -> None:
    """After an editor that writes carriage returns, say; and where the dump was cut off."""
    for end in (INNODB.replace(b"\n", b"\r\n"), b""):
        for more in (ROWS, b""):
            dump = table(b"  KEY `k` (`a`)", end=end) + more
            assert changed(dump) == dump


def test_line_of_a_name_is_no_key() -> None:
    """A column may be named so that a line of it looks like one; what follows would run bare."""
    named = b"  `x\n  KEY ```` (````);GRANT ALL ON *.* TO y,\n` int(11) DEFAULT NULL"
    dump = table(named, b"  KEY `k` (`a`)") + ROWS
    assert changed(dump) == dump
