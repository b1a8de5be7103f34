"""Which keys are backups and proofs, whosever, and what of them counts."""

from __future__ import annotations

from itertools import permutations

import pytest
from datadump.backups.proofs import Proofs
from datadump.backups.stored import Limits, Recent, backup_meant, prefix_of
from datadump.s3.bucket import Bucket
from datadump.s3.listing import Stored

BACKUP = "2026-11-23/datadump1.sql.zst.age"


@pytest.mark.parametrize("prefix", ["", "shop/", "hosts/one/shop/", "proofs/", "a/proofs/proofs/"])
def test_backup_and_its_proof_are_of_one_prefix(prefix: str) -> None:
    """Whatever that is called: a proof's key ends in what no backup's does."""
    key = f"{prefix}{BACKUP}"
    proof = Proofs(Bucket(None, "b"), prefix).key_for(key)  # type: ignore[arg-type]
    assert backup_meant(key) == backup_meant(proof) == key
    assert prefix_of(key) == prefix


@pytest.mark.parametrize(
    "key",
    [
        "photos/2026-11-23/1.jpg",
        "shop/2026-11-31/datadump1.sql",
        "shop/2026-11-23/datadump0.sql",
        "shop/2026-11-23/more/datadump1.sql",
        "shop//2026-11-23/datadump1.sql",
        "/2026-11-23/datadump1.sql",
        "../2026-11-23/datadump1.sql",
        "a\nb/2026-11-23/datadump1.sql",
        "shop/2026-11-23/datadump1.sql.json",
        "shop/proofs/x/2026-11-23/datadump1.sql.json",
        "shop/proofs/2026-11-23/notes.json",
        "",
    ],
)
def test_what_no_uploader_and_no_drill_would_write_is_neither(key: str) -> None:
    assert backup_meant(key) == ""


def recent(*days: str, kept: tuple[str, ...] = ()) -> list[str]:
    """What counts of one object for each of these days, from October on or else the newest two."""
    found = Recent(Limits("2026-09-30", 2, kept))
    for number, day in enumerate(days):
        found.add(Stored(day, 1, ""), day, number)
    return [one.key for one in found.newest_first()]


def test_young_objects_count_or_else_some_of_the_newest() -> None:
    """In whichever order they are told; one of a time to come is young."""
    for days in permutations(["2026-10-01", "2026-09-30", "2026-08-01", "9999-01-01"]):
        assert recent(*days) == ["9999-01-01", "2026-10-01"]
    for days in permutations(["2026-09-30", "2026-09-01", "2025-09-30", "2026-01-01"]):
        assert recent(*days) == ["2026-09-30", "2026-09-01"]
    assert recent() == []


def test_what_is_to_be_kept_counts_at_any_age() -> None:
    """The newest of one that is silent, beside another's; once."""
    old = "2025-01-01"
    assert recent("2026-10-01", "2026-09-01", old, kept=(old,)) == ["2026-10-01", old]
    assert recent("2026-09-02", "2026-09-01", old, kept=(old,)) == ["2026-09-02", "2026-09-01", old]
    assert recent("2026-10-01", old, kept=("2026-10-01",)) == ["2026-10-01"]
