"""Files that are made where somebody else may have been before: nothing of theirs is followed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from datadump.dumps.folder import LOCK_NAME, DumpFolder
from datadump.exchange.program import KeptProgram
from datadump.ground.files import replace_file
from datadump.load.programs import keep
from datadump.restore.scratch import PartialFile
from datadump.watch.memory import NONE, MemoryFolder


def link(path: Path, victim: Path) -> None:
    path.symlink_to(victim)


def second_name(path: Path, victim: Path) -> None:
    path.hardlink_to(victim)


def pipe(path: Path, _: Path) -> None:
    os.mkfifo(path)


def folder(path: Path, _: Path) -> None:
    path.mkdir()


Planted = Callable[[Path, Path], None]
PLANTED = [link, second_name, pipe, folder]


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """A file of somebody's, which this user may write."""
    path = tmp_path / "victim"
    path.write_text("kept")
    return path


WRITERS: dict[str, Callable[[str], None]] = {
    ".new": lambda path: replace_file(path.removesuffix(".new"), "text"),
    ".sql.new": lambda path: KeptProgram(path.removesuffix(".new")).keep([], []),
    "_lacks.sql": lambda path: keep([], path),
}


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("planted", PLANTED)
def test_file_that_is_written_is_a_new_one(
    tmp_path: Path, victim: Path, name: str, planted: Planted
) -> None:
    """What has its name goes; a folder, which can't, is named, and what to do with it."""
    path = tmp_path / f"file{name}"
    planted(path, victim)
    if planted is folder:
        with pytest.raises(OSError, match=f"{path}: Is a directory: remove what is there"):
            WRITERS[name](str(path))
    else:
        WRITERS[name](str(path))
    assert victim.read_text() == "kept"
    assert not (tmp_path / "file").is_symlink()


def lock_of_dumps(path: Path) -> None:
    DumpFolder(str(path)).lock()


def lock_of_the_watch(path: Path) -> None:
    MemoryFolder(str(path))


def part(path: Path) -> None:
    PartialFile(str(path), "s3://b/k", "1").open()


def ranges(path: Path) -> None:
    PartialFile(str(path), "s3://b/k", "1").open()


PART = Path(PartialFile("", "s3://b/k", "1").path)
OPENED: dict[Callable[[Path], None], str] = {
    lock_of_dumps: LOCK_NAME,
    lock_of_the_watch: ".lock",
    part: PART.name,
    ranges: PART.with_suffix(".ranges").name,
}


@pytest.mark.parametrize("opened", OPENED)
@pytest.mark.parametrize("planted", PLANTED)
def test_file_that_stays_is_this_users_own(
    tmp_path: Path, victim: Path, opened: Callable[[Path], None], planted: Planted
) -> None:
    """It would be locked for ever by somebody else, or emptied where it is another file, too."""
    path = tmp_path / OPENED[opened]
    planted(path, victim)
    with pytest.raises(OSError, match=f"{path}: .*own: remove what is there"):
        opened(tmp_path)
    assert victim.read_text() == "kept"


@pytest.mark.parametrize("planted", [link, pipe])
def test_memory_that_is_no_file_is_none(tmp_path: Path, victim: Path, planted: Planted) -> None:
    """The watch neither waits for somebody who writes into a pipe, nor reads what is elsewhere."""
    path = tmp_path / "memory.json"
    planted(path, victim)
    memory = MemoryFolder(str(tmp_path))
    assert memory.read() == NONE
    memory.write(NONE, healthy=True)
    assert path.is_file()
    assert not path.is_symlink()
    assert victim.read_text() == "kept"
