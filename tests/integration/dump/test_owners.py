"""Whose files these are, where root dumps into somebody's folder."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from datadump.dumps.taken import parse_taken
from support.programs import SCRIPTS, Workplace

SOMEBODY = 1000  # without an account
COMPLETED = ["database dump completed"]


@pytest.fixture
def theirs(dumps: Workplace) -> Workplace:
    """Folders of somebody, who can get to them."""
    for folder in (dumps.dumps, dumps.logs):
        os.chown(folder, SOMEBODY, SOMEBODY)
    for folder in (dumps.path, *dumps.path.parents):
        folder.chmod(folder.stat().st_mode | 0o755)
    os.chmod(dumps.settings["DB_PASSWORD_FILE"], 0o644)
    return dumps


@pytest.fixture
def copy() -> Iterator[Path]:
    """The scripts, in a place that everybody can get to."""
    with TemporaryDirectory(dir="/tmp") as path:
        os.chmod(path, 0o755)
        shutil.copytree(SCRIPTS, Path(path) / "scripts")
        yield Path(path) / "scripts"


@pytest.mark.parametrize("which", [".", "database_dump.sh", "dump", "common/daily_log.sh"])
def test_scripts_that_root_alone_can_read_are_said(
    theirs: Workplace, copy: Path, which: str
) -> None:
    """One line of the log, which has what can't be read, by whom, and the remedy."""
    (copy / which).chmod(0o700)
    script = copy / "database_dump.sh"
    result = subprocess.run(
        ["bash", script], env=theirs.environment(), capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    (message,) = theirs.messages()
    assert message.startswith(f"database dump failed: cat: {copy}")
    assert message.endswith(
        f": Permission denied, to user id {SOMEBODY}, whose {theirs.dumps} is and as whom root "
        f"works there: let that user read {copy}, or chown 0 {theirs.dumps}"
    )
    assert {log.stat().st_uid for log in theirs.logs.iterdir()} == {SOMEBODY}


def test_password_in_a_folder_of_root_alone_names_who_looks_there(theirs: Workplace) -> None:
    """Root sees that file, and would not believe that there is none."""
    file = theirs.path / "roots" / "password"
    file.parent.mkdir(mode=0o700)
    file.write_text("secret")
    assert theirs.dump(DB_PASSWORD_FILE=str(file)).returncode == 2
    assert theirs.messages() == [f"DB_PASSWORD_FILE: user id {SOMEBODY} finds no file '{file}'"]


def test_lock_of_another_names_its_owner(theirs: Workplace) -> None:
    """Root's, where the folder was given to somebody later."""
    (theirs.dumps / ".database_dump_lock").touch()
    assert theirs.dump().returncode == 1
    (message,) = theirs.messages()
    assert message.endswith(
        "/.database_dump_lock is a regular empty file of user id 0, "
        f"and has to be a file of user id {SOMEBODY}, with no other name: remove it"
    )


def test_root_s_own_dump_in_somebody_s_folder_is_handed_over(theirs: Workplace) -> None:
    """Though they can't read it; it is the uploader's to say so."""
    (theirs.dumps / "datadump.sql").write_text("root's")
    (theirs.dumps / "datadump.sql").chmod(0o600)
    assert theirs.dump().returncode == 0
    assert theirs.messages() == COMPLETED
    handed_over, finished = sorted(theirs.dumps.glob("*datadump.sql"))
    assert parse_taken(handed_over.name)
    assert (handed_over.stat().st_uid, finished.stat().st_uid) == (0, SOMEBODY)
