"""What a look found, as a table for a person or as JSON for a program."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from datadump.ground.terminal import aligned, printable, span
from datadump.sight.seen import PipelineSeen, Seen
from datadump.watch.checks import Check
from datadump.watch.verdict import moment

HEADER = ("STATE", "CHECK", "DATABASE", "SINCE", "WHAT")
VERSION = 1  # of the JSON: higher when a field goes, or means something else


def as_table(checks: Sequence[Check], failing: Mapping[str, float], seen: Seen) -> str:
    """The checks, those that fail first, and how long a restore would take."""
    rows = [
        (
            "ok" if check.passed else "FAILED",
            check.name,
            check.database or "-",
            moment(failing[check.subject]) if check.subject in failing else "-",
            check.text,
        )
        for check in checks
    ]
    lines = aligned([HEADER, *rows])
    for one in seen.pipelines:
        if one.restore_seconds:
            lines.append(
                printable(f"a restore of {one.database} would take {span(one.restore_seconds)}")
            )
    return "\n".join(lines)


def as_json(checks: Sequence[Check], failing: Mapping[str, float], seen: Seen) -> str:
    """The same; moments are seconds since 1970. Its fields: scripts/status.md."""
    return json.dumps(
        {
            "version": VERSION,
            "at": seen.at,
            "well": all(check.passed for check in checks),
            "checks": [check._asdict() | {"since": failing.get(check.subject)} for check in checks],
            "databases": [database(one) for one in seen.pipelines],
        },
        indent=2,
    )


def database(one: PipelineSeen) -> dict[str, Any]:
    """One database; null for what isn't known."""
    return {
        "database": one.database,
        "backup": one.backup
        and {
            "key": one.backup.key,
            "size": one.backup.size,
            "dumped_at": one.backup.dumped_at or None,
        },
        "proof": one.proof
        and {
            "key": one.proof.key,
            "at": one.proof.at,
            "verified": one.proof.verified,
            "reason": one.proof.reason,
        },
        "waiting": list(one.waiting),
        "dump": one.dump and one.dump._asdict(),
        "uploaded": one.uploaded or None,
        "expected_restore_seconds": one.restore_seconds or None,
    }
