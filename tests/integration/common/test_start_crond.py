"""start-crond.sh: what it says at its start, and how it refuses a crontab."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from support.programs import SCRIPTS, Workplace

CROND = """#!/bin/sh
printf '%s ' "$@"
cat -A "$(eval printf %s \\"\\${$#}\\")/root"
"""
LINE = "crontab: line 1: '61' is no minute (0 to 59, a range upwards): 61 * * * * run"


@pytest.fixture
def work(tmp_path: Path) -> Workplace:
    """With a busybox that tells its arguments and what the crontab is that it is given."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/busybox").write_text(CROND)
    (tmp_path / "bin/busybox").chmod(0o755)
    return Workplace(tmp_path / "work")


def start(work: Workplace, crontab: bytes) -> subprocess.CompletedProcess[str]:
    """With this crontab; one that is the same as before isn't written again."""
    path = work.path / "crontab"
    if not path.exists() or path.read_bytes() != crontab:
        path.write_bytes(crontab)
    environment = work.environment(
        PATH=f"{work.path.parent}/bin:{os.environ['PATH']}", TMPDIR=str(work.scratch),
        PYTHONPYCACHEPREFIX=str(work.scratch),
    )  # fmt: skip
    return subprocess.run(
        ["bash", str(SCRIPTS / "common/start-crond.sh"), "crontab"], cwd=work.path, env=environment,
        text=True, capture_output=True, check=False, timeout=60,
    )  # fmt: skip


def test_jobs_are_told_with_their_next_start_and_the_zone(work: Workplace) -> None:
    """A line for each, and then crond has them; also where an editor of Windows wrote them."""
    result = start(work, b"\xef\xbb\xbf# mine\r\n* * * * * run\r\n0 3 * * 1 run this")
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    zone = re.escape(work.environment()["TZ"])
    told = rf"TZ {zone}, \d\d:\d\d now; next at \d{{4}}-\d\d-\d\d \d\d:\d\d: "
    assert re.fullmatch(told + re.escape("* * * * * run"), lines[0])
    assert re.fullmatch(told.replace(r"\d\d: ", "00: ") + re.escape("0 3 * * 1 run this"), lines[1])
    assert lines[2].startswith("crond -f -l 8 -c ")
    assert lines[2:] == [lines[2][: lines[2].index("#")] + "# mine$", "* * * * * run$",
                         "0 3 * * 1 run this$"]  # fmt: skip


def test_refused_crontab_is_in_the_daily_log_once(work: Workplace) -> None:
    """Not at each restart of the container; what is wrong after a change is said again."""
    for _ in range(3):
        result = start(work, b"61 * * * * run\n")
        assert (result.returncode, result.stdout) == (2, "")
        assert result.stderr.endswith(f"{LINE}\n")
        assert len(result.stderr.splitlines()) == 1
    assert work.messages() == [LINE]
    assert start(work, b"0 0 30 2 * run\n").returncode == 2
    assert work.messages() == [LINE, "crontab: line 1: such a day never comes: 0 0 30 2 * run"]
    (work.path / "crontab").unlink()
    assert start(work, b"* * * * * run\n").returncode == 0
    assert len(work.messages()) == 2


def test_crontab_that_is_none_is_refused(work: Workplace) -> None:
    """Docker makes a folder of what isn't there."""
    (work.path / "crontab").mkdir()
    result = subprocess.run(
        ["bash", str(SCRIPTS / "common/start-crond.sh"), "crontab"], cwd=work.path,
        env=work.environment(), text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert result.returncode == 2
    assert work.messages() == ["crontab: there is no such file"]
