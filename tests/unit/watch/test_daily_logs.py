"""What the watch makes of the daily logs."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from datadump.watch.daily_logs import DailyLogs


def write(folder: Path, ahead: int, *messages: str) -> None:
    """The log of the day that is so many days ahead."""
    day = (datetime.now().astimezone() + timedelta(ahead)).date().isoformat()
    lines = [f"{day},00:00:{number:02},{text}\n" for number, text in enumerate(messages)]
    (folder / f"{day}.txt").write_text("".join(lines))


def test_log_of_a_day_to_come_hides_no_failure(tmp_path: Path) -> None:
    """A clock was ahead once: what it wrote would be the last word for ever."""
    write(tmp_path, 400, "database dump completed")
    write(tmp_path, 0, "database dump failed: no room")
    seen = DailyLogs(str(tmp_path)).last_dump("shop", "")
    assert seen is not None
    assert seen.failure == "no room"


def test_dump_that_failed_covers_nothing(tmp_path: Path) -> None:
    """It may have asked nobody which databases there are. One that was completed has."""
    write(tmp_path, -2, "databases not backed up: crm, wiki", "database dump completed")
    write(tmp_path, -1, "database dump failed: no server")
    assert DailyLogs(str(tmp_path)).uncovered() == ["crm", "wiki"]
    write(tmp_path, 0, "database dump completed")
    assert DailyLogs(str(tmp_path)).uncovered() == []
