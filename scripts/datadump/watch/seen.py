"""What a look has seen: facts without a judgement. Moments are seconds since 1970."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class BackupSeen(NamedTuple):
    """The newest backup of a pipeline."""

    key: str
    size: int  # bytes
    dumped_at: float  # 0 where nobody tells


class ProofSeen(NamedTuple):
    """The newest proof of a pipeline."""

    key: str  # of the backup
    at: float
    verified: bool
    reason: str
    seconds: float  # that fetch and load took; 0 where nobody tells


class DumpSeen(NamedTuple):
    """How the last dump of a pipeline went, by the log."""

    at: float
    failure: str  # '' where it was completed


class PipelineSeen(NamedTuple):
    """One database's."""

    database: str
    backup: BackupSeen | None = None
    sizes: Sequence[int] = ()  # of the newest backups of one kind, bytes, the newest first
    proof: ProofSeen | None = None
    waiting: Sequence[float] = ()  # when each dump that waits was finished
    dump: DumpSeen | None = None


class Seen(NamedTuple):
    """All that one look has seen."""

    at: float
    pipelines: Sequence[PipelineSeen]
    trouble: str = ""  # why the bucket could not be asked; then nothing is known of backups
    free: int | None = None  # bytes in the folder of dumps
    uncovered: Sequence[str] = ()  # the databases that nobody backs up
