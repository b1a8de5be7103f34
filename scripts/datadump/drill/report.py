"""What a drill found, as a table for a person."""

from __future__ import annotations

from datadump.drill.comparison import Finding, Outcome
from datadump.ground.terminal import aligned, printable


def as_outcome(outcome: Outcome) -> str:
    """The table of what a drill found of each object, and its verdict."""
    rows = [("KIND", "NAME", "ROWS", "RESULT"), *map(finding_row, outcome.findings)]
    lines = aligned(rows) if outcome.findings else []
    lines += map(printable, outcome.notes)
    lines.append(f"FAILED: {printable(outcome.reason)}" if outcome.reason else "verified")
    return "\n".join(lines)


def finding_row(finding: Finding) -> tuple[str, ...]:
    """The cells of one object's line in the table of a drill; only tables have rows."""
    kind, name = finding.name
    rows = f"{finding.rows:,}" if kind == "table" else "-"
    return kind, name, rows, finding.result
