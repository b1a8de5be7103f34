"""What a person sees of a restore that reads its dump."""

from __future__ import annotations

from pathlib import Path

import pytest
from datadump.ground.progress import Phases
from datadump.restore.restore import read
from datadump.restore.target import Target
from datadump.sql.programs import Name
from datadump.sql.reading import DumpFile

DUMP = b"-- Dumping data for table `t`\nINSERT INTO `t` VALUES\n(1),\n(2);\n"


@pytest.mark.parametrize(("overwrite", "rows"), [(False, 0), (True, 2)])
def test_reading_tells_how_far_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    overwrite: bool, rows: int,
) -> None:  # fmt: skip
    """It counts the rows where a person is told how many are about to replace others."""
    monkeypatch.setattr("datadump.ground.progress.SECONDS_BETWEEN_REPORTS", 0.0)
    path = tmp_path / "dump.sql"
    path.write_bytes(DUMP)
    phases = Phases()
    found = read(DumpFile(str(path)), Target("shop", overwrite, even_if_foreign=True), phases)
    assert found.inventory.objects[Name("table", "t")].rows == rows
    assert set(phases.seconds) == {"read"}
    assert capsys.readouterr().out.splitlines()[-1].startswith("read: 100 % of the dump, ")
