"""What a look found, as a table for a person or as JSON for a program."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from datadump.ground.terminal import aligned, printable
from datadump.watch.checks import Check, moment, span
from datadump.watch.seen import Seen

HEADER = ("STATE", "CHECK", "DATABASE", "SINCE", "WHAT")


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
        if one.proof and one.proof.seconds:
            lines.append(
                printable(f"a restore of {one.database} would take {span(one.proof.seconds)}")
            )
    return "\n".join(lines)


def as_json(checks: Sequence[Check], failing: Mapping[str, float], seen: Seen) -> str:
    """The same; moments are seconds since 1970."""
    return json.dumps(
        {
            "at": seen.at,
            "checks": [check._asdict() | {"since": failing.get(check.subject)} for check in checks],
            "databases": [as_plain(one._asdict()) for one in seen.pipelines],
        },
        indent=2,
    )


def as_plain(values: Mapping[str, object]) -> dict[str, object]:
    """Without named tuples, which JSON would make lists of."""
    return {
        name: as_plain(value._asdict()) if hasattr(value, "_asdict") else value
        for name, value in values.items()
    }
