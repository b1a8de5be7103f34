"""Rules of a dump's outline, which decides how it is loaded, and of what is left out."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from datadump.sql.adaptation import Adaptation, arranged
from datadump.sql.lines import DumpError
from datadump.sql.outline import outline_of, whole
from datadump.sql.sections import Kind, Section, sections

HEAD = b"""/*M!999999\\- enable the sandbox mode */\x20
ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
-- MariaDB dump 10.19-11.8.6-MariaDB, for debian-linux-gnu (x86_64)
--
-- Host: localhost    Database: x

/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*M!100616 SET @OLD_NOTE_VERBOSITY=@@NOTE_VERBOSITY, NOTE_VERBOSITY=0 */;
"""
TABLE = b"""
--
-- Table structure for table `t`
--

CREATE TABLE `t` (
  `a` int,
  CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `P` (`b`)
);

--
-- Dumping data for table `t`
--

INSERT INTO `t` VALUES
(1);
UNLOCK TABLES;
"""
VIEW = b"-- Final view structure for view `v`\n"
END = b"""/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;

-- Dump completed on 2026-11-23  3:38:27
"""
STATEMENT = b"INSERT INTO t VALUES (2);\n"


def test_outline_is_all_but_the_tables(tmp_path: Path) -> None:
    """And knows which columns foreign keys refer to, in lower case."""
    path = tmp_path / "dump.sql"
    path.write_bytes(HEAD + TABLE + VIEW + END)
    outline = outline_of(str(path))
    assert outline is not None
    # The lines that begin a section belong to the one before, until its name is read.
    assert b"".join(sql for _, sql in outline.pieces) == HEAD + b"\n--\n" + VIEW + END
    assert outline.referenced == {("`p`", "`b`")}


@pytest.mark.parametrize(
    "dump",
    [
        pytest.param(HEAD + STATEMENT + TABLE + END, id="in the head"),
        pytest.param(HEAD + TABLE + END + STATEMENT, id="at the end"),
        pytest.param(TABLE + END, id="without the first line"),
        pytest.param(HEAD + TABLE[TABLE.index(b");\n") + 3 :] + END, id="rows without their table"),
        pytest.param((HEAD + TABLE + END) * 2, id="two dumps"),
    ],
)
def test_file_that_is_not_just_one_dump_has_no_outline(tmp_path: Path, dump: bytes) -> None:
    """Statements could run once for each connection, at another moment, or not at all."""
    path = tmp_path / "dump.sql"
    path.write_bytes(dump)
    assert outline_of(str(path)) is None


@pytest.mark.parametrize("dump", [HEAD + TABLE, HEAD + TABLE + END + HEAD + TABLE])
def test_dump_without_its_last_line_is_not_whole(dump: bytes) -> None:
    """Nor is the second in a file."""
    with pytest.raises(DumpError, match="not whole"):
        list(whole(sections(BytesIO(dump))))


@pytest.mark.parametrize(
    "first", [b"set autocommit=0;\n", b"SET @OLD_AUTOCOMMIT=@@AUTOCOMMIT, @@AUTOCOMMIT=0;\n"]
)
def test_transaction_around_a_tables_rows_is_left_out(first: bytes) -> None:
    """The line that ends it needs a variable. A row with the same text stays."""
    section = Section(Kind.ROWS, "t")
    rows = [b"INSERT INTO `t` VALUES\n", b"('set autocommit=0;');\n"]
    lines = [first, *rows, b"COMMIT;\n", b"SET AUTOCOMMIT=@OLD_AUTOCOMMIT;\n"]
    pieces = [(section, line) for line in lines]
    found = list(arranged(pieces, Adaptation("x"), lambda _: True))
    assert found == [b"SET @OLD_AUTOCOMMIT=@@AUTOCOMMIT;\n", *lines[1:]]


NAMES = b"`a``@'b`@`%`"
HEADS = {
    Kind.VIEW: (
        b"/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=%b SQL SECURITY DEFINER */\n"
        b"/*!50001 VIEW `v` AS select 'CREATE DEFINER=`x`@`y`' AS `a` */;\n"
    ),
    Kind.TRIGGERS: b"/*!50003 CREATE*/ /*!50017 DEFINER=%b*/ /*!50003 TRIGGER t BEFORE INSERT;;\n",
    Kind.EVENTS: b"/*!50106 CREATE*/ /*!50117 DEFINER=%b*/ /*!50106 EVENT `e` ON SCHEDULE ;;\n",
    Kind.ROUTINES: b"CREATE DEFINER=%b PROCEDURE `p`()\nCREATE DEFINER=`x`@`y` VIEW v AS ;;\n",
}


@pytest.mark.parametrize("kind", HEADS)
def test_definers_are_kept_only_where_asked_for(kind: Kind) -> None:
    """In the head of what makes the object, and nowhere in its text; a role has no host."""
    for names in (NAMES, b"`role`"):
        sql = HEADS[kind] % names
        assert Adaptation("x").apply(Section(kind), sql) == sql
        found = Adaptation("x", definers=False).apply(Section(kind), sql)
        assert found == HEADS[kind] % b"CURRENT_USER"
