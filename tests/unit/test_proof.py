"""What counts as a proof."""

import json
from typing import Any

import pytest
from datadump.proof import Proof, encode, parse

PROOF = Proof(
    "2026-11-23/datadump1.sql", "d", "e", False, "João's row differs", "2026-11-29T04:00:00-03:00",
    {"tables": 26},
)  # fmt: skip


def test_proof_is_read_as_it_was_written() -> None:
    """With plain names."""
    assert parse(encode(PROOF)) == PROOF
    assert json.loads(encode(PROOF)) == {
        "key": "2026-11-23/datadump1.sql", "dump-id": "d", "etag": "e", "verified": False,
        "reason": "João's row differs", "at": "2026-11-29T04:00:00-03:00",
        "numbers": {"tables": 26},
    }  # fmt: skip


CHANGES: list[dict[str, Any]] = [
    {"key": 1}, {"etag": None}, {"reason": []}, {"verified": "yes"}, {"numbers": 26},
    {"at": "today"}, {"at": 20261129},
]  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff", b"[]", b"{}", b"1", b"[" * 100_000, encode(PROOF)[:-5],
     *(encode(PROOF._replace(**change)) for change in CHANGES)],
)  # fmt: skip
def test_anything_else_is_none(content: bytes) -> None:
    """Whatever somebody put there."""
    assert parse(content) is None
