"""Faults are tried with every store."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.store import STORES, Store


@pytest.fixture(scope="session", params=STORES)
def store(request: pytest.FixtureRequest, stores: Callable[[str], Store]) -> Store:
    """Each in turn."""
    return stores(request.param)
