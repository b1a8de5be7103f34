"""A clock of their own for the programs under test, by libfaketime: it can be moved as they run.

    with running_clock(tmp_path, datetime(2026, 3, 29, 0, 59, 58, tzinfo=UTC)) as clock:
        process = dumps.start_dump(TZ="Europe/Berlin", **clock.environment)
        ...
        clock.set(datetime(2026, 3, 29, 0, 30, tzinfo=UTC))

The clock runs on from the instant that it was set to, for all programs with this environment and
what they start. A static program (the store) has the real one, and sees the difference: requests
are signed with this clock. File times that a program sets (touch) are of this clock, those that the
kernel sets are real. Monotonic clocks, and so timeouts, aren't touched; but Python's time.sleep
fails there (OSError 22), since libfaketime then refuses clock_nanosleep, and no setting of it
avoids both: a program that pauses can't be tried by this clock. Those of the shell sleep as ever.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass
class Clock:
    """A clock that is so much ahead of the real one."""

    file: Path  # the programs read the difference there
    library: str
    shared: str
    ahead: float = 0  # seconds

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs to live by this clock."""
        return {
            "LD_PRELOAD": self.library,
            "FAKETIME_SHARED": self.shared,
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

    def now(self) -> float:
        """Seconds since the epoch, by this clock."""
        return datetime.now(UTC).timestamp() + self.ahead

    def set(self, instant: datetime) -> None:
        """Move the clock, at once and for programs that run already too."""
        self.ahead = instant.timestamp() - datetime.now(UTC).timestamp()
        anew = self.file.with_suffix(".new")
        anew.write_text(f"{self.ahead:+.6f}\n")
        anew.rename(self.file)


@contextmanager
def running_clock(folder: Path, instant: datetime) -> Iterator[Clock]:
    """A clock that starts at this instant, for as long as the context lasts."""
    # Where FAKETIME_SHARED isn't set, libfaketime sets it, which comes too early for bash: its
    # environment is empty from then on. So one program keeps a shared memory for all the others.
    with subprocess.Popen(
        ["faketime", "-m", "-f", "+0",
         "bash", "-c", 'printf "%s\\n" "$LD_PRELOAD" "$FAKETIME_SHARED"; read -r'],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as keeper:  # fmt: skip
        assert keeper.stdin is not None
        assert keeper.stdout is not None
        library, shared = (keeper.stdout.readline().rstrip("\n") for _ in range(2))
        clock = Clock(folder / "clock", library, shared)
        clock.set(instant)
        yield clock
        keeper.stdin.close()
