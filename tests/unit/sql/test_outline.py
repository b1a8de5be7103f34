"""Rules of a dump's outline, which decides how it is loaded."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from datadump.sql.lines import DumpError
from datadump.sql.outline import outline_of, whole
from datadump.sql.reading import DumpFile
from datadump.sql.sections import sections

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
BROKEN = b"\n--\n-- Broken view, left out: `v`: it reads t\n-- | CREATE VIEW `v` AS SELECT 1;\n--"
STATEMENT = b"INSERT INTO t VALUES (2);\n"


def test_outline_is_all_but_the_tables(tmp_path: Path) -> None:
    """And knows which columns foreign keys refer to, in lower case."""
    path = tmp_path / "dump.sql"
    path.write_bytes(HEAD + TABLE + VIEW + END)
    outline = outline_of(DumpFile(str(path)))
    assert outline is not None
    # The lines that begin a section belong to the one before, until its name is read.
    assert b"".join(sql for _, sql in outline.pieces) == HEAD + b"\n--\n" + VIEW + END
    assert outline.referenced == {("`p`", "`b`")}


def test_dump_with_a_broken_view_left_out_is_loaded_in_parallel_all_the_same(
    tmp_path: Path,
) -> None:
    """Its comment stands in the head."""
    path = tmp_path / "dump.sql"
    path.write_bytes(HEAD.replace(b"\n\n", BROKEN + b"\n\n") + TABLE + END)
    outline = outline_of(DumpFile(str(path)))
    assert outline is not None
    assert outline.tables == {"t"}


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
    assert outline_of(DumpFile(str(path))) is None


@pytest.mark.parametrize("dump", [HEAD + TABLE, HEAD + TABLE + END + HEAD + TABLE])
def test_dump_without_its_last_line_is_not_whole(dump: bytes) -> None:
    """Nor is the second in a file."""
    with pytest.raises(DumpError, match="not whole"):
        list(whole(sections(BytesIO(dump))))
