"""A backup in the bucket is drilled, and gets its proof."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import datetime

from datadump.backups.catalogue import Backup
from datadump.backups.fetching import DamagedError
from datadump.backups.proofs import Proof, Proofs, now
from datadump.drill.comparison import Outcome
from datadump.drill.drill import drill
from datadump.ground.progress import Phases
from datadump.ground.terminal import printable
from datadump.restore.download import Wanted
from datadump.s3.bucket import overwrites_warning
from datadump.s3.errors import StoreError
from datadump.sql.reading import DumpFile


def outcome_of(wanted: Wanted, phases: Phases) -> Outcome:
    """What a drill of this backup finds, in a server below the scratch folder.

    Its phases are ``fetch``, ``read``, ``load`` and ``compare``. An object that isn't what was
    uploaded is an outcome, too. Raises StoreError, ServerError, EncryptedError and OSError where no
    drill can be held.
    """
    wanted.check_identity()
    download, backup = wanted.download(), wanted.backup
    try:
        with phases.phase("fetch"):
            dump = DumpFile(download.fetch(), wanted.identity)
    except DamagedError as error:
        return Outcome([], str(error))
    outcome = drill(dump, wanted.scratch, seconds(backup.dumped_at), backup.database, phases)
    download.remove()
    return outcome


def seconds(dumped_at: str) -> float:
    """The moment ``dumped_at`` (ISO 8601), as seconds since 1970.

    The present one, where that is no moment, or none that a server could take.
    """
    present = time.time()
    with suppress(ValueError, OverflowError):
        then = datetime.fromisoformat(dumped_at).timestamp()
        return then if 0 < then < present else present
    return present


def proof_of(backup: Backup, outcome: Outcome, phases: Phases) -> Proof:
    """What is to be known later of a drill of this backup that ended just now."""
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
        seconds=phases.seconds,
    )


def write_proof(proofs: Proofs, proof: Proof) -> None:
    """Leave the proof in the bucket, and try with it whether the store overwrites objects.

    Raises StoreError where it isn't stored.
    """
    proofs.write(proof)
    try:
        if not proofs.writes_are_conditional(proof):
            print(overwrites_warning("ignores"))
    except StoreError as error:
        print(printable(f"warning: whether the store enforces If-None-Match isn't known: {error}"))
