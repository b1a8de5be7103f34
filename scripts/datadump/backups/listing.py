"""The backups of a bucket, as a table for a person or as JSON for a program."""

from __future__ import annotations

import json
from typing import Any

from datadump.backups.catalogue import Backup, Newest
from datadump.backups.proofs import Proof
from datadump.ground.terminal import aligned, human_size

HEADER = ("KEY", "SIZE", "DUMPED AT", "DATABASE", "PROOF")


def as_table(newest: Newest, place: str) -> str:
    """The backups in aligned columns, and a line about what isn't shown; ``place``: where from."""
    if not newest.backups:
        return f"there are no backups in {place}"
    lines = aligned([HEADER, *map(row, newest.backups)])
    if newest.more:
        lines.append(f"these are the newest {len(newest.backups)}: --limit N shows more")
    return "\n".join(lines)


def row(backup: Backup) -> tuple[str, ...]:
    """The cells of one backup in the table of them."""
    return (
        backup.key,
        human_size(backup.size),
        backup.dumped_at or "-",
        backup.database or "-",
        verdict(backup.proof),
    )


def verdict(proof: Proof | None) -> str:
    """``verified 2026-11-23``, ``FAILED 2026-11-23``, or ``-`` where there is no proof."""
    if proof is None:
        return "-"
    return f"{'verified' if proof.verified else 'FAILED'} {proof.at[:10]}"


def as_json(newest: Newest) -> str:
    """The backups as a JSON list of objects, with null for what isn't known."""
    return json.dumps(list(map(plain, newest.backups)), indent=2)


def plain(backup: Backup) -> dict[str, Any]:
    """One backup as JSON has it, by the names that its metadata has."""
    values = {name.replace("_", "-"): value for name, value in backup._asdict().items()}
    proof = backup.proof.as_plain() if backup.proof else None
    return {name: None if value == "" else value for name, value in values.items()} | {
        "proof": proof
    }
