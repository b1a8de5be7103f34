"""daily_log.sh: one event, one line."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from datadump.ground import daily_log
from support.programs import LINE, SCRIPTS


def log(folder: Path, message: str, **settings: str) -> subprocess.CompletedProcess[bytes]:
    """Log the message, in an environment of nothing but these settings."""
    return subprocess.run(
        ["/bin/bash", str(SCRIPTS / "common/daily_log.sh"), message],
        env={"LOGS_DIR": str(folder), **settings}, capture_output=True, check=True, timeout=30,
    )  # fmt: skip


def only_file(folder: Path) -> Path:
    (file,) = folder.iterdir()
    return file


@pytest.mark.parametrize(
    ("message", "logged"),
    [
        ("plain", "plain"),
        ("two\nlines\r\nand a\ttab", "two lines  and a tab"),
        ("accents: João, 🚌", "accents: João, 🚌"),
        ("$(touch /tmp/x) %s \\n", "$(touch /tmp/x) %s \\n"),
        ("x" * 3000, "x" * 1000),
        ("é" * 3000, "é" * 1000),
        ("a\u2028b\u0085c", "a b c"),
        ("\x1b[2J\x07\x7f", " [2J  "),
        ("\u009b31m", " 31m"),
        ("\udc9b31m é", " 31m é"),  # that byte alone: no UTF-8, and the same to some terminals
    ],
)
def test_event_is_one_line(tmp_path: Path, message: str, logged: str) -> None:
    """The same in the file and on standard output."""
    output = log(tmp_path, message).stdout.decode()
    assert LINE.fullmatch(output.rstrip("\n"))
    assert output.split(",", 2)[2] == f"{logged}\n"
    assert only_file(tmp_path).read_text() == output


def test_script_is_run_from_its_own_folder(tmp_path: Path) -> None:
    """By its bare name, and finds what lies beside it."""
    result = subprocess.run(
        ["/bin/bash", "daily_log.sh", "event"], cwd=SCRIPTS / "common",
        env={"LOGS_DIR": str(tmp_path)}, capture_output=True, check=True,
    )  # fmt: skip
    assert result.stderr == b""
    assert only_file(tmp_path).read_text().endswith(",event\n")


@pytest.mark.parametrize(
    ("message", "logged"),
    [("é" * 200_000, "é" * 1000), ("a\ud800b\0c", "a?b c"), ("\x1b[2J\u009b31m", " [2J 31m")],
    ids=["200,000 characters", "no characters", "of a terminal"],
)
@pytest.mark.parametrize("by", ["bash", "Python"])
def test_message_is_logged_whatever_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, message: str, logged: str, by: str
) -> None:
    """By both sides: no program can be given 128 KiB at once, or what isn't text."""
    monkeypatch.setenv("LOGS_DIR", str(tmp_path))
    if by == "Python":
        daily_log.log(message)
    else:
        said = message.encode(errors="replace").replace(b"\0", b" ")
        script = f'. {SCRIPTS}/common/database_client.sh; log "$(cat)"'
        subprocess.run(["bash", "-c", script], input=said, check=True)
    assert only_file(tmp_path).read_text().split(",", 2)[2] == f"{logged}\n"


def test_what_cannot_be_logged_is_said_without_control_characters(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A terminal would obey them."""
    monkeypatch.setattr(os, "posix_spawnp", fails)
    daily_log.log("\x1b[2Jover\u009b31m")
    daily_log.log_unexpected(ValueError("\x1b[2Jhere\u009b31m"))
    said = capsys.readouterr().err
    assert "?[2Jover?31m\n" in said
    assert "ValueError: ?[2Jhere?31m\n" in said
    assert not {"\x1b", "\u009b"} & set(said)


def fails(*_: object, **__: object) -> int:
    raise OSError("no process")


def test_name_of_the_file_is_the_day_of_the_line(tmp_path: Path) -> None:
    """In the zone that is set: two zones whose days always differ."""
    for zone in ("Pacific/Kiritimati", "Pacific/Niue"):
        log(tmp_path, "event", TZ=zone)
    names = {file.stem: file.read_text().split(",")[0] for file in tmp_path.iterdir()}
    assert len(names) == 2
    assert all(name == day for name, day in names.items())


def test_line_that_a_full_disk_cut_short_is_ended(tmp_path: Path) -> None:
    """The next event starts on a line of its own."""
    log(tmp_path, "first")
    file = only_file(tmp_path)
    file.write_text(file.read_text() + "2026-11-23,03:5")
    log(tmp_path, "second")
    lines = file.read_text().splitlines()
    assert [line.rpartition(",")[2] for line in lines] == ["first", "03:5", "second"]


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_log_that_is_no_file_holds_nobody_up(tmp_path: Path, make: Callable[[Path], None]) -> None:
    """A pipe would, until somebody reads from it; a tick has its lock meanwhile."""
    log(tmp_path, "first")
    file = only_file(tmp_path)
    file.unlink()
    make(file)
    result = log(tmp_path, "second")
    assert result.stdout.endswith(b",second\n")
    assert f"the daily log {file} cannot be written by user id 0: " in result.stderr.decode()


def test_lines_of_many_at_once_do_not_mix(tmp_path: Path) -> None:
    """Each is one append."""
    messages = [letter * 900 for letter in "abcdefghijklmnopqrst"]
    command = ["/bin/bash", str(SCRIPTS / "common/daily_log.sh")]
    environment = {"LOGS_DIR": str(tmp_path)}
    processes = [
        subprocess.Popen([*command, message], env=environment, stdout=subprocess.DEVNULL)
        for message in messages
    ]
    assert [process.wait(30) for process in processes] == [0] * len(messages)
    lines = only_file(tmp_path).read_text().splitlines()
    assert sorted(line.split(",", 2)[2] for line in lines) == messages
