"""Whose turn it is to be proven: so that drills go round, however many databases there are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from datadump.backups.catalogue import LATEST, Backup, Catalogue, NoBackupError, in_parallel

# Year 2900, in every zone; whoever writes metadata may write 9999, which has no next day.
LATEST_MOMENT = 29_348_006_400.0


class Turn(NamedTuple):
    """A pipeline's newest backup, as it waits for its proof."""

    catalogue: Catalogue
    backup: Backup  # with its proof, if it has one
    proven_at: str  # when a drill of any backup of the pipeline last ended; '' for never

    @property
    def waits(self) -> bool:
        """Whether no drill was held of the newest one."""
        return self.backup.proof is None

    @property
    def database(self) -> str:
        """Whose it is."""
        return self.catalogue.pipeline.database


def turns(catalogues: Sequence[Catalogue]) -> list[Turn]:
    """Each pipeline's newest backup; the one first whose drill is longest ago.

    Those without a proof come before those that have one: there nothing waits. Raises StoreError,
    NoBackupError where there is none.
    """
    found = [turn for turn in in_parallel(turn_of, catalogues) if turn]
    if not found:
        raise NoBackupError("there is no backup that could be proven")
    return sorted(
        found,
        key=lambda turn: (not turn.waits, moment(turn.proven_at), moment(turn.backup.dumped_at)),
    )


def turn_of(catalogue: Catalogue) -> Turn | None:
    """Raises StoreError; None where there is no backup."""
    try:
        backup = catalogue.find(LATEST)
    except NoBackupError:
        return None
    proof = backup.proof or catalogue.proofs.newest()
    return Turn(catalogue, backup, proof.at if proof else "")


def moment(text: str) -> float:
    """Seconds since 1970 of an ISO 8601 moment; 0 for what is none, or none of our centuries."""
    try:
        then = datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        return 0.0
    return then if 0 < then < LATEST_MOMENT else 0.0
