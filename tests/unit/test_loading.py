"""Rules of a dump's outline, which decides how it is loaded, and of what is left out."""

from __future__ import annotations

from pathlib import Path

import pytest
from datadump.dump_file import Kind, Section
from datadump.loading import arranged, outline_of

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
    ],
)
def test_dump_with_a_statement_of_somebody_elses_has_no_outline(
    tmp_path: Path, dump: bytes
) -> None:
    """It could run once for each connection, or at another moment than it was meant for."""
    path = tmp_path / "dump.sql"
    path.write_bytes(dump)
    assert outline_of(str(path)) is None


def test_transaction_around_a_tables_rows_is_left_out() -> None:
    """As mariadb-dump 11.8 makes one unless told otherwise; a row with that text stays."""
    section = Section(Kind.ROWS, "t")
    lines = [b"set autocommit=0;\n", b"INSERT INTO `t` VALUES\n", b"('set autocommit=0;');\n"]
    found = list(arranged([(section, line) for line in lines], "x", lambda _: True))
    assert b"".join(found) == b"".join(lines[1:])
