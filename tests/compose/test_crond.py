"""crond in its container: what it makes of a crontab is what its start says."""

from __future__ import annotations

import re

import pytest
from support.compose import Checkout
from support.waiting import wait_for

# crond's own table of each job's times, as its most verbose log shows it, against ours.
PROGRAM = r"""
. /scripts/common/crontab.sh
show() {
    local field value
    for field in 0 1 2 3 4; do
        for ((value = ZERO[field]; value < ZERO[field] + ROUND[field]; value++)); do
            [[ ${fires[$field,$value]:-} ]] && printf 1 || printf 0
        done
        printf '\n'
    done
}
folder=$(mktemp --directory)
printf %s "$1" >"$folder/root"
each_job "$folder/root" show >"$folder/ours" || echo "refused: $complaint"
jobs=$(grep -c . "$folder/ours")
busybox crond -f -l 0 -L "$folder/log" -c "$folder" &
for _ in {1..600}; do
    read_by_crond=$(grep -cE '^[01]+$|parse error' "$folder/log" 2>/dev/null) || true
    ((${read_by_crond:-0} < jobs)) || break
    sleep 0.05
done
kill %1
grep -E '^[01]+$|parse error' "$folder/log" | diff - "$folder/ours" && echo "alike: $jobs"
"""
WORDS = {
    0: ["*", "0", "59", "007", "1,2,30", "10-20", "10-20/3", "*/7", "*/70", "5/10", "1-3,5-6/2,9"],
    1: ["23", "*/5", "22-2", "22-4/2", "0-23"],
    2: ["1", "31", "*/10", "25-5", "25-5/2", "1-31", "1,15"],
    3: ["1", "12", "jan", "DEC", "11-2", "nov-feb", "nov-3/2", "*/5", "jan,6"],
    4: ["0", "6", "sun", "Sat", "fri-mon", "fri-1/2", "1-5", "*/2", "mon,wed-fri"],
}


def test_crond_reads_what_we_read(clone: Checkout) -> None:
    """Each job's minutes, hours, days, months and days of the week, in its own table of them."""
    lines = [
        " ".join(word if at == field else "*" for at in WORDS) + " run\n"
        for field, words in WORDS.items()
        for word in words
    ]
    result = clone.run(
        "docker", "compose", "exec", "-T", "send-to-s3", "bash", "-c", PROGRAM, "bash",
        "".join(lines),
    )  # fmt: skip
    assert result.stdout == f"alike: {len(lines) * len(WORDS)}\n", result.stdout + result.stderr


def test_dump_by_the_clock(clone: Checkout) -> None:
    """By the crontab that is mounted; it says when it runs next."""
    crontab = clone.path / "dockerfiles/mysql-client/crontab"
    original = crontab.read_text()
    completed = clone.count("database dump completed")
    try:
        clone.compose("up", "--detach", "--wait", "dump-schedule")
        said = clone.compose("logs", "dump-schedule")
        assert re.search(r"next at [-0-9]+ 03:00: 0 3 \* \* \* /scripts/database_dump.sh", said)
        crontab.write_text(original.replace("0 3 * * *", "* * * * *"))
        clone.compose("restart", "--timeout", "1", "dump-schedule")
        clone.wait_for_message("database dump completed", more_than=completed)
    finally:
        crontab.write_text(original)
        clone.compose("rm", "--stop", "--force", "dump-schedule")


def test_start_says_what_runs_when(clone: Checkout) -> None:
    """In which zone, and what time it is there."""
    told = clone.compose("logs", "--no-log-prefix", "send-to-s3")
    job = re.escape("* * * * * python3 /scripts/send-to-s3.py")
    assert re.search(rf"TZ America/Sao_Paulo, \d\d:\d\d now; next at \S+ \d\d:\d\d: {job}", told)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("*/5 * * * python3 /scripts/send-to-s3.py", "line 1: 'python3' is no weekday ("),
        ("61 * * * * python3 /scripts/send-to-s3.py", "line 1: '61' is no minute (0 to 59"),
        ("# none", "it has no job"),
    ],
)
def test_crontab_that_crond_would_not_run_stops_the_container(
    clone: Checkout, line: str, why: str
) -> None:
    """What a user forgot is a time, or all of it. The daily log has it once."""
    crontab = clone.path / "dockerfiles/python/crontab"
    original = crontab.read_text()
    crontab.write_text(line + "\n")
    complaint = f",dockerfiles/python/crontab: {why}"
    try:
        clone.compose("restart", "--timeout", "5", "send-to-s3")
        wait_for("it starts again", lambda: clone.container("send-to-s3")["RestartCount"] > 1, 30)
    finally:
        clone.compose("stop", "--timeout", "5", "send-to-s3")  # or it meets half of each
        crontab.write_text(original)
        clone.compose("start", "send-to-s3")
    told = clone.run("docker", "logs", clone.container("send-to-s3")["Id"]).stderr
    assert told.count(complaint[1:]) > 1
    assert len([text for text in clone.log_lines() if complaint in text]) == 1
