"""The backups of a bucket, as a table for a person or as JSON for a program."""

from __future__ import annotations

import json
from typing import Any

from datadump.catalogue import Details, Newest
from datadump.progress import human_size
from datadump.proof import Proof

HEADER = ("KEY", "SIZE", "DUMPED AT", "DATABASE", "PROOF")
SIZE_COLUMN = 1


def as_table(newest: Newest, place: str) -> str:
    """Aligned columns, and a line about what isn't shown."""
    if not newest.backups:
        return f"there are no backups in {place}"
    rows = [HEADER, *map(row, newest.backups)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [line(cells, widths) for cells in rows]
    if newest.more:
        lines.append(f"these are the newest {len(newest.backups)}: --limit N shows more")
    return "\n".join(lines)


def row(backup: Details) -> tuple[str, ...]:
    """The cells of one backup."""
    return (
        printable(backup.key),
        human_size(backup.size),
        printable(backup.dumped_at) or "-",
        printable(backup.database) or "-",
        verdict(backup.proof),
    )


def line(cells: tuple[str, ...], widths: list[int]) -> str:
    """The cells in columns of these widths."""
    aligned = [
        cell.rjust(width) if column == SIZE_COLUMN else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(aligned).rstrip()


def verdict(proof: Proof | None) -> str:
    """``verified 2026-11-23``, ``FAILED 2026-11-23``, or ``-`` where no drill has tried it."""
    if proof is None:
        return "-"
    return f"{'verified' if proof.verified else 'FAILED'} {printable(proof.at[:10])}"


def printable(text: str) -> str:
    """Metadata may hold what would move a terminal's cursor."""
    return "".join(c if c.isprintable() else "?" for c in text)


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
