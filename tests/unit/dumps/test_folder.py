"""Rules of the folder that dumps wait in."""

import errno
import os
import socket
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
from datadump.dumps.folder import DumpFolder, require_readable
from datadump.dumps.taken import Destination, TakenDump, parse_taken
from datadump.ground.names import ROOM_FOR_PREFIX, SUFFIXES, escape
from datadump.s3.keys import is_dump_key

DUMP_ID = "0123456789abcdef0123456789abcdef"
OTHER_ID = "f" * 32


@pytest.fixture
def folder(tmp_path: Path) -> DumpFolder:
    """An empty folder."""
    return DumpFolder(str(tmp_path))


def write(folder: DumpFolder, name: str, content: str = "dump", mtime: float = 1000) -> str:
    """Write a file of the folder; returns its name."""
    path = Path(folder.path_of(name))
    path.write_text(content)
    os.utime(path, (mtime, mtime))
    return name


def files(folder: DumpFolder) -> dict[str, str]:
    """What is in the folder."""
    return {path.name: path.read_text() for path in sorted(Path(folder.path_of("")).iterdir())}


@pytest.mark.parametrize(
    "key",
    [
        "2026-11-23/datadump1.sql",
        "a b/%2F/é.sql/2026-11-23/datadump12.sql.zst",
        "x.datadump/datadump3.sql.gz",
        "datadump.sql",
    ],
)
def test_name_of_a_taken_dump_says_where_it_goes(key: str) -> None:
    """Bucket, key, dump-id, time and mark of the upload come back as they were."""
    finished_name = "datadump.sql" + key.rpartition(".sql")[2]
    dump = TakenDump(DUMP_ID, finished_name, Destination("my.bucket", key), 1_800_000_000, 7)
    assert parse_taken(dump.name) == dump


def test_name_of_a_taken_dump_without_destination_comes_back() -> None:
    """It was taken, and nothing sent."""
    dump = TakenDump(DUMP_ID, "datadump.sql.gz")
    assert parse_taken(dump.name) == dump


@pytest.mark.parametrize(
    "name",
    [
        ".send-to-s3.swp",
        f".send-to-s3.{DUMP_ID}.datadump.sql.swp",
        f".send-to-s3.{DUMP_ID[1:]}.datadump.sql",
        f".send-to-s3.{DUMP_ID.upper()}.datadump.sql",
        f".send-to-s3.{DUMP_ID}",
        f".send-to-s3.{DUMP_ID}.b%2F2026-11-23%2Fdatadump1.sql",
        f".send-to-s3.{DUMP_ID}.{'0' * 16}.b%2F2026-11-23%2Fdatadump1.sql.swp",
        ".database_dump.aBcDeF",
    ],
)
def test_files_of_others_are_no_dumps(name: str) -> None:
    """An editor's, a copying tool's, the dump side's."""
    assert parse_taken(name) is None


def test_longest_note_fits_into_a_file_name() -> None:
    """Longest bucket, prefix, number and suffix, of one of several."""
    prefix = "é" * (ROOM_FOR_PREFIX // 2)
    assert len(escape(prefix).encode()) == ROOM_FOR_PREFIX
    folder = "學" * 64
    keys = [f"{prefix}/{folder}/2026-11-23/datadump{10**8 - 1}{suffix}" for suffix in SUFFIXES]
    assert all(map(is_dump_key, keys))
    dumps = [
        TakenDump(DUMP_ID, f"datadump{suffix}", Destination("b" * 63, key), 2**32 - 1, 1, folder)
        for key, suffix in zip(keys, SUFFIXES, strict=True)
    ]
    assert max(len(dump.name.encode()) for dump in dumps) == 255
    assert [parse_taken(dump.name, folder) for dump in dumps] == dumps


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("shop/2026-11-23/datadump1.sql", "b%2F%2F2026-11-23%2Fdatadump1.sql"),
        ("a/shop/2026-11-23/datadump1.sql", "b%2Fa%2F%2F2026-11-23%2Fdatadump1.sql"),
        ("myshop/2026-11-23/datadump1.sql", "b%2Fmyshop%2F2026-11-23%2Fdatadump1.sql"),
        ("shop/shop/2026-11-23/datadump1.sql", "b%2Fshop%2F%2F2026-11-23%2Fdatadump1.sql"),
        ("2026-11-23/datadump1.sql", "b%2F2026-11-23%2Fdatadump1.sql"),
        ("datadump.sql", "b%2Fdatadump.sql"),
    ],
)
def test_note_leaves_its_folder_s_own_name_out(key: str, told: str) -> None:
    """And nothing else: what was noted in a folder that was the only one is whole."""
    dump = TakenDump(DUMP_ID, "datadump.sql", Destination("b", key), 1, 2, "shop")
    assert dump.name.rpartition(".sql")[0].rpartition(".")[2] + ".sql" == told
    assert parse_taken(dump.name, "shop") == dump
    whole = TakenDump(DUMP_ID, "datadump.sql", Destination("b", key), 1, 2)
    assert parse_taken(whole.name, "shop") == dump


