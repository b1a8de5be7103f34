"""Folders on file systems that can't do all that a local disk can, and disks without room.

What this machine may be unable to mount is had by system calls that fail as they do there.
"""

from __future__ import annotations

import errno
import re
from pathlib import Path

import pytest
from support.mariadb import Server
from support.programs import Workplace, small_disk, stand_in
from support.shop import DATABASE
from support.system_calls import failing_calls

COMPLETED = ["database dump completed"]
NOT_SYNCED = "warning: not synced to the disk, since this file system can not do that: "


@pytest.mark.parametrize("error", [errno.EINVAL, errno.ENOTSUP, errno.ENOSYS])
def test_file_system_that_cannot_sync_is_tolerated_with_one_warning(
    dumps: Workplace, tmp_path: Path, error: int
) -> None:
    """CIFS, FUSE, some NAS; the guard that syncs as the dump grows goes on as well."""
    result = dumps.dump(**failing_calls(tmp_path, fsync=error))
    assert (result.returncode, dumps.messages()) == (0, COMPLETED)
    (warning,) = result.stderr.splitlines()
    assert warning.startswith(f"{NOT_SYNCED}sync: error syncing '{dumps.dumps}")
    assert list(dumps.files()) == ["datadump.sql"]


def test_disk_error_at_a_sync_fails_the_dump(dumps: Workplace, tmp_path: Path) -> None:
    """It names the file; what waits stays."""
    (dumps.dumps / "datadump.sql").write_text("old")
    assert dumps.dump(**failing_calls(tmp_path, fsync=errno.EIO)).returncode == 1
    (message,) = dumps.messages()
    assert f"error syncing '{dumps.dumps}/.database_dump." in message
    assert message.endswith("Input/output error")
    assert dumps.files() == {"datadump.sql": b"old"}


def test_folder_that_the_disk_has_an_error_for_gets_no_dump(
    dumps: Workplace, tmp_path: Path
) -> None:
    """It isn't known then whether the new name is on the disk; the older dump is there still."""
    (dumps.dumps / "datadump.sql").write_text("old")
    failure = f"echo \"sync: error syncing '{dumps.dumps}': Input/output error\" >&2; exit 1"
    others = f'[[ ${{@: -1}} == "{dumps.dumps}" ]] || exec "$real" "$@"'
    path = stand_in(tmp_path / "bin", "sync", f"{others}\n{failure}")
    assert dumps.dump(PATH=path).returncode == 1
    assert list(dumps.files().values()) == [b"old"]
    reason = f"sync: error syncing '{dumps.dumps}': Input/output error"
    assert dumps.messages() == [f"database dump failed: {reason}"]


@pytest.mark.parametrize(
    "errors", [{}, {"renameat2": errno.EINVAL}], ids=["no replacing", "no such rename"]
)
@pytest.mark.parametrize("error", [errno.EPERM, errno.ENOTSUP])
def test_file_system_without_hard_links_gets_the_dump(
    dumps: Workplace, tmp_path: Path, error: int, errors: dict[str, int]
) -> None:
    """FAT, CIFS: it is renamed, and nothing is replaced either."""
    (dumps.dumps / "datadump.sql").write_text("old")
    result = dumps.dump(**failing_calls(tmp_path, linkat=error, **errors))
    assert (result.returncode, result.stderr, dumps.messages()) == (0, "", COMPLETED)
    taken, finished = dumps.files().values()
    assert taken == b"old"
    assert b"-- Dump completed" in finished


def test_time_that_cannot_be_set_is_a_warning(dumps: Workplace, tmp_path: Path) -> None:
    """A mount that belongs to another user: the dump has the time of its end."""
    result = dumps.dump(**failing_calls(tmp_path, utimensat=errno.EPERM))
    assert (result.returncode, dumps.messages()) == (0, COMPLETED)
    assert re.fullmatch(f"warning: .*{dumps.dumps}/.database_dump.*not permitted\n", result.stderr)


@pytest.mark.parametrize("error", [errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS])
def test_file_system_without_locks_fails_the_dump_with_the_remedy(
    dumps: Workplace, tmp_path: Path, error: int
) -> None:
    """NFS without its lock service; the line names the file."""
    assert dumps.dump(**failing_calls(tmp_path, flock=error)).returncode == 1
    (message,) = dumps.messages()
    assert message.endswith(
        f": the file system of {dumps.dumps}/.database_dump_lock knows no locks: "
        "let DUMPS_DIR be on a local disk"
    )
    assert dumps.files() == {}


def test_lock_is_one_that_nfs_takes(dumps: Workplace, tmp_path: Path) -> None:
    """On a file that is open to write."""
    dumps.dump(**failing_calls(tmp_path), NFS_LOCKS="yes")
    assert dumps.messages() == COMPLETED


@pytest.mark.parametrize("compression", ["none", "zstd", "gzip"])
def test_disk_without_room_is_told_with_its_numbers(
    dumps: Workplace, server: Server, compression: str
) -> None:
    """The folder, what is free, what this dump took and the last one, and the program's words."""
    rows = "SELECT SHA2(seq, 512) a, SHA2(-seq, 512) b FROM seq_1_to_8000"
    server.query(f"CREATE OR REPLACE TABLE big AS {rows}", DATABASE)
    try:
        with small_disk(dumps.dumps, "512k"):
            (dumps.dumps / "datadump.sql").write_bytes(b"x" * 20480)
            assert dumps.dump(DUMP_COMPRESSION=compression).returncode == 1
            assert list(dumps.files()) == ["datadump.sql"]
    finally:
        server.query("DROP TABLE big", DATABASE)
    (message,) = dumps.messages()
    number = r"[0-9]+(\.[0-9])? ([KM]i)?B"
    assert re.fullmatch(
        f"database dump failed: no room in {dumps.dumps}: {number} are free, and the dump took "
        rf"{number} until then \(the last one 20\.0 KiB\): .*: No space left on device.*",
        message,
    )
