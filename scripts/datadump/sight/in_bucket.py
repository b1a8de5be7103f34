"""What the bucket tells of a pipeline, by two listings, and a request for each new object there."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from datadump.backups.catalogue import Catalogue
from datadump.backups.proofs import Proof, Proofs
from datadump.backups.stored import stored_backups, stored_proofs
from datadump.backups.turns import moment
from datadump.s3.bucket import Bucket
from datadump.s3.errors import DeniedError
from datadump.s3.listing import Stored
from datadump.s3.metadata import Metadata
from datadump.settings.pipelines import Pipeline
from datadump.sight.seen import BackupSeen, ProofSeen

DAYS = 90  # that are listed; older ones only where nothing is newer
NEWEST = 10  # backups, where all are older
MOST_ASKED = 100  # new objects of a pipeline in a look
NO_METADATA = Metadata("", "", "", "")

Facts = dict[str, Any]  # what can't change, by key and ETag: asked for once


class Told(NamedTuple):
    """All that the bucket tells of one pipeline, as :class:`PipelineSeen` has it."""

    backups: list[BackupSeen]
    proofs: list[ProofSeen]


class BucketLook:
    """One look at the bucket. Every method raises StoreError.

    ``known`` are facts of earlier looks; ``facts`` then has those that still count.
    """

    def __init__(self, bucket: Bucket, known: Facts) -> None:
        self._bucket, self._known = bucket, known
        # A day more: SeaweedFS lists what follows a folder of that name, and not what is in it.
        self._since = (datetime.now().astimezone() - timedelta(DAYS)).date().isoformat()
        self.facts: Facts = {}

    def of(self, pipeline: Pipeline) -> Told:
        """What there is of it; others may share the prefix."""
        catalogue = Catalogue(self._bucket, pipeline)
        stored = stored_backups(self._bucket, pipeline.prefix, self._since)
        backups = self._backups(stored or self._older(catalogue))
        own = {"", pipeline.database}
        others = {backup.key for backup, database in backups if database not in own}
        proofs = stored_proofs(self._bucket, pipeline.prefix, self._since)
        return Told(
            [backup for backup, database in backups if database in own],
            [one for one in self._proofs(catalogue.proofs, proofs) if one.key not in others],
        )

    def _older(self, catalogue: Catalogue) -> list[Stored]:
        backups = catalogue.newest(NEWEST).backups
        return [Stored(backup.key, backup.size, backup.etag) for backup in backups]

    def _backups(self, stored: list[Stored]) -> list[tuple[BackupSeen, str]]:
        """These, and whose they are; '' where nobody tells.

        So many new ones in a look, and no more: the next look goes on from there.
        """
        found, asked = [], 0
        for one in stored:
            fact = f"{one.key} {one.etag}"
            told = self._known.get(fact) if one.etag else None
            if told is None and asked == MOST_ASKED:
                break
            if told is None:
                asked += 1
                told = self._ask(one.key)
            self.facts[fact] = told
            dumped_at, database = told
            found.append((BackupSeen(one.key, one.size, dumped_at, one.etag), database))
        return found

    def _ask(self, key: str) -> list[Any]:
        head = self._bucket.head(key)
        told = head.metadata if head else NO_METADATA
        return [moment(told.dumped_at), told.database]

    def _proofs(self, proofs: Proofs, stored: list[Stored]) -> list[ProofSeen]:
        """Those that can be read; of the time before the last days the newest, if there is one."""
        told = [] if stored else [seen(proofs.newest())]
        for one in stored:
            try:
                told.append(self._proof(proofs, one))
            except DeniedError:
                if one == stored[0]:
                    raise  # it may say that the newest backup is none
        return [ProofSeen(*one) for one in told if one]

    def _proof(self, proofs: Proofs, stored: Stored) -> list[Any] | None:
        fact = f"{stored.key} {stored.etag}"
        known = bool(stored.etag) and fact in self._known
        told: list[Any] | None = self._known[fact] if known else seen(proofs.at(stored.key))
        self.facts[fact] = told
        return told


def seen(proof: Proof | None) -> list[Any] | None:
    """What of a proof counts here, as :class:`ProofSeen` has it."""
    if proof is None:
        return None
    restore = sum(proof.seconds.get(phase, 0) for phase in ("fetch", "read", "load"))
    at = moment(proof.at)
    return [proof.key, at, proof.verified, proof.reason, restore, proof.etag]
