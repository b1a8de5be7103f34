"""How the answers of a store are read."""

from __future__ import annotations

import pytest
from datadump.ground.terminal import human_size


@pytest.mark.parametrize(
    ("size", "expected"),
    [(0, "0 B"), (1023, "1,023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"),
     (1024**2 - 1, "1.0 MiB"), (5 * 1024**3, "5.0 GiB"), (3000 * 1024**4, "3,000.0 TiB")],
)  # fmt: skip
def test_sizes_are_in_the_unit_that_fits(size: int, expected: str) -> None:
    """Never 1024.0 of one."""
    assert human_size(size) == expected
