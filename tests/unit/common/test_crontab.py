"""crontab.sh: what BusyBox's crond runs is taken with its times, what it wouldn't is refused."""

from __future__ import annotations

import os
import subprocess
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from support.programs import SCRIPTS

ZONE = "America/Sao_Paulo"
NOW = datetime(2026, 11, 27, 22, 16, 30, tzinfo=ZoneInfo(ZONE))  # a Friday
PROGRAM = """
. "$1"
tell() {
    find_next "$NOW" && printf '%s|%s\\n' "$next" "$1"
}
each_job "$2" tell || printf 'refused: %s\\n' "$complaint"
"""


def read(tmp_path: Path, text: str, now: datetime = NOW) -> list[str]:
    """Each job's next start and line, or why the crontab is refused."""
    (tmp_path / "crontab").write_text(text)
    result = subprocess.run(
        ["bash", "-Eeuo", "pipefail", "-c", PROGRAM, "bash", str(SCRIPTS / "common/crontab.sh"),
         str(tmp_path / "crontab")],
        env={"PATH": os.environ["PATH"], "TZ": ZONE, "NOW": str(int(now.timestamp()))},
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert result.stderr == ""
    return result.stdout.splitlines()


TIMES = {
    "* * * * *": "2026-11-27 22:17",
    "*/5 * * * *": "2026-11-27 22:20",
    "16 22 * * *": "2026-11-28 22:16",
    "17 22 * * *": "2026-11-27 22:17",
    "007 3 * * *": "2026-11-28 03:07",
    "40,50-59/4,15 * * * *": "2026-11-27 22:40",
    "*/70 * * * *": "2026-11-27 23:00",
    "5/10 * * * *": "2026-11-27 23:05",  # a step behind a value does nothing
    "0 0 1 * *": "2026-12-01 00:00",
    "0 0 * 2 *": "2027-02-01 00:00",
    "0 0 29 feb *": "2028-02-29 00:00",
    "0 0 31 * *": "2026-12-31 00:00",
    "0 0 */10 * *": "2026-11-30 00:00",
    "0 0 * JAN-mar *": "2027-01-01 00:00",
    "0 0 * * 0": "2026-11-29 00:00",
    "0 0 * * Tue": "2026-12-01 00:00",
    "0 0 13 * 5": "2026-12-04 00:00",  # either is enough
    "0 0 1 * 0-6": "2026-12-01 00:00",  # all days of the week leave none out
    "0 0 */2 * 6": "2026-11-28 00:00",
    "0 23-2 * * *": "2026-11-27 23:00",
    "0 23-3/2 * * *": "2026-11-27 23:00",
    "0 0 29-3/2 * *": "2026-11-29 00:00",
    "0 0 1 dec-feb *": "2026-12-01 00:00",
    "0 0 * * fri-mon": "2026-11-28 00:00",
}
NO_TIMES = {
    "minute": [
        "61", "60", "-1", "MON", "5-1", "*/0", "5-", "-5", "1,", ",1", "1,,2", "*-5", "1-2-3", "x",
        "5-10/", "1/2/3", "1.5", "**", "*5", "?", "L", "@", "1;2", "0x5", "1-61", "é", "$(date)",
        "9" * 20, "*/99999999999", "a[0]", "~",
    ],
    "hour": ["24", "25", "0-24", "mon", "jan", "*/0"],
    "day": ["0", "0-5", "32", "1-32", "1W", "feb", "L"],
    "month": ["0", "13", "0-3", "sun", "january", "foo", "*/0"],
    "weekday": ["7", "8", "0-7", "jan", "sunday", "su", "5L"],
}  # fmt: skip
JOBS = [(field, word) for field, words in NO_TIMES.items() for word in words]


def test_times_are_those_of_crond(tmp_path: Path) -> None:
    """Of each kind of word, in each field that has it."""
    jobs = [f"{times} run {number}" for number, times in enumerate(TIMES)]
    expected = [f"{next_start}|{job}" for next_start, job in zip(TIMES.values(), jobs, strict=True)]
    assert read(tmp_path, "\n".join(jobs) + "\n") == expected


@pytest.mark.parametrize(("field", "word"), JOBS)
def test_what_is_no_time_is_refused_by_its_line_and_word(
    tmp_path: Path, field: str, word: str
) -> None:
    """Behind a job that is one."""
    times = [word if name == field else "*" for name in NO_TIMES]
    line = f"{' '.join(times)} run this"
    told = read(tmp_path, f"0 3 * * * run\n{line}\n")
    assert len(told) == 2
    assert told[1].startswith(f"refused: line 2: '{word}' is no {field} (")
    assert told[1].endswith(f": {line}")


NO_JOBS = {
    "": "it has no job, so nothing would ever run",
    "# * * * * * run\n": "it has no job, so nothing would ever run",
    "PATH=/bin\n\n": "it has no job, so nothing would ever run",
    "\n*/5 * * * run\n": "line 2: not five times and a command: */5 * * * run",
    "* * * * * # run\n": "line 1: not five times and a command: * * * * * ",
    "* * * * #1 run\n": "line 1: not five times and a command: * * * * ",
    "@daily run\n": "line 1: not five times and a command: @daily run",
    "@daily run 1 2 3 4\n": "line 1: '@daily' is no minute (0 to 59, a range upwards): "
    "@daily run 1 2 3 4",
    "MAILTO=me\n": "line 1: not five times and a command: MAILTO=me",
    "# a \\\n* * * * * run\n": "it has no job, so nothing would ever run",
    "# a \\\nb\n* * * * run\n": "line 3: not five times and a command: * * * * run",
    "0 0 30 2 *  run\n": "line 1: such a day never comes: 0 0 30 2 *  run",
    "0 0 31 4,6,9,11 * run\n": "line 1: such a day never comes: 0 0 31 4,6,9,11 * run",
}  # fmt: skip


@pytest.mark.parametrize("text", NO_JOBS)
def test_what_would_never_run_is_refused(tmp_path: Path, text: str) -> None:
    """A line that crond passes over, a day that never comes, a crontab without a job."""
    assert read(tmp_path, text) == [f"refused: {NO_JOBS[text]}"]


def test_line_is_what_crond_makes_of_it(tmp_path: Path) -> None:
    """Comments behind a command, lines that go on, variables of crond's."""
    text = "SHELL=/bin/bash\n  0 3\t* * * run # at night\n0 4 * * * run \\\nwith \\\nthis\n#\n"
    assert read(tmp_path, text) == [
        "2026-11-28 03:00|  0 3\t* * * run ",
        "2026-11-28 04:00|0 4 * * * run with this",
    ]


@pytest.mark.parametrize("month", [6, 11])
def test_next_start_is_after_this_minute(tmp_path: Path, month: int) -> None:
    """Across midnight and the year, in summer and in winter."""
    now = datetime(2026, month, 30, 23, 59, tzinfo=ZoneInfo(ZONE))
    day = f"2026-{month + 1:02d}-01"
    assert read(tmp_path, "* * * * * run\n", now) == [f"{day} 00:00|* * * * * run"]
    assert read(tmp_path, "0 12 * * * run\n", now) == [f"{day} 12:00|0 12 * * * run"]
