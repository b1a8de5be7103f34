"""What a look has seen: facts without a judgement. Moments are seconds since 1970."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

ANY = "*"  # what any database at all is called, where there is none


class BackupSeen(NamedTuple):
    """An object in the bucket."""

    key: str
    size: int  # bytes
    dumped_at: float  # 0 where nobody tells
    etag: str = ""  # '' where the store tells none

    @property
    def day(self) -> str:
        """The day in its key, ``2026-11-23``."""
        return self.key.split("/")[-2]

    @property
    def taken(self) -> float:
        """When its dump began, or, where nobody tells, its day."""
        return self.dumped_at or datetime.fromisoformat(self.day).timestamp()


class ProofSeen(NamedTuple):
    """The proof of a backup."""

    key: str  # of the backup
    at: float
    verified: bool
    reason: str
    seconds: float  # that fetching, reading and loading took; 0 where nobody tells
    etag: str = ""  # of the object that was drilled


class DumpSeen(NamedTuple):
    """How the last dump of a pipeline went, by the log."""

    at: float
    failure: str  # '' where it was completed


class ExchangeSeen(NamedTuple):
    """A database that began to change places with what a restore loaded; no line says it ended."""

    database: str
    at: float  # when it began


class PipelineSeen(NamedTuple):
    """One database's."""

    database: str
    backups: Sequence[BackupSeen] = ()  # of the last days or, with none there, the newest
    proofs: Sequence[ProofSeen] = ()  # likewise; both have that of the newest key first
    waiting: Sequence[float] | None = ()  # when each was finished; None where nobody looked there
    dump: DumpSeen | None = None
    uploaded: float = 0.0  # when the last one was, by the log; 0 where that doesn't tell
    failed: Collection[str] = ()  # the days on which a dump failed, by the log
    stored: Collection[str] = ()  # the days on which one was uploaded, by the log
    exclusion: str = ""  # what DB_EXCLUDE takes, so that nobody watches it
    trouble: str = ""  # why nothing is known of its backups, though the bucket answers

    @property
    def backup(self) -> BackupSeen | None:
        """The newest."""
        return self.backups[0] if self.backups else None

    @property
    def proof(self) -> ProofSeen | None:
        """The newest backup's; where it has none, that of the newest that has one."""
        own = self.proof_of(self.backup) if self.backup else None
        return own or next(iter(self.proofs), None)

    @property
    def restore_seconds(self) -> float:
        """How long a restore took in the newest drill that tells; 0 where none does.

        One that failed may have ended early.
        """
        return next((one.seconds for one in self.proofs if one.verified and one.seconds), 0.0)

    def proof_of(self, backup: BackupSeen) -> ProofSeen | None:
        """What a drill of this very object said."""
        about = (one for one in self.proofs if one.key == backup.key)
        return next((one for one in about if backup.etag in {"", one.etag}), None)

    def is_proven(self, backup: BackupSeen) -> bool:
        """Whether a drill has restored this very object."""
        proof = self.proof_of(backup)
        return proof is not None and proof.verified


class MirrorSeen(NamedTuple):
    """The second bucket."""

    lacks: Sequence[BackupSeen] = ()  # of the backups that were seen in the first one
    trouble: str = ""  # why it could not be asked


class Seen(NamedTuple):
    """All that one look has seen."""

    at: float
    pipelines: Sequence[PipelineSeen]
    trouble: str = ""  # why the bucket could not be asked; then nothing is known of backups
    free: int | None = None  # bytes in the folder of dumps
    uncovered: Sequence[str] = ()  # the databases that nobody backs up
    exchanges: Sequence[ExchangeSeen] = ()  # by the log, oldest first
    log: Sequence[str] = ()  # the last lines of the newest daily log
    mirror: MirrorSeen | None = None  # None where none is set, or the first bucket can't be asked
    bucket_alone: bool = False  # of all that share it: no folder and no log were looked at
