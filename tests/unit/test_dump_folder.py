"""Rules of the folder that dumps wait in."""

import os
from pathlib import Path

import pytest
from datadump.dump_folder import (
    ROOM_FOR_PREFIX,
    Destination,
    Dump,
    DumpFolder,
    escape,
    parse_taken,
    taken_name,
)

DUMP_ID = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def folder(tmp_path: Path) -> DumpFolder:
    """An empty folder."""
    return DumpFolder(str(tmp_path))


def write(folder: DumpFolder, name: str, content: str = "dump", mtime: float = 1000) -> Dump:
    """A dump that waits."""
    path = Path(folder.path, name)
    path.write_text(content)
    os.utime(path, (mtime, mtime))
    return Dump(name)


def names(folder: DumpFolder) -> list[str]:
    """What is in the folder."""
    return sorted(os.listdir(folder.path))


@pytest.mark.parametrize(
    "key",
    [
        "2026-11-23/datadump1.sql",
        "a b/%2F/é.sql/2026-11-23/datadump12.sql.zst",
        "x.y/datadump3.sql.gz",
    ],
)
def test_name_of_a_dump_on_its_way_says_where_it_goes(key: str) -> None:
    """Bucket, key and dump-id come back as they were."""
    name = taken_name(DUMP_ID, f"my.bucket/{key}")
    assert parse_taken(name) == Dump(name, DUMP_ID, Destination("my.bucket", key))


def test_longest_note_fits_into_a_file_name() -> None:
    """Longest bucket and prefix, a seven-digit number: 255 bytes at most."""
    prefix = "é" * (ROOM_FOR_PREFIX // 2)
    assert len(escape(prefix).encode()) == ROOM_FOR_PREFIX
    name = taken_name(DUMP_ID, f"{'b' * 63}/{prefix}/2026-11-23/datadump1234567.sql.zst")
    assert len(name.encode()) <= 255


def test_taken_dumps_come_first_and_each_kind_oldest_first(folder: DumpFolder) -> None:
    """What an earlier tick began is finished before anything new."""
    write(folder, "datadump.sql", mtime=3000)
    write(folder, "datadump.sql.gz", mtime=2000)
    write(folder, taken_name(DUMP_ID, "datadump.sql.zst"), mtime=5000)
    write(folder, taken_name(DUMP_ID, "b/2026-11-23/datadump1.sql"), mtime=4000)
    write(folder, ".database_dump.x")
    write(folder, "datadump.sql.bak")
    assert [dump.finished_name for dump in folder.pending()] == [
        "datadump.sql",
        "datadump.sql.zst",
        "datadump.sql.gz",
        "datadump.sql",
    ]


def test_only_regular_files_are_dumps(folder: DumpFolder) -> None:
    """Neither a folder nor a link under a dump's name is shipped."""
    Path(folder.path, "datadump.sql").mkdir()
    Path(folder.path, "datadump.sql.gz").symlink_to("/etc/passwd")
    assert folder.pending() == []


def test_dump_given_back_shows_under_its_name(folder: DumpFolder) -> None:
    """Nothing was sent: no note stays."""
    taken = folder.take(write(folder, "datadump.sql.zst"), DUMP_ID)
    assert names(folder) == [taken.name]
    folder.give_back(taken)
    assert names(folder) == ["datadump.sql.zst"]


def test_dump_given_back_never_replaces_a_newer_one(folder: DumpFolder) -> None:
    """Both stay."""
    taken = folder.take(write(folder, "datadump.sql", "old"), DUMP_ID)
    write(folder, "datadump.sql", "new")
    folder.give_back(taken)
    contents = [Path(folder.path, dump.name).read_text() for dump in folder.pending()]
    assert contents == ["old", "new"]


def test_note_of_a_destination_outlives_a_failure(folder: DumpFolder) -> None:
    """The dump waits under its name, and the next tick knows where its object may be."""
    taken = folder.take(write(folder, "datadump.sql"), DUMP_ID)
    bound = folder.bind(taken, Destination("bucket", "2026-11-23/datadump1.sql"))
    folder.give_back(bound)
    assert names(folder) == sorted([bound.name, "datadump.sql"])
    assert folder.pending()[0] == bound
    folder.take_again(bound)
    assert names(folder) == [bound.name]


def test_only_one_process_has_the_folder(folder: DumpFolder) -> None:
    """A second one is told so, without waiting."""
    assert folder.lock()
    assert not DumpFolder(folder.path).lock()
