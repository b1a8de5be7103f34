"""What the watch has to look at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.programs import Workplace
from support.store import Store


@pytest.fixture(scope="session")
def store(stores: Callable[[str], Store]) -> Store:
    """One is enough: what differs between stores is tried below the watch."""
    return stores("seaweedfs-http")


@pytest.fixture
def work(uploads: Workplace, tmp_path: Path) -> Workplace:
    """With a backup that has arrived just now."""
    (tmp_path / "watch").mkdir()
    uploads.settings["WATCH_DIR"] = str(tmp_path / "watch")
    (uploads.dumps / "datadump.sql").write_bytes(b"dump")
    assert uploads.tick().returncode == 0
    return uploads
