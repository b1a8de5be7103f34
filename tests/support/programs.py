"""The project's two programs, run as processes, and the folders they work in."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts"
LOCKS = {".send-to-s3.lock", ".database_dump_lock"}  # of the programs; they stay
LINE = re.compile(r"\d{4}-\d\d-\d\d,\d\d:\d\d:\d\d,.*")


def noon_zone() -> str:
    """A time zone in which midnight is far, so that a test's day has one name."""
    offset = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-offset:+d}" if offset else "Etc/GMT"


def today() -> str:
    """The day that keys of this moment have."""
    return datetime.now(ZoneInfo(noon_zone())).strftime("%Y-%m-%d")


@dataclass
class Workplace:
    """A dumps folder, a logs folder, and the settings that lead there."""

    path: Path
    settings: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.dumps.mkdir(parents=True)
        self.logs.mkdir()
        self.scratch.mkdir()

    @property
    def dumps(self) -> Path:
        return self.path / "dumps"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def scratch(self) -> Path:
        return self.path / "scratch"

    def environment(self, **changes: str) -> dict[str, str]:
        """The environment of a program: these settings, and nothing of the machine's."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.path),
            "DUMPS_DIR": str(self.dumps),
            "LOGS_DIR": str(self.logs),
            "SCRATCH_DIR": str(self.scratch),
            "TZ": noon_zone(),
            **self.settings,
            **changes,
        }

    def messages(self) -> list[str]:
        """The messages of the daily logs, oldest first, each from a well-formed line."""
        lines = [
            line for log in sorted(self.logs.iterdir()) for line in log.read_text().splitlines()
        ]
        assert [line for line in lines if not LINE.fullmatch(line)] == []
        return [line.split(",", 2)[2] for line in lines]

    def files(self) -> dict[str, bytes]:
        """All that is in the dumps folder, but for the locks."""
        paths = [path for path in sorted(self.dumps.iterdir()) if path.name not in LOCKS]
        return {path.name: path.read_bytes() for path in paths}

    def start_dump(self, **changes: str) -> subprocess.Popen[str]:
        return self._start(["bash", str(SCRIPTS / "database_dump.sh")], changes)

    def dump(self, **changes: str) -> subprocess.CompletedProcess[str]:
        """database_dump.sh, run to its end."""
        return _finish(self.start_dump(**changes))

    def start_tick(self, *python_options: str, **changes: str) -> subprocess.Popen[str]:
        command = [sys.executable, *python_options, str(SCRIPTS / "send-to-s3.py")]
        return self._start(command, changes)

    def tick(self, *python_options: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """send-to-s3.py, run to its end."""
        return _finish(self.start_tick(*python_options, **changes))

    def start_restore(self, *arguments: str, **changes: str) -> subprocess.Popen[str]:
        return self._start(
            [sys.executable, str(SCRIPTS / "restore-from-s3.py"), *arguments], changes
        )

    def restore(self, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """restore-from-s3.py, run to its end."""
        return _finish(self.start_restore(*arguments, **changes))

    def start_drill(self, *arguments: str, **changes: str) -> subprocess.Popen[str]:
        return self._python("restore-drill.py", arguments, changes)

    def drill(self, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """restore-drill.py, run to its end."""
        return _finish(self.start_drill(*arguments, **changes))

    def watch(self, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """watch.py, run to its end."""
        return _finish(self._python("watch.py", arguments, changes))

    def prune(self, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """prune.py, run to its end."""
        return _finish(self._python("prune.py", arguments, changes))

    def start_mirror(self, **changes: str) -> subprocess.Popen[str]:
        return self._python("mirror.py", (), changes)

    def mirror(self, **changes: str) -> subprocess.CompletedProcess[str]:
        """mirror.py, run to its end."""
        return _finish(self.start_mirror(**changes))

    def _python(
        self, script: str, arguments: tuple[str, ...], changes: dict[str, str]
    ) -> subprocess.Popen[str]:
        return self._start([sys.executable, str(SCRIPTS / script), *arguments], changes)

    def _start(self, command: list[str], changes: dict[str, str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            env=self.environment(**changes),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def stand_in(folder: Path, program: str, script: str) -> str:
    """A PATH on which the script is found before the program, which it can reach as $real."""
    folder.mkdir(exist_ok=True)
    file = folder / program
    file.write_text(f"#!/bin/bash\nreal={shutil.which(program)}\n{script}\n")
    file.chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """The folder is a file system of its own, of that size (64k, 1m), for as long as this lasts."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def _finish(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    output, errors = process.communicate(timeout=120)
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)
