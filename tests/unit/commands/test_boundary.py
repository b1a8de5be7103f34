"""Rules of the one place where errors become lines of the log and exit statuses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from datadump.commands.boundary import exit_status
from datadump.settings.environment import SettingsError
from support.programs import SCRIPTS


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the daily log, which is empty."""
    folder = tmp_path / "logs"
    folder.mkdir()
    monkeypatch.setenv("LOGS_DIR", str(folder))
    monkeypatch.setenv("TZ", "America/Sao_Paulo")
    return folder


def messages(logs: Path) -> list[str]:
    return [
        line.split(",", 2)[2] for path in logs.iterdir() for line in path.read_text().splitlines()
    ]


@pytest.mark.parametrize("status", [0, 1])
def test_status_of_the_action_is_the_programs(logs: Path, status: int) -> None:
    """It has logged what there was to say."""
    assert exit_status(lambda: status, (OSError,), str) == status
    assert messages(logs) == []


@pytest.mark.parametrize("script", ["restore-from-s3.py", "restore-drill.py"])
def test_way_back_without_its_libraries_is_one_line(logs: Path, script: str) -> None:
    """As where root alone can read them: Python doesn't see them. Here they aren't looked for."""
    result = subprocess.run(
        [sys.executable, "-S", SCRIPTS / script, "latest"],
        env=os.environ | {"PYTHONPATH": ""}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (result.returncode, result.stderr) == (1, "")
    (message,) = messages(logs)
    assert message.startswith("No module named '")
    assert message.endswith("user id 0 works here, and has to be able to read it")


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (SettingsError("TZ: wrong"), 2, "TZ: wrong"),
        (OSError("the disk"), 1, "it failed: the disk"),
        (FileNotFoundError("the file"), 1, "it failed: the file"),
        (
            ModuleNotFoundError("No module named 'boto3'"),
            1,
            "No module named 'boto3': user id 0 works here, and has to be able to read it",
        ),
        (ZeroDivisionError("a fault"), 1, "unexpected ZeroDivisionError: a fault"),
    ],
)
def test_error_is_one_line_of_the_log_and_a_status(
    logs: Path, error: Exception, status: int, line: str
) -> None:
    """1 for a failure, whoever foresaw it, 2 for a wrong setting."""

    def action() -> int:
        raise error

    assert exit_status(action, (OSError,), lambda error: f"it failed: {error}") == status
    assert messages(logs) == [line]
