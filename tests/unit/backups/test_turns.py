"""Moments, as metadata and proofs tell them."""

import pytest
from datadump.backups.turns import moment


@pytest.mark.parametrize(
    "text", ["", "today", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]
)
def test_moment_that_no_calendar_has_is_none(text: str) -> None:
    """Whoever may write into the bucket can't end a watch or a prune by it."""
    assert moment(text) == 0


def test_moment_knows_its_zone() -> None:
    assert moment("2026-11-23T03:00:00-03:00") == moment("2026-11-23T06:00:00+00:00")
