"""Rules of a dump's survey, whose outline decides how it is loaded."""

from __future__ import annotations

import subprocess
from gzip import compress
from io import BytesIO
from pathlib import Path

import pytest
from datadump.load import survey as survey_of_a_dump
from datadump.load.survey import Survey, survey
from datadump.sql import authorship, inventory
from datadump.sql.authorship import ForeignError
from datadump.sql.lines import DumpError
from datadump.sql.programs import Name
from datadump.sql.reading import DumpFile
from datadump.sql.sections import sections, whole

HEAD = b"""/*M!999999\\- enable the sandbox mode */\x20
ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
-- MariaDB dump 10.19-11.8.6-MariaDB, for debian-linux-gnu (x86_64)
--
-- Host: localhost    Database: x

/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;
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
DATABASE = b"ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;\n"
SEQUENCE = b"-- Sequence structure for `s`\nDROP SEQUENCE IF EXISTS `s`;\n"
VIEW = b"-- Final view structure for view `v`\n"
END = b"""/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;

-- Dump completed on 2026-11-23  3:38:27
"""
BROKEN = b"\n--\n-- Broken view, left out: `v`: it reads t\n-- | CREATE VIEW `v` AS SELECT 1;\n--"
STATEMENT = b"INSERT INTO t VALUES (2);\n"


def survey_of(folder: Path, content: bytes, *, even_if_foreign: bool = False) -> Survey:
    path = folder / "dump.sql"
    path.write_bytes(content)
    return survey(DumpFile(str(path)), even_if_foreign=even_if_foreign)


def test_outline_tells_which_columns_foreign_keys_refer_to(tmp_path: Path) -> None:
    """In lower case; and how much SQL there is to load."""
    dump = HEAD + TABLE + VIEW + END
    outline = survey_of(tmp_path, dump).outline
    assert outline is not None
    assert outline.referenced == {("`p`", "`b`")}
    assert outline.sql == len(dump)


def test_dump_with_a_broken_view_left_out_is_loaded_in_parallel_all_the_same(
    tmp_path: Path,
) -> None:
    """Its comment stands in the head."""
    dump = HEAD.replace(b"\n\n", BROKEN + b"\n\n") + TABLE + END
    outline = survey_of(tmp_path, dump).outline
    assert outline is not None


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
    """Statements could run once for each connection, at another moment, or not at all.

    Nobody reads it to its end who doesn't ask for that.
    """
    found = survey_of(tmp_path, dump, even_if_foreign=True)
    assert found.outline is None
    assert found.inventory.size == len(dump)
    with pytest.raises(ForeignError, match=r"mariadb-dump.*: line \d+, "):
        survey_of(tmp_path, dump)


@pytest.mark.parametrize("late", [DATABASE, SEQUENCE])
def test_dump_whose_settings_follow_tables_has_no_outline(tmp_path: Path, late: bytes) -> None:
    """They would hold for some connections alone."""
    assert survey_of(tmp_path, HEAD + late + TABLE + END).outline is not None
    assert survey_of(tmp_path, HEAD + TABLE + late + END).outline is None


def test_survey_has_an_inventory_of_the_same_reading(tmp_path: Path) -> None:
    """And tells how far in the file it is, compressed or not."""
    packed = compress(HEAD + TABLE + VIEW + END, mtime=0)
    for content in (HEAD + TABLE + VIEW + END, packed):
        path = tmp_path / "dump.sql"
        path.write_bytes(content)
        told: list[int] = []
        found = survey(DumpFile(str(path)), told.append)
        assert found.inventory.objects[Name("table", "t")].rows == 1
        assert found.inventory.whole
        assert found.outline is not None
        assert told == sorted(told)
        assert told[-1] == len(content)


def test_rows_that_nobody_asks_for_are_not_counted(tmp_path: Path) -> None:
    """It takes longer than all the rest; what is there is known all the same."""
    path = tmp_path / "dump.sql"
    path.write_bytes(HEAD + TABLE + END)
    every, few = (survey(DumpFile(str(path)), rows=rows).inventory for rows in (True, False))
    assert few.objects.keys() == every.objects.keys()
    assert (few.size, few.longest) == (every.size, every.longest)
    table, other = (found.objects[Name("table", "t")] for found in (every, few))
    assert (table.rows, other.rows) == (1, 0)
    assert table.digest.digest() != other.digest.digest()


def test_dump_with_more_after_its_tables_than_memory_should_hold_has_no_outline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dump is loaded all the same, and its inventory is known."""
    monkeypatch.setattr(survey_of_a_dump, "MOST_AFTER_TABLES", 1000)
    found = survey_of(tmp_path, HEAD + TABLE + VIEW * 20 + END)
    assert found.outline is None
    assert found.inventory.whole


def test_dump_of_too_many_definitions_has_an_outline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whom an empty database is enough, needs none of their names; who does need them, is told."""
    monkeypatch.setattr(inventory, "MOST_DEFINITIONS", 100)
    found = survey_of(tmp_path, HEAD + TABLE + VIEW + END)
    assert found.outline is not None
    with pytest.raises(DumpError, match="of definitions"):
        _ = found.inventory.objects


def test_bomb_is_not_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few KB of zstd may be terabytes of rows that mariadb-dump could have written."""
    rows = TABLE.replace(b"(1);\n", b"(1),\n" * 4_000_000 + b"(1);\n")
    monkeypatch.setattr(authorship, "UNSUSPECTED", 1024**2)
    path = tmp_path / "bomb.sql.zst"
    packed = subprocess.run(
        ["zstd", "-qc"], input=HEAD + rows + END, capture_output=True, check=True
    )
    path.write_bytes(packed.stdout)
    sizes: list[int] = []
    with pytest.raises(ForeignError, match="of SQL, 1,000 times as much as its file"):
        survey(DumpFile(str(path)), swelled=sizes.append)
    assert sizes[-1] < 4 * 1024**2


def test_zstd_that_wants_more_memory_than_others_is_refused(tmp_path: Path) -> None:
    """A header of a few bytes may ask for 2 GiB (RFC 8878, 3.1.1.1.2)."""
    window, block = bytes([21 << 3]), (len(HEAD) << 3 | 1).to_bytes(3, "little")
    path = tmp_path / "dump.sql.zst"
    path.write_bytes(b"\x28\xb5\x2f\xfd\0" + window + block + HEAD)
    with pytest.raises(DumpError, match="zstd: .*requires too much memory"):
        survey(DumpFile(str(path)))


@pytest.mark.parametrize("dump", [HEAD + TABLE, HEAD + TABLE + END + HEAD + TABLE])
def test_dump_without_its_last_line_is_not_whole(dump: bytes) -> None:
    """Nor is the second in a file."""
    with pytest.raises(DumpError, match="not whole"):
        list(whole(sections(BytesIO(dump))))
