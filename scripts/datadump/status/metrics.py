"""What a look found, as figures for Prometheus: its text format, in base units."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from datadump.sight.seen import PipelineSeen, Seen
from datadump.watch.checks import Check

# By name: what it means, and what it is for a database; None where that isn't known.
FIGURES: dict[str, tuple[str, Callable[[PipelineSeen], float | None]]] = {
    "last_backup_timestamp_seconds": (
        "When the newest backup's dump began.",
        lambda one: (one.backup and one.backup.dumped_at) or None,
    ),
    "last_backup_size_bytes": (
        "Size of the newest backup.",
        lambda one: one.backup and one.backup.size,
    ),
    "last_proof_timestamp_seconds": (
        "When the drill of the newest proof was held.",
        lambda one: one.proof and one.proof.at,
    ),
    "last_proof_verified": (
        "Whether that drill proved its backup: 1, or 0.",
        lambda one: one.proof and one.proof.verified,
    ),
    "waiting_dumps": (
        "Finished dumps that aren't uploaded yet.",
        lambda one: None if one.waiting is None else len(one.waiting),
    ),
    "expected_restore_seconds": (
        "How long fetching, reading and loading took in the last drill.",
        lambda one: one.restore_seconds or None,
    ),
}


def as_metrics(checks: Sequence[Check], seen: Seen) -> str:
    """The figures; of what isn't known there is none."""
    registry = CollectorRegistry()

    def gauge(name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(f"datadump_{name}", meaning, labels, registry=registry)

    gauge("last_look_timestamp_seconds", "When the watch looked last.").set(seen.at)
    passed = gauge("check_passed", "Whether a check passes: 1, or 0.", "database", "check")
    for check in checks:
        passed.labels(check.database, check.name).set(check.passed)
    for name, (meaning, of) in FIGURES.items():
        figure = gauge(name, meaning, "database")
        for one in seen.pipelines:
            value = of(one)
            if value is not None:
                figure.labels(one.database).set(value)
    return generate_latest(registry).decode()
