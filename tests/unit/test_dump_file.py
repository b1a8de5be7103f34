"""Rules of a dump's sections, and of what an inventory takes from them."""

from __future__ import annotations

import io

import pytest
from datadump import dump_file
from datadump.dump_file import Kind, Section, sections
from datadump.inventory import Name, rows_of, sum_rows, take_inventory

DUMP = b"""/*M!999999\\- enable the sandbox mode */
ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
-- MariaDB dump 10.19-11.8.6-MariaDB, for debian-linux-gnu (x86_64)
--
-- Host: localhost    Database: a `b`
-- Server version\t11.8.6-MariaDB
--
-- Table structure for table `t``1`
--
CREATE TABLE `t``1` (
  `a` int
);
--
-- Dumping data for table `t``1`
--
INSERT INTO `t``1` VALUES
(1,'),('),
(2,'-- Table structure for table `x`');
INSERT INTO `t``1` VALUES
(3,NULL);
/*!50003 SET @saved_cs_client      = @@character_set_client */ ;
DELIMITER ;;
/*!50003 CREATE*/ /*!50003 TRIGGER tr BEFORE INSERT ON `t``1` FOR EACH ROW BEGIN
-- Table structure for table `y`
SELECT '
DELIMITER ;
-- Dumping data for table `z`
'; END */;;
DELIMITER ;
/*!50003 SET sql_mode              = @saved_sql_mode */ ;
--
-- Dumping events for database 'a `b`'
--
/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;
-- Dump completed on 2026-11-23
"""


def kinds(dump: bytes) -> list[Section]:
    found: list[Section] = []
    for section, _ in sections(io.BytesIO(dump)):
        if not found or found[-1] != section:
            found.append(section)
    return found


@pytest.mark.parametrize("chunk", [1, 7, 64, 1024 * 1024])
def test_sections_are_those_of_the_comments_outside_of_texts(
    chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However the dump is cut into chunks; and no byte of it is lost."""
    monkeypatch.setattr(dump_file, "CHUNK", chunk)
    assert kinds(DUMP) == [
        Section(Kind.HEAD),
        Section(Kind.DATABASE),
        Section(Kind.HEAD),
        Section(Kind.STRUCTURE, "t`1"),
        Section(Kind.ROWS, "t`1"),
        Section(Kind.TRIGGERS, "t`1"),
        Section(Kind.EVENTS),
        Section(Kind.END),
    ]
    assert b"".join(sql for _, sql in sections(io.BytesIO(DUMP))) == DUMP


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_dump_that_is_cut_in_its_rows_loses_none_before(end: bytes) -> None:
    """With or without the last line's end."""
    cut = DUMP[: DUMP.index(b"(3,NULL)")] + b"(3" + end
    assert b"".join(sql for _, sql in sections(io.BytesIO(cut))) == cut
    assert not take_inventory(io.BytesIO(cut)).whole


def test_inventory_names_and_counts_what_is_there() -> None:
    """A row whose text looks like two is one."""
    inventory = take_inventory(io.BytesIO(DUMP))
    assert set(inventory.objects) == {Name("table", "t`1"), Name("trigger", "tr")}
    assert inventory.objects[Name("table", "t`1")].rows == 3
    assert (inventory.database, inventory.server_version) == ("a `b`", "11.8")
    assert inventory.whole


@pytest.mark.parametrize(
    "lines",
    [
        b"INSERT INTO `t` VALUES\n(1,'),('),\n(2,'it\\'s');\n",
        b"INSERT INTO `t` VALUES (1,'),('),(2,'it\\'s');\n",
        b"INSERT INTO `t` (`a`, `b`) VALUES (1,'),('),\n(2,'it\\'s');\n",
    ],
    ids=["a line each", "one line", "a list of columns"],
)
def test_rows_are_told_apart_in_every_form_of_a_statement(lines: bytes) -> None:
    """And have the same sum, which their order doesn't change."""
    assert list(rows_of(lines)) == [b"(1,'),(')", b"(2,'it\\'s')"]
    head = b"--\n-- Dumping data for table `t`\n--\n"
    other_order = b"INSERT INTO `t` VALUES\n(2,'it\\'s'),\n(1,'),(');\n"
    found, expected = (sum_rows(io.BytesIO(head + text), {"t"}) for text in (lines, other_order))
    assert found == expected
    assert take_inventory(io.BytesIO(head + lines)).objects[Name("table", "t")].rows == 2
