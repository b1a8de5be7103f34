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
DETAILS = {"proof", "size"}  # checks of what is well, where there are many
VERSION = 1  # of the JSON: higher when a field goes, or means something else


def as_table(checks: Sequence[Check], failing: Mapping[str, float], seen: Seen) -> str:
    """The checks, those that fail first, and how long a restore would take.

    Of a whole bucket there is a line for each pipeline that is well, and their number comes last,
    where a terminal is read first.
    """
    brief = seen.bucket_alone
    rows = [
        (
            "ok" if check.passed else "FAILED",
            check.name,
            check.database or "-",
            moment(failing[check.subject]) if check.subject in failing else "-",
            check.text,
        )
        for check in checks
        if not (brief and check.passed and check.name in DETAILS)
    ]
    lines = aligned([HEADER, *rows])
    if brief:
        failed = sum(not check.passed for check in checks)
        return "\n".join([*lines, f"{failed} of {len(checks)} checks fail; {pipelines_in(seen)}"])
    for one in seen.pipelines:
        if one.restore_seconds:
            lines.append(
                printable(f"a restore of {one.database} would take {span(one.restore_seconds)}")
            )
    return "\n".join(lines)


def pipelines_in(seen: Seen) -> str:
    """How many a look at a whole bucket has seen."""
    number = len(seen.pipelines)
    return f"{number} pipeline{'' if number == 1 else 's'}"


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
        "waiting": None if one.waiting is None else list(one.waiting),
        "dump": one.dump and one.dump._asdict(),
        "uploaded": one.uploaded or None,
        "expected_restore_seconds": one.restore_seconds or None,
    }
