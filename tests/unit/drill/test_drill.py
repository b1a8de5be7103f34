"""Rules of a drill that takes no server: what it says of a dump that it only reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from datadump.drill import drill
from datadump.drill.drill import drill_unhurried
from datadump.ground.progress import Phases
from datadump.sql.reading import DumpFile
from datadump.sql.sections import NOT_WHOLE

CUT = (
    b"-- MariaDB dump 10.19\n--\n"
    b"/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;\n"
    b"-- Table structure for table `t`\n--\nCREATE TABLE `t` (\n  `a` int\n);\n"
)


@pytest.fixture
def dump(tmp_path: Path) -> DumpFile:
    path = tmp_path / "dump.sql"
    path.write_bytes(CUT)
    return DumpFile(str(path))


def test_progress_of_reading_ends_with_all_of_the_file(
    dump: DumpFile, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """It is a phase of its own."""
    monkeypatch.setattr("datadump.ground.progress.SECONDS_BETWEEN_REPORTS", 0.0)
    phases = Phases()
    assert drill_unhurried(dump, str(tmp_path), 0, "", phases).reason == NOT_WHOLE
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].startswith("read: 100 % of the dump, ")
    assert set(phases.seconds) == {"read"}


def test_dump_is_read_only_as_far_as_there_is_room_for_it(
    dump: DumpFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is no fault of the backup's."""
    monkeypatch.setattr(drill, "free_bytes", lambda _: drill.ROOM_FOR_A_SERVER + 3 * 100)
    with pytest.raises(OSError, match=r"scratch: a drill of \d+ B of SQL takes 1.0 GiB, and "):
        drill_unhurried(dump, "scratch", 0, "", Phases())


def test_dump_of_more_definitions_than_memory_should_hold_is_not_proven(
    dump: DumpFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is the backup's fault, so it is an outcome."""
    monkeypatch.setattr("datadump.sql.inventory.MOST_DEFINITIONS", 10)
    outcome = drill_unhurried(dump, str(tmp_path), 0, "", Phases())
    assert outcome.reason == "the dump holds over 256 MiB of definitions"
