"""What the watch makes of the daily logs."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from datadump.sight.daily_logs import DailyLogs


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


SHOP, CRM = "shop_before_20261126_234045", "crm_undone_20261127_000100"


def begun(folder: Path) -> list[str]:
    """The databases whose exchanges have begun and not ended."""
    return [one.database for one in DailyLogs(str(folder)).exchanges()]


def test_exchange_that_began_is_over_when_its_own_end_is_told(tmp_path: Path) -> None:
    """Not by the end of another; on a later day as well, by a command that mended it."""
    write(tmp_path, -1, f"exchange begun: {SHOP}", f"exchange begun: {CRM}")
    write(tmp_path, 0, "exchange ended: shop_before_20261125_000000")
    assert begun(tmp_path) == ["shop", "crm"]
    write(tmp_path, 0, f"exchange ended: {SHOP}")
    assert begun(tmp_path) == ["crm"]
    write(tmp_path, 0, f"exchange ended: {SHOP}", f"exchange ended: {CRM}")
    assert begun(tmp_path) == []


def test_exchange_is_of_the_moment_of_its_line(tmp_path: Path) -> None:
    """The name may have been made long before, when the load began."""
    write(tmp_path, 0, f"exchange begun: {SHOP}")
    (one,) = DailyLogs(str(tmp_path)).exchanges()
    midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    assert one.at == midnight.timestamp()


@pytest.mark.parametrize(
    ("name", "database"),
    [
        ("a, b_before_20261126_234045", "a, b"),
        (f"{SHOP}_undone_20261127_000100", SHOP),
        ("shop_before_noon", "shop_before_noon"),  # no name of ours, and no calm either
        (f"{SHOP}_copy", f"{SHOP}_copy"),
    ],
)
def test_database_is_what_stands_before_the_moment(
    tmp_path: Path, name: str, database: str
) -> None:
    """Whatever else it holds."""
    write(tmp_path, 0, f"exchange begun: {name}")
    assert begun(tmp_path) == [database]
