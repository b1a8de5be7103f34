"""Rules of files in the scratch folder, which more than one process uses."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from datadump.restore.scratch import open_locked, sweep_parts


def test_leftover_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    """Where room is short: neither what a link leads to nor the link is ours to remove."""
    link = tmp_path / f"restore.{'0' * 16}.part"
    link.symlink_to(tmp_path / "target")
    left = tmp_path / f"restore.{'f' * 16}.part"
    left.touch()
    sweep_parts(str(tmp_path))
    assert list(tmp_path.iterdir()) == [link]


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
