"""Retention, as a person or crond gives it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

from datadump.backups.catalogue import Catalogue, catalogues_in
from datadump.backups.retention import Decision, decide
from datadump.commands.boundary import exit_status
from datadump.ground.daily_log import log
from datadump.ground.owner import as_owner_of
from datadump.ground.terminal import aligned
from datadump.s3.bucket import Bucket
from datadump.s3.client import connect
from datadump.s3.errors import AbsentError, RefusedError, StoreError
from datadump.settings.environment import check_folder, put_environment_in_force
from datadump.settings.pipelines import Pipeline, are_several, read_pipeline
from datadump.settings.retention import read_log_days, read_rules
from datadump.settings.store import read_store
from datadump.settings.watching import read_wanted
from datadump.sight.daily_logs import is_log
from datadump.sight.look import Place, look
from datadump.watch.checks import Check, checks

DAYS_OF_NOTES = 1  # before today: an uploader's note may stand for a key of yesterday
HEADER = ("KEY", "DUMPED AT", "KEPT", "WHY")


def prune_command(arguments: Sequence[str]) -> int:
    """``prune [--dry-run]``; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="prune", description="Removes backups that no rule keeps: KEEP_DAILY and so on."
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would be, and why")
    given = parser.parse_args(arguments)
    return exit_status(
        lambda: prune(put_environment_in_force(), dry_run=given.dry_run),
        (OSError, StoreError),
        lambda error: f"nothing more is removed: {error}",
    )


def prune(environment: Mapping[str, str], *, dry_run: bool) -> int:
    """Remove what no rule keeps, if all is well; returns the exit status."""
    keys = environment.get("PRUNE_CREDENTIALS_FILE") or environment.get("CREDENTIALS_FILE", "")
    access = read_store({**environment, "CREDENTIALS_FILE": keys})
    whole, rules = read_pipeline(environment), read_rules(environment)
    log_days = read_log_days(environment)
    check_folder("DUMPS_DIR", whole.dumps)
    bucket = connect(access)
    logs = environment.get("LOGS_DIR", "/logs")
    decisions = decide_all(catalogues(bucket, whole, several=are_several(environment)), rules)
    if dry_run:
        print(as_table(decisions))
        return 0
    wrong = failing(Place(bucket, whole, are_several(environment), logs), environment)
    if wrong:
        log(f"nothing is removed while a check fails: {wrong[0]}")
        return 1
    if log_days is not None:
        remove_logs(logs, log_days)
    return remove(bucket, decisions)


def catalogues(bucket: Bucket, whole: Pipeline, *, several: bool) -> list[Catalogue]:
    """Those of the settings' own prefix. Raises StoreError."""
    return catalogues_in(bucket, whole) if several else [Catalogue(bucket, whole)]


def decide_all(
    found: Sequence[Catalogue], rules: Mapping[str, int]
) -> list[tuple[Catalogue, Decision]]:
    """About each backup of each database. Raises StoreError."""
    first_day = (datetime.now().astimezone() - timedelta(DAYS_OF_NOTES)).date().isoformat()
    return [
        (one, decision)
        for one in found
        for decision in decide(one.all(), one.pipeline.database, rules, first_day)
    ]


def failing(place: Place, environment: Mapping[str, str]) -> list[Check]:
    """The checks of the watch that fail now. Raises OSError."""
    wanted = read_wanted(environment)
    seen, _ = look(place, wanted, {})
    return [check for check in checks(seen, wanted) if not check.passed]


def remove(bucket: Bucket, decisions: Sequence[tuple[Catalogue, Decision]]) -> int:
    """Remove what has no reason to be kept, the oldest first; returns the exit status.

    A kill leaves backups with their proofs, or without: a proof goes after its backup. What went is
    logged, whatever comes then.
    """
    removed, status = 0, 0
    try:
        for catalogue, decision in reversed(decisions):
            key = decision.backup.key
            if decision.reasons or is_locked(bucket, key):
                continue
            if not accepted("the backup", partial(remove_backup, bucket, catalogue, key)):
                status = 1
                continue
            removed += 1
            if not accepted("the proof", partial(catalogue.proofs.remove, key)):
                status = 1
    finally:
        print(f"{removed} removed, {len(decisions) - removed} kept", flush=True)
        if removed:
            log(f"backups removed: {removed}")
    return status


def is_locked(bucket: Bucket, key: str) -> bool:
    """Whether the store keeps the object from being removed, which is said."""
    head = bucket.head(key)
    if not head or not head.lock:
        return False
    print(f"kept, since it is locked until {head.lock}: {bucket.url(key)}")
    return True


def remove_backup(bucket: Bucket, catalogue: Catalogue, key: str) -> None:
    """Not where its proof may not be read: it may be the newest that is proven."""
    with suppress(AbsentError):
        catalogue.proofs.at(catalogue.proofs.key_for(key))
    bucket.remove(key)


def accepted(what: str, request: Callable[[], None]) -> bool:
    """Whether the store has carried that out; a line of the log says what it refuses."""
    try:
        request()
    except RefusedError as error:  # no right, mostly
        log(f"{what} is kept, since the store refuses to remove it: {error}")
        return False
    return True


def remove_logs(folder: str, days: int) -> None:
    """Remove daily logs that are older. Raises OSError."""
    first = (datetime.now().astimezone() - timedelta(days)).date().isoformat()
    with as_owner_of(folder):
        for name in os.listdir(folder):
            if is_log(name) and name < first:
                os.unlink(os.path.join(folder, name))


def as_table(decisions: Sequence[tuple[Catalogue, Decision]]) -> str:
    """Every backup, kept or not, and why."""
    rows = [
        (
            decision.backup.key,
            decision.backup.dumped_at or "-",
            "kept" if decision.reasons else "to go",
            ", ".join(decision.reasons) or "no rule keeps it",
        )
        for _, decision in decisions
    ]
    return "\n".join(aligned([HEADER, *rows]))