def pending(folder: DumpFolder) -> list[str]:
    """The names of what there is to upload, in order."""
    return [dump.name for dump in folder.pending()]


def test_pending_dumps_are_oldest_first(folder: DumpFolder) -> None:
    """Whatever their suffixes, and whether they wait, were taken, or are noted; then by name."""
    noted = TakenDump(DUMP_ID, "datadump.sql", Destination("b", "2026-11-23/datadump1.sql"))
    plain, same = TakenDump(OTHER_ID, "datadump.sql.zst"), TakenDump("e" * 32, "datadump.sql.zst")
    write(folder, noted.name, mtime=4000)
    write(folder, "datadump.sql", mtime=3000)
    write(folder, plain.name, mtime=2000)
    write(folder, same.name, mtime=2000)
    write(folder, "datadump.sql.gz", mtime=1000)
    write(folder, ".database_dump.x")
    write(folder, "datadump.sql.bak")
    assert pending(folder) == [
        "datadump.sql.gz", same.name, plain.name, "datadump.sql", noted.name,
    ]  # fmt: skip
    assert [dump.taken for dump in folder.pending()] == [None, same, plain, None, noted]


@pytest.mark.parametrize("shown", range(3))
def test_dump_that_shows_after_a_failure_keeps_its_turn(folder: DumpFolder, shown: int) -> None:
    """There is one name for several: whichever has it, the oldest is first."""
    names = [
        write(folder, TakenDump(f"{n}" * 32, "datadump.sql").name, str(n), n) for n in range(3)
    ]
    dump = parse_taken(names[shown])
    assert dump
    folder.show(dump)
    names[shown] = "datadump.sql"
    assert pending(folder) == names


