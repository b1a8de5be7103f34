"""The drill, as a person or cron gives it."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from datadump.backups.catalogue import LATEST, Backup, Catalogue
from datadump.backups.turns import Turn, turns
from datadump.commands.choosing import catalogues_of, look_up
from datadump.commands.way_back import TROUBLES, run
from datadump.drill.proving import outcome_of, proof_of, write_proof
from datadump.drill.report import as_outcome
from datadump.ground.daily_log import log
from datadump.ground.progress import Phases
from datadump.ground.terminal import printable
from datadump.restore.download import Wanted
from datadump.s3.bucket import Bucket
from datadump.s3.client import connect
from datadump.s3.errors import StoreError
from datadump.settings.environment import duration
from datadump.settings.pipelines import are_several, read_pipeline
from datadump.settings.store import read_store
from datadump.settings.way_back import read_identity, read_scratch

Wanting = Callable[[Backup], Wanted]
FAILED = "restore verification failed"


def drill_command(arguments: Sequence[str]) -> int:
    """``restore-drill [WHAT]``; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="restore-drill",
        description="Proves a backup by restoring it into a server of its own.",
    )
    parser.add_argument("what", nargs="?", metavar="WHAT", help="as for restore; default: latest")
    parser.add_argument(
        "--database", metavar="NAME", help="of DB_NAMES; default: whose proof is longest ago"
    )
    parser.add_argument("--all", action="store_true", help="the newest backup of every database")
    parser.add_argument(
        "--for", dest="time", metavar="2h", help="of as many as wait and can begin in that time"
    )
    given = parser.parse_args(arguments)
    if (given.what or given.database) and (given.all or given.time):
        parser.error("--all and --for choose the backups themselves")
    return run(FAILED, lambda environment: drill_some(environment, given))


def drill_some(environment: Mapping[str, str], given: argparse.Namespace) -> int:
    """Hold the drills that were asked for; returns the exit status."""
    access = read_store(environment)
    read_pipeline(environment)  # which may be wrong
    scratch, identity = read_scratch(environment), read_identity(environment)
    limit = duration("--for", given.time) if given.time else None
    bucket = connect(access)
    wanted = partial(Wanted, bucket, scratch, identity)
    if given.all or limit:
        queue = turns(catalogues_of(bucket, environment, None))
        return drill_in_turn(queue, wanted, limit)
    return drill_one(*chosen(bucket, environment, given), wanted)


def chosen(
    bucket: Bucket, environment: Mapping[str, str], given: argparse.Namespace
) -> tuple[Catalogue, Backup]:
    """The backup that was named, or whose turn it is."""
    if given.what or given.database or not are_several(environment):
        return look_up(bucket, environment, given.database, given.what or LATEST)
    first = turns(catalogues_of(bucket, environment, None))[0]
    return first.catalogue, first.backup


def drill_in_turn(queue: Sequence[Turn], wanted: Wanting, seconds: int | None) -> int:
    """Drill each, and say at the end what is proven; returns the exit status.

    ``seconds``: after so many no drill begins, and until then only of backups that wait for one.
    """
    end = time.monotonic() + seconds if seconds else None
    outcomes: dict[str, list[str]] = {"proven": [], "FAILED": [], "waiting for a proof": []}
    for turn in queue:
        is_due = end is None or (turn.waits and time.monotonic() < end)
        if is_due:
            is_proven = drill_as_one_of_many(turn, wanted) == 0
        else:
            is_proven = bool(turn.backup.proof and turn.backup.proof.verified)
        outcome = "proven" if is_proven else "FAILED"
        if turn.waits and not is_due:
            outcome = "waiting for a proof"
        outcomes[outcome].append(turn.database)
    for what, databases in outcomes.items():
        if databases:
            print(printable(f"{what}: {', '.join(databases)}"))
    return 1 if outcomes["FAILED"] else 0


def drill_as_one_of_many(turn: Turn, wanted: Wanting) -> int:
    """What :func:`drill_one` returns; an error that keeps none of the others is logged."""
    try:
        return drill_one(turn.catalogue, turn.backup, wanted)
    except TROUBLES as error:
        log(f"{FAILED}: {error} ({turn.backup.key})")
        return 1


def drill_one(catalogue: Catalogue, backup: Backup, wanted: Wanting) -> int:
    """Hold a drill, leave its proof in the bucket, and log the verdict; returns the exit status."""
    phases = Phases()
    outcome = outcome_of(wanted(backup), phases)
    print(as_outcome(outcome), phases, sep="\n", flush=True)
    if outcome.reason:
        log(f"{FAILED}: {outcome.reason} ({backup.key})")
    else:
        log(f"restore verified: {backup.key}")
    try:
        write_proof(catalogue.proofs, proof_of(backup, outcome, phases))
    except StoreError as error:
        log(f"proof not stored: {error}")
        return 1
    return 1 if outcome.reason else 0
