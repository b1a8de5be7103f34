"""Rules of files in the scratch folder, which more than one process uses."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from datadump.restore.scratch import PartialFile, locked_folder, open_locked, sweep_parts


def test_leftover_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    """Where room is short: neither what a link leads to nor the link is ours to remove."""
    link = tmp_path / f"restore.{'0' * 16}.part"
    link.symlink_to(tmp_path / "target")
    left = tmp_path / f"restore.{'f' * 16}.part"
    left.touch()
    sweep_parts(str(tmp_path))
    assert list(tmp_path.iterdir()) == [link]


def test_name_of_a_file_is_not_made_of_its_key(tmp_path: Path) -> None:
    """Which may lead elsewhere, be of any length, or differ from another in the case alone."""
    keys = ["../../etc/x", "/abs", "a\0b", "k" * 5000, "Key", "key", "\x1b[2J"]
    paths = {Path(PartialFile(str(tmp_path), f"s3://b/{key}", "1").path) for key in keys}
    assert len(paths) == len(keys)
    assert {path.parent for path in paths} == {tmp_path}
    assert max(len(path.name) for path in paths) < 30


def test_what_is_no_folder_of_a_drill_is_left_alone(tmp_path: Path) -> None:
    """A link to a folder of somebody's, or a pipe, which nobody ever writes into."""
    target = tmp_path / "target"
    target.mkdir()
    (target / "kept").touch()
    (tmp_path / "drill.link").symlink_to(target)
    os.mkfifo(tmp_path / "drill.pipe")
    (tmp_path / "drill.left").mkdir()
    with locked_folder(str(tmp_path), "drill."):
        assert not (tmp_path / "drill.left").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"target", "drill.link", "drill.pipe"}
    assert (target / "kept").exists()


def test_lock_is_on_the_file_that_has_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its last owner may remove it just before he lets it go."""
    path = tmp_path / "file"
    path.touch()
    unlinks = iter([path.unlink])
    monkeypatch.setattr("fcntl.flock", lambda *_: next(unlinks, lambda: None)())
    descriptor = open_locked(str(path))
    assert os.fstat(descriptor).st_ino == path.stat().st_ino
    os.close(descriptor)
