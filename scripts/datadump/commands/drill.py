"""The two commands of the way back, as a person gives them: restore and drill.

Exit status: 0 all is well, 1 a failure that was logged, 2 wrong settings or arguments.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from datadump.backups.catalogue import LATEST, Backup, Catalogue
from datadump.backups.proofs import Proof, Proofs, now
from datadump.commands.boundary import run
from datadump.drill.comparison import Outcome
from datadump.drill.drill import drill
from datadump.drill.report import as_outcome
from datadump.ground.daily_log import log
from datadump.restore.download import DamagedError, Download
from datadump.s3.bucket import Bucket, overwrites_warning
from datadump.s3.client import connect
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
    """Hold a drill, leave its proof in the bucket, and log the verdict."""
    access, pipeline = read_store(environment), read_pipeline(environment)
    scratch = read_scratch(environment)
    bucket = connect(access)
    backup = Catalogue(bucket, pipeline).find(what)
    outcome = outcome_of(bucket, backup, scratch)
    print(as_outcome(outcome), flush=True)
    write_proof(Proofs(bucket, pipeline.prefix), proof_of(backup, outcome))
    if outcome.reason:
        log(f"restore verification failed: {outcome.reason} ({backup.key})")
        return 1
    log(f"restore verified: {backup.key}")
    return 0


def outcome_of(bucket: Bucket, backup: Backup, scratch: str) -> Outcome:
    """What the drill finds; an object that isn't what was uploaded is an outcome, too."""
    download = Download(bucket, backup, scratch)
    try:
        path = download.fetch()
    except DamagedError as error:
        return Outcome([], str(error))
    outcome = drill(path, scratch, seconds(backup.dumped_at))
    download.remove()
    return outcome


def seconds(dumped_at: str) -> float:
    """Since 1970; now, where the object doesn't tell, or tells what no server could take."""
    now = time.time()
    with suppress(ValueError, OverflowError):
        then = datetime.fromisoformat(dumped_at).timestamp()
        return then if 0 < then < now else now
    return now


def proof_of(backup: Backup, outcome: Outcome) -> Proof:
    """What is to be known of the drill later."""
    return Proof(
        key=backup.key,
        dump_id=backup.dump_id,
        etag=backup.etag,
        verified=not outcome.reason,
        reason=outcome.reason,
        at=now(),
        numbers={
            "objects": len(outcome.findings),
            "rows": sum(finding.rows for finding in outcome.findings),
        },
    )


def write_proof(proofs: Proofs, proof: Proof) -> None:
    """Leave the proof in the bucket, and try with it whether the store overwrites objects."""
    proofs.write(proof)
    if not proofs.writes_are_conditional(proof):
        print(overwrites_warning("ignores"))
