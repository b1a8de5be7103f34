"""The store of the way back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.store import Store


@pytest.fixture(scope="session")
def store(stores: Callable[[str], Store]) -> Store:
    """One is enough here: downloads are tried with both, and drills with the other one, too."""
    return stores("seaweedfs-http")
