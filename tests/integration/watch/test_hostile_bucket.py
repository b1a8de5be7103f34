"""What somebody else wrote into the bucket, metadata, proofs and keys, is text of bounded size."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.programs import Workplace, today
from support.store import Store

SEQUENCES = "\x1b]0;title\x07\u202e"
PROOF = {
    "dump-id": "", "verified": False, "reason": "it is gone", "at": "2026-11-29T04:00:00-03:00",
    "numbers": {"rows": 1}, "seconds": {"load": 1.0},
}  # fmt: skip
PROOFS: list[dict[str, Any]] = [
    {"reason": SEQUENCES * 50_000},
    {"at": "9999-12-31T23:59:59-23:59"},
    {"at": "0001-01-01T00:00:00+23:59", "numbers": {SEQUENCES: 1}},
    {"seconds": {"load": 10**400, "fetch": 1e308}, "verified": True},
    {"numbers": {"rows": 10**4000}, "verified": True},
    {"numbers": dict.fromkeys(map(str, range(50_000)), 1)},
]
METADATA = [
    {"dumped-at": "9999-12-31T23:59:59-23:59", "database": "%1B%5D0;title%07%E2%80%AE"},
    {"dumped-at": "0001-01-01T00:00:00+23:59", "sha256": "x" * 1500},
    {"dumped-at": "x" * 1500},
    {"dump-id": "d" * 1500},
    {"dumped-at": "2026-11-23T03:38:27-03:00", "database": "%00%0A%7F"},
    {},
]


@pytest.fixture
def hostile(work: Workplace, store: Store, bucket: str, tmp_path: Path) -> Workplace:
    """A backup with a proof for each of these, and keys that lead elsewhere."""
    status = tmp_path / "status"
    status.mkdir()
    work.settings["STATUS_DIR"] = str(status)
    for number, (metadata, proof) in enumerate(zip(METADATA, PROOFS, strict=True), 2):
        key = f"{today()}/datadump{number}.sql"
        store.put(bucket, key, b"dump", **metadata)
        etag = store.client().head_object(Bucket=bucket, Key=key)["ETag"].strip('"')
        content = PROOF | {"key": key, "etag": etag} | proof
        store.put(bucket, f"proofs/{key}.json", json.dumps(content).encode())
    store.put(bucket, f"{today()}/datadump9999999999999999999.sql")
    store.put(bucket, f"\x1b[2J/{today()}/datadump1.sql")
    return work


def test_whatever_is_in_the_bucket_is_shown_as_text(hostile: Workplace, tmp_path: Path) -> None:
    """No command ends in an error of its own, nor does a terminal get what it would obey.

    Some moments have no day in one of the zones.
    """
    for told in (
        hostile.restore("--list", TZ="Pacific/Kiritimati"),
        hostile.restore("--list", "--json"),
        hostile.watch(TZ="Pacific/Kiritimati", PROOF_MAX_AGE="1d"),
        hostile.watch("--json", TZ="Pacific/Pago_Pago"),
        hostile.watch("--all-prefixes", TZ="Pacific/Kiritimati"),
        hostile.watch("--all-prefixes", "--json", TZ="Pacific/Pago_Pago"),
        hostile.prune("--dry-run", KEEP_DAILY="2", TZ="Pacific/Pago_Pago"),
    ):
        assert told.returncode in {0, 1}
        assert "unexpected" not in told.stdout + told.stderr
        assert [c for c in told.stdout + told.stderr if not c.isprintable() and c != "\n"] == []
        assert len(told.stdout) < 30_000
    for path in (tmp_path / "status").iterdir():
        text = path.read_text()
        assert [c for c in text if not c.isprintable() and c != "\n"] == []
        assert len(text) < 60_000
    assert [name for name in hostile.messages() if "unexpected" in name] == []