def test_dump_that_goes_while_the_folder_is_read_is_none(
    folder: DumpFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dump side made room, or handed it over: here after its name was read."""
    write(folder, "datadump.sql")
    kept = write(folder, "datadump.sql.gz")
    with os.scandir(folder.path_of("")) as entries:
        read = list(entries)
    os.unlink(folder.path_of("datadump.sql"))
    monkeypatch.setattr(os, "scandir", lambda _: nullcontext(read))
    assert pending(folder) == [kept]


def test_copies_with_one_id_and_one_time_are_dumps(folder: DumpFolder) -> None:
    """A person made one by cp -p, say, with a destination or without."""
    noted = TakenDump(DUMP_ID, "datadump.sql", Destination("b", "2026-11-23/datadump1.sql"))
    plain = TakenDump(DUMP_ID, "datadump.sql")
    write(folder, noted.name)
    write(folder, plain.name)
    assert set(pending(folder)) == {noted.name, plain.name}


def test_inode_numbers_of_the_folder_itself_are_not_trusted(folder: DumpFolder) -> None:
    """Some mounts tell the same one for all files there: each is a dump all the same."""
    write(folder, "datadump.sql", mtime=1000)
    write(folder, "datadump.sql.gz", mtime=2000)
    with os.scandir(folder.path_of("")) as entries:
        same = [SimpleNamespace(name=e.name, is_file=e.is_file, stat=e.stat) for e in entries]
    for entry in same:
        entry.inode = lambda: 2**32 - 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "scandir", lambda _: nullcontext(same))
        assert pending(folder) == ["datadump.sql", "datadump.sql.gz"]


def make_socket(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path)


@pytest.mark.parametrize(
    ("make", "kind"),
    [(os.mkdir, "a folder"), (lambda path: os.symlink("/etc/passwd", path), "a link"),
     (os.mkfifo, "no file"), (make_socket, "no file")],
)  # fmt: skip
def test_what_has_a_dumps_name_and_is_no_file_is_said(
    folder: DumpFolder, make: Callable[[str], None], kind: str
) -> None:
    """It is there to be uploaded, so no tick is idle; and it never is."""
    path = folder.path_of("datadump.sql")
    make(path)
    assert pending(folder) == ["datadump.sql"]
    with pytest.raises(OSError, match=f"^{path} is {kind}, .*; remove it$"):
        require_readable(path)


def test_dump_without_destination_is_shown_and_no_note_stays(folder: DumpFolder) -> None:
    """After a failure before anything was sent."""
    taken = folder.take(write(folder, "datadump.sql.zst"), DUMP_ID)
    assert list(files(folder)) == [taken.name]
    folder.show(taken)
    assert list(files(folder)) == ["datadump.sql.zst"]


def test_shown_dump_never_replaces_a_newer_one(folder: DumpFolder) -> None:
    """Both stay."""
    taken = folder.take(write(folder, "datadump.sql", "old"), DUMP_ID)
    write(folder, "datadump.sql", "new")
    folder.show(taken)
    assert files(folder) == {taken.name: "old", "datadump.sql": "new"}


@pytest.fixture(params=[errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK])
def without_hard_links(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """FAT and many network mounts can't be had here: the call fails as it does there."""

    def link(old: str, new: str) -> None:
        raise OSError(request.param, os.strerror(request.param), old, None, new)

    monkeypatch.setattr(os, "link", link)


@pytest.mark.usefixtures("without_hard_links")
def test_dump_shows_again_without_hard_links(folder: DumpFolder) -> None:
    """By a rename, where nothing was noted."""
    folder.show(folder.take(write(folder, "datadump.sql"), DUMP_ID))
    assert files(folder) == {"datadump.sql": "dump"}


@pytest.mark.usefixtures("without_hard_links")
def test_shown_dump_replaces_none_without_hard_links(folder: DumpFolder) -> None:
    """The system itself sees to that: the dump side may put a newer one there at any moment."""
    taken = folder.take(write(folder, "datadump.sql", "old"), DUMP_ID)
    write(folder, "datadump.sql", "new")
    folder.show(taken)
    assert files(folder) == {taken.name: "old", "datadump.sql": "new"}


@pytest.mark.usefixtures("without_hard_links")
def test_noted_dump_keeps_its_one_name_without_hard_links(folder: DumpFolder) -> None:
    """The note is worth more than the show; the error says which file it is."""
    taken = folder.take(write(folder, "datadump.sql"), DUMP_ID)
    noted = folder.note(taken, Destination("bucket", "2026-11-23/datadump1.sql"))
    with pytest.raises(OSError, match=noted.name):
        folder.show(noted)
    assert files(folder) == {noted.name: "dump"}


def test_dump_that_is_gone_is_not_shown(folder: DumpFolder) -> None:
    """The dump side dropped it to make room: no failure of ours."""
    folder.show(TakenDump(DUMP_ID, "datadump.sql"))
    assert files(folder) == {}


def test_note_of_a_destination_outlives_a_failure(folder: DumpFolder) -> None:
    """The dump shows under its name, is one dump all the same, and is hidden again in hand."""
    taken = folder.take(write(folder, "datadump.sql"), DUMP_ID)
    noted = folder.note(taken, Destination("bucket", "2026-11-23/datadump1.sql"))
    folder.show(noted)
    assert list(files(folder)) == [noted.name, "datadump.sql"]
    assert pending(folder) == [noted.name]
    folder.hide(noted, OTHER_ID)
    assert list(files(folder)) == [noted.name]


def test_dump_that_a_tick_died_over_hiding_is_one_dump(folder: DumpFolder) -> None:
    """Its destination counts, and its other names go with the next hiding."""
    taken = folder.take(write(folder, "datadump.sql"), DUMP_ID)
    noted = folder.note(taken, Destination("bucket", "2026-11-23/datadump1.sql"))
    spare = TakenDump(OTHER_ID, "datadump.sql")
    os.link(folder.path_of(noted.name), folder.path_of(spare.name))
    assert pending(folder) == [noted.name]
    folder.hide(noted, "e" * 32)
    assert list(files(folder)) == [noted.name]


def test_hiding_a_dump_leaves_a_newer_one_alone(folder: DumpFolder) -> None:
    """What stands under the name is compared, and not removed."""
    taken = folder.take(write(folder, "datadump.sql", "old"), DUMP_ID)
    write(folder, "datadump.sql", "new")
    folder.hide(taken, OTHER_ID)
    assert files(folder) == {taken.name: "old", "datadump.sql": "new"}


def test_newer_dump_that_comes_while_one_is_hidden_is_taken(
    folder: DumpFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may come at any moment: here between the comparison and what follows from it."""
    noted = folder.note(
        folder.take(write(folder, "datadump.sql", "old"), DUMP_ID),
        Destination("bucket", "2026-11-23/datadump1.sql"),
    )
    folder.show(noted)
    newer, lstat = write(folder, ".database_dump.x", "new"), os.lstat

    def watch(path: str) -> os.stat_result:
        status = lstat(path)
        if path.endswith("/datadump.sql") and os.path.exists(folder.path_of(newer)):
            os.replace(folder.path_of(newer), path)
        return status

    monkeypatch.setattr(os, "lstat", watch)
    folder.hide(noted, OTHER_ID)
    spare = TakenDump(OTHER_ID, "datadump.sql")
    assert files(folder) == {noted.name: "old", spare.name: "new"}


def test_note_of_a_clock_that_is_far_ahead_is_one(
    folder: DumpFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its eight digits end in 2106."""
    monkeypatch.setattr("time.time", lambda: 2.0**32 + 5)
    taken = folder.take(write(folder, "datadump.sql"), DUMP_ID)
    noted = folder.note(taken, Destination("bucket", "2106-11-23/datadump1.sql"))
    assert parse_taken(noted.name) == noted


def test_every_step_is_on_disk_before_the_next(
    folder: DumpFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power failure can't be had: what is watched is that the folder is synced, and when."""
    states: list[list[str]] = []
    sync = os.fsync

    def watch(descriptor: int) -> None:
        states.append(list(files(folder)))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", watch)
    taken = folder.take(write(folder, "datadump.sql"), DUMP_ID)
    noted = folder.note(taken, Destination("bucket", "2026-11-23/datadump1.sql"))
    marked = folder.note_upload(noted, 7)
    folder.remove(marked)
    assert states == [[taken.name], [noted.name], [marked.name], []]


def test_only_one_process_has_the_folder(folder: DumpFolder, tmp_path: Path) -> None:
    """A second one is told so, without waiting."""
    assert folder.lock()
    assert not DumpFolder(str(tmp_path)).lock()
    assert pending(folder) == []


def failing(number: int) -> Callable[..., None]:
    """A call of a file system that can't be had here, which fails as it does there."""

    def call(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    return call


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_file_system_without_locks_is_one_line_with_the_remedy(
    folder: DumpFolder, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Which names the file."""
    monkeypatch.setattr("fcntl.flock", failing(number))
    lock = folder.path_of(".send-to-s3.lock")
    with pytest.raises(OSError, match=f"^{lock}: .* knows no locks.*set DUMPS_DIR to a .* local"):
        folder.lock()


def test_folder_that_cannot_be_locked_is_an_error_that_names_the_file(
    folder: DumpFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the reason."""
    monkeypatch.setattr("fcntl.flock", failing(errno.EIO))
    with pytest.raises(OSError, match=r"error: '/.*/\.send-to-s3\.lock'$"):
        folder.lock()


@pytest.mark.parametrize("number", [errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS])
def test_folder_that_knows_no_sync_is_one_warning(
    folder: DumpFolder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: int,
) -> None:
    """However often it would have been synced; what was to be done is."""
    monkeypatch.setattr(os, "fsync", failing(number))
    folder.remove(folder.take(write(folder, "datadump.sql"), DUMP_ID))
    assert files(folder) == {}
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("warning: ")
    assert line.endswith(f": '{tmp_path}'")


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_sync_that_fails_is_an_error_that_names_the_folder(
    folder: DumpFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, number: int
) -> None:
    """The name may not be on the disk."""
    monkeypatch.setattr(os, "fsync", failing(number))
    with pytest.raises(OSError, match=f": '{tmp_path}'$"):
        folder.take(write(folder, "datadump.sql"), DUMP_ID)
