"""What counts as a proof."""

import json
from typing import Any

import pytest
from datadump.backups.catalogue import Backup, Newest
from datadump.backups.listing import as_json, as_table
from datadump.backups.proofs import Proof, encode, parse

PROOF = Proof(
    "2026-11-23/datadump1.sql", "d", "e", False, "João's row differs", "2026-11-29T04:00:00-03:00",
    {"tables": 26}, {"fetch": 0.5, "load": 17.0},
)  # fmt: skip


def test_proof_is_read_as_it_was_written() -> None:
    """With plain names."""
    assert parse(encode(PROOF)) == PROOF
    assert json.loads(encode(PROOF)) == {
        "key": "2026-11-23/datadump1.sql", "dump-id": "d", "etag": "e", "verified": False,
        "reason": "João's row differs", "at": "2026-11-29T04:00:00-03:00",
        "numbers": {"tables": 26}, "seconds": {"fetch": 0.5, "load": 17.0},
    }  # fmt: skip


def test_proof_of_before_drills_were_timed_counts() -> None:
    """It says nothing of that."""
    plain = json.loads(encode(PROOF))
    del plain["seconds"]
    assert parse(json.dumps(plain).encode()) == PROOF._replace(seconds={})


@pytest.mark.parametrize("text", ["\ud800", "\x1b[2J", "\0", "x" * 500_000])
def test_any_text_that_a_proof_has_can_be_listed(text: str) -> None:
    """Its characters are the concern of whoever prints it."""
    odd = PROOF._replace(reason=text, numbers={text[:9]: 1})
    proof = parse(encode(odd))
    text = text[:1024]  # longer than any of ours
    assert proof == odd._replace(reason=text)
    backup = Backup("k", 1, "e", "", "", "d", "", proof)
    assert as_table(Newest([backup], more=False), "").endswith("FAILED 2026-11-29")
    assert json.loads(as_json(Newest([backup], more=False)))[0]["proof"]["reason"] == text


CHANGES: list[dict[str, Any]] = [
    {"key": 1}, {"etag": None}, {"reason": []}, {"verified": "yes"}, {"numbers": 26},
    {"at": "today"}, {"at": 20261129}, {"at": "2026-11-29T04:00:0\ud800"}, {"verified": 1},
    {"numbers": {"rows": "1"}}, {"numbers": {"rows": True}}, {"numbers": {"rows": float("nan")}},
    {"seconds": 1}, {"seconds": {"load": "1"}}, {"seconds": {"load": float("inf")}},
    {"numbers": {"rows": -1}}, {"numbers": {"rows": 2**63}}, {"numbers": {"x" * 2000: 1}},
    {"numbers": dict.fromkeys(map(str, range(200)), 1)}, {"seconds": {"load": 1e300}},
    {"seconds": {"load": 10**400}}, {"seconds": {"load": -0.5}}, {"key": "k" * 2000},
    {"at": f"2026-11-29T04:00:00.{'1' * 5000}"},
    {"seconds": {"load": True}}, {"numbers": {"rows": None}}, {"numbers": {"rows": {"of": 1}}},
]  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff", b"[]", b"{}", b"1", b"[" * 100_000, encode(PROOF)[:-5],
     *(encode(PROOF._replace(**change)) for change in CHANGES),
     *(encode(PROOF).replace(b" 26\n", value) for value in (b"9" * 5000, b"[" * 600 + b"]" * 600)),
     encode(PROOF).decode().encode("utf-16")[:-1]],
)  # fmt: skip
def test_anything_else_is_none(content: bytes) -> None:
    """Whatever somebody put there."""
    assert parse(content) is None
