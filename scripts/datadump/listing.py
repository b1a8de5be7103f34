"""The backups of a bucket, as a table for a person or as JSON for a program."""

from __future__ import annotations

import json
from typing import Any

from datadump.catalogue import Details, Newest
from datadump.drill import Finding, Outcome
from datadump.progress import human_size, printable
from datadump.proof import Proof

HEADER = ("KEY", "SIZE", "DUMPED AT", "DATABASE", "PROOF")
NUMBERS = {"SIZE", "ROWS"}


def as_table(newest: Newest, place: str) -> str:
    """Aligned columns, and a line about what isn't shown."""
    if not newest.backups:
        return f"there are no backups in {place}"
    lines = aligned([HEADER, *map(row, newest.backups)])
    if newest.more:
        lines.append(f"these are the newest {len(newest.backups)}: --limit N shows more")
    return "\n".join(lines)


def row(backup: Details) -> tuple[str, ...]:
    """The cells of one backup."""
    return (
        backup.key,
        human_size(backup.size),
        backup.dumped_at or "-",
        backup.database or "-",
        verdict(backup.proof),
    )


def aligned(rows: list[tuple[str, ...]]) -> list[str]:
    """The cells in columns, as far as they can be printed; the first row is their heads."""
    rows = [tuple(map(printable, cells)) for cells in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(padded, cells, widths, rows[0])).rstrip() for cells in rows]


def padded(cell: str, width: int, head: str) -> str:
    """Numbers stand at the right of their column."""
    return cell.rjust(width) if head in NUMBERS else cell.ljust(width)


def verdict(proof: Proof | None) -> str:
    """``verified 2026-11-23``, ``FAILED 2026-11-23``, or ``-`` where no drill has tried it."""
    if proof is None:
        return "-"
    return f"{'verified' if proof.verified else 'FAILED'} {proof.at[:10]}"


def as_json(newest: Newest) -> str:
    """A list of objects, with null for what isn't known."""
    return json.dumps(list(map(plain, newest.backups)), indent=2)


def plain(backup: Details) -> dict[str, Any]:
    """One backup, by the names that its metadata has."""
    values = {name.replace("_", "-"): value for name, value in backup._asdict().items()}
    proof = backup.proof.as_plain() if backup.proof else None
    return {name: None if value == "" else value for name, value in values.items()} | {
        "proof": proof
    }


def as_outcome(outcome: Outcome) -> str:
    """What a drill found of each object, and its verdict."""
    rows = [("KIND", "NAME", "ROWS", "RESULT"), *map(finding_row, outcome.findings)]
    lines = aligned(rows) if outcome.findings else []
    if outcome.note:
        lines.append(printable(outcome.note))
    lines.append(f"FAILED: {printable(outcome.reason)}" if outcome.reason else "verified")
    return "\n".join(lines)


def finding_row(finding: Finding) -> tuple[str, ...]:
    """The cells of one object; only tables have rows."""
    kind, name = finding.name
    rows = f"{finding.rows:,}" if kind == "table" else "-"
    return kind, name, rows, finding.result
