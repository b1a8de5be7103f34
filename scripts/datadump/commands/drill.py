"""The two commands of the way back, as a person gives them: restore and drill.

Exit status: 0 all is well, 1 a failure that was logged, 2 wrong settings or arguments.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from datadump.backups import proofs
from datadump.backups.catalogue import LATEST, Catalogue, Details
from datadump.backups.proofs import Proof
from datadump.commands.boundary import run
from datadump.drill.comparison import Outcome
from datadump.drill.drill import drill
from datadump.drill.report import as_outcome
from datadump.ground.daily_log import log
from datadump.restore.download import DamagedError, Download
from datadump.s3.bucket import Bucket
from datadump.s3.client import connect
from datadump.settings.environment import check_access, check_folder
from datadump.settings.settings import Settings

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


OVERWRITES = (
    "warning: the store ignores If-None-Match: uploaders that share a prefix there could overwrite "
    "each other's objects; give each an S3_PREFIX of its own"
)


def drill_command(arguments: Sequence[str]) -> int:
    """``restore-drill [WHAT]``; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="restore-drill",
        description="Proves a backup by restoring it into a server of its own.",
    )
    parser.add_argument("what", nargs="?", metavar="WHAT", default=LATEST, help="as for restore")
    given = parser.parse_args(arguments)
    return run("restore verification failed", lambda settings: drill_one(settings, given.what))


def check_scratch(settings: Settings) -> None:
    """Raises SettingsError."""
    check_folder("SCRATCH_DIR", settings.scratch_dir)
    check_access("SCRATCH_DIR", settings.scratch_dir)


def drill_one(settings: Settings, what: str) -> int:
    """Hold a drill, leave its proof in the bucket, and log the verdict."""
    check_scratch(settings)
    client = connect(settings)
    backup = Catalogue(client, settings).find(what)
    outcome = outcome_of(settings, client, backup)
    print(as_outcome(outcome), flush=True)
    write_proof(Bucket(client, settings.bucket), settings.prefix, proof_of(backup, outcome))
    if outcome.reason:
        log(f"restore verification failed: {outcome.reason} ({backup.key})")
        return 1
    log(f"restore verified: {backup.key}")
    return 0


def outcome_of(settings: Settings, client: S3Client, backup: Details) -> Outcome:
    """What the drill finds; an object that isn't what was uploaded is an outcome, too."""
    download = Download(Bucket(client, settings.bucket), backup, settings.scratch_dir)
    try:
        path = download.fetch()
    except DamagedError as error:
        return Outcome([], str(error))
    outcome = drill(path, settings.scratch_dir, seconds(backup.dumped_at))
    download.remove()
    return outcome


def seconds(dumped_at: str) -> float:
    """Since 1970; now, where the object doesn't tell, or tells what no server could take."""
    now = time.time()
    with suppress(ValueError, OverflowError):
        then = datetime.fromisoformat(dumped_at).timestamp()
        return then if 0 < then < now else now
    return now


def proof_of(backup: Details, outcome: Outcome) -> Proof:
    """What is to be known of the drill later."""
    return Proof(
        key=backup.key,
        dump_id=backup.dump_id,
        etag=backup.etag,
        verified=not outcome.reason,
        reason=outcome.reason,
        at=proofs.now(),
        numbers={
            "objects": len(outcome.findings),
            "rows": sum(finding.rows for finding in outcome.findings),
        },
    )


def write_proof(bucket: Bucket, prefix: str, proof: Proof) -> None:
    """And see by it whether the store lets objects be overwritten."""
    proofs.write(bucket, prefix, proof)
    if not proofs.writes_are_conditional(bucket, prefix, proof):
        print(OVERWRITES)
