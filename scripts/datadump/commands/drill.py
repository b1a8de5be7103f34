"""The drill, as a person or cron gives it."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

from datadump.backups.catalogue import LATEST, Catalogue
from datadump.backups.proofs import Proofs
from datadump.commands.way_back import look_up, run
from datadump.drill.proving import outcome_of, proof_of, write_proof
from datadump.drill.report import as_outcome
from datadump.ground.daily_log import log
from datadump.s3.client import connect
from datadump.s3.errors import StoreError
from datadump.settings.pipelines import read_pipeline
from datadump.settings.scratch import read_scratch
from datadump.settings.store import read_store


def drill_command(arguments: Sequence[str]) -> int:
    """``restore-drill [WHAT]``; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="restore-drill",
        description="Proves a backup by restoring it into a server of its own.",
    )
    parser.add_argument("what", nargs="?", metavar="WHAT", default=LATEST, help="as for restore")
    given = parser.parse_args(arguments)
    return run(
        "restore verification failed", lambda environment: drill_one(environment, given.what)
    )


def drill_one(environment: Mapping[str, str], what: str) -> int:
    """Hold a drill, leave its proof in the bucket, and log the verdict; returns the exit status."""
    access, pipeline = read_store(environment), read_pipeline(environment)
    scratch = read_scratch(environment)
    bucket = connect(access)
    backup = look_up(Catalogue(bucket, pipeline), what)
    if not backup:
        return 2
    outcome = outcome_of(bucket, backup, scratch)
    print(as_outcome(outcome), flush=True)
    if outcome.reason:
        log(f"restore verification failed: {outcome.reason} ({backup.key})")
    else:
        log(f"restore verified: {backup.key}")
    try:
        write_proof(Proofs(bucket, pipeline.prefix), proof_of(backup, outcome))
    except StoreError as error:
        log(f"proof not stored: {error}")
        return 1
    return 1 if outcome.reason else 0
