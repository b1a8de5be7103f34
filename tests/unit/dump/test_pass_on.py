"""pass_on.pl: the bytes of a dump, with some lines more, and its end told beside them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from support.programs import SCRIPTS

BLOCK = 128 * 1024  # bytes that it reads at once
LINE = "ALTER DATABASE;"
TOLD = 200  # bytes of the end


def start(
    told: Path, stdout: int = subprocess.PIPE, comment: bytes = b""
) -> subprocess.Popen[bytes]:
    """The program, with the file as its descriptor 3."""
    file = told.with_name("comment")
    file.write_bytes(comment)
    command = f'exec perl {SCRIPTS}/dump/pass_on.pl "$0" "$2" 3>"$1"'
    return subprocess.Popen(
        ["bash", "-c", command, LINE, str(told), str(file)],
        stdin=subprocess.PIPE, stdout=stdout, stderr=subprocess.PIPE, bufsize=0,
    )  # fmt: skip


def passed_on(tmp_path: Path, pieces: Sequence[bytes], comment: bytes = b"") -> tuple[bytes, bytes]:
    """What comes out, and what is told; each piece is written by itself."""
    process = start(tmp_path / "told", comment=comment)
    assert process.stdin is not None
    for piece in pieces[:-1]:
        process.stdin.write(piece)
    output, errors = process.communicate(pieces[-1])
    assert (process.returncode, errors) == (0, b"")
    return output, (tmp_path / "told").read_bytes()


ALL_BYTES = bytes(range(256))
LONG = ALL_BYTES * (3 * BLOCK // 256) + b"end"
DUMPS = {
    "a dump": [b"-- first\n", b"rest\n-- Dump completed\n"],
    "one line": [b"-- first\n"],
    "any bytes": [b"\0\xff\n", ALL_BYTES],
    "first line in pieces": [b"-- fi", b"rst", b"\n", b"rest"],
    "first line of over a block": [b"-" * BLOCK, b"-\n", b"rest"],
    "several blocks": [b"-- first\n", LONG],
    "an end of just so many bytes": [b"-- first\n", b"x" * TOLD],
    "an end in pieces": [b"-- first\n", b"x" * 150, b"y" * 150],
}


@pytest.mark.parametrize("name", DUMPS)
def test_line_is_the_second_and_all_else_stays(tmp_path: Path, name: str) -> None:
    """Byte by byte, wherever the reads cut it; the last bytes are told as they went out."""
    output, told = passed_on(tmp_path, DUMPS[name])
    first, end, rest = b"".join(DUMPS[name]).partition(b"\n")
    assert output == first + end + LINE.encode() + b"\n" + rest
    assert told == output[-TOLD:]


COMMENT = b"--\n-- $1 & \\1 `a`\n--\n"


@pytest.mark.parametrize("cut", [0, 10, 24, 25, 30])
def test_comment_is_in_front_of_the_first_empty_line(tmp_path: Path, cut: int) -> None:
    """Byte by byte, wherever the reads cut the head."""
    dump = b"-- first\n-- Host: here\n--\n\nrest\n\nmore"
    output, _ = passed_on(tmp_path, [dump[:cut], dump[cut:]], COMMENT)
    head, _, rest = dump.partition(b"\n\n")
    head = head.replace(b"-- first\n", b"-- first\n" + LINE.encode() + b"\n")
    assert output == head + b"\n" + COMMENT + b"\n" + rest


def test_comment_that_finds_no_place_is_an_error(tmp_path: Path) -> None:
    """It is not left out without a word."""
    process = start(tmp_path / "told", comment=COMMENT)
    _, errors = process.communicate(b"-- first\nrest\n")
    assert process.returncode != 0
    assert errors == b"pass_on.pl: the dump has no head\n"


@pytest.mark.parametrize("text", [b"", b"no line's end"])
def test_what_has_no_first_line_passes_as_it_is(tmp_path: Path, text: bytes) -> None:
    """It is no dump; that its last line is missing is told by its end."""
    assert passed_on(tmp_path, [text]) == (text, text)


def test_output_that_is_full_is_an_error_in_the_system_s_words(tmp_path: Path) -> None:
    """The line of the daily log has them."""
    full = os.open("/dev/full", os.O_WRONLY)
    process = start(tmp_path / "told", full)
    os.close(full)
    _, errors = process.communicate(b"-- first\n")
    assert process.returncode != 0
    assert errors == b"pass_on.pl: No space left on device\n"


def test_reader_that_is_slow_loses_nothing(tmp_path: Path) -> None:
    """A pipe takes less than a block at a time."""
    process = start(tmp_path / "told")
    assert process.stdin is not None
    assert process.stdout is not None
    source = tmp_path / "source"
    source.write_bytes(b"-- first\n" + LONG)
    with subprocess.Popen(["cat", str(source)], stdout=process.stdin):
        process.stdin.close()
        output = b""
        while part := os.read(process.stdout.fileno(), 1000):
            output += part
    assert process.wait(30) == 0
    assert output == b"-- first\n" + LINE.encode() + b"\n" + LONG
    assert (tmp_path / "told").read_bytes() == LONG[-TOLD:]


def test_input_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """A folder, say; and what was passed on is never taken for a whole dump."""
    with (tmp_path / "told").open("wb"):
        command = f"exec perl {SCRIPTS}/dump/pass_on.pl {LINE!r} /dev/null"
        command += f" 3>{tmp_path}/told <{tmp_path}"
        result = subprocess.run(["bash", "-c", command], capture_output=True, check=False)
    assert result.returncode != 0
    assert result.stderr == b"pass_on.pl: Is a directory\n"
