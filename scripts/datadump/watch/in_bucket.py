"""What the bucket tells of a pipeline, by two listings, and a request for each new object there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple

from datadump.backups.catalogue import Catalogue
from datadump.backups.proofs import PROOFS, Proof, Proofs
from datadump.backups.turns import moment
from datadump.s3.bucket import Bucket
from datadump.s3.keys import is_day, number_of
from datadump.s3.listing import Listing, Stored
from datadump.s3.metadata import Metadata
from datadump.settings.pipelines import Pipeline
from datadump.watch.seen import BackupSeen, ProofSeen

DAYS_LISTED = 70  # so that weekly sizes compare; older days only where nothing is newer
SIZES = 8  # of the newest backups
MOST_ASKED = 50  # objects, where others share the prefix
NO_METADATA = Metadata("", "", "", "")

Facts = dict[str, Any]  # what can't change, by key and ETag: asked for once


class Told(NamedTuple):
    """All that the bucket tells of one pipeline."""

    backup: BackupSeen | None
    sizes: list[int]
    proof: ProofSeen | None


class BucketLook:
    """One look at the bucket. Every method raises StoreError.

    ``known`` are facts of earlier looks; ``facts`` then has those that still count.
    """

    def __init__(self, bucket: Bucket, known: Facts) -> None:
        self._bucket, self._known = bucket, known
        self._since = (datetime.now().astimezone() - timedelta(DAYS_LISTED)).date().isoformat()
        self.facts: Facts = {}

    def of(self, pipeline: Pipeline) -> Told:
        """What there is of it."""
        catalogue = Catalogue(self._bucket, pipeline)
        stored = self._stored(pipeline.prefix) or self._older(catalogue)
        backups = list(islice(self._own(stored[:MOST_ASKED], pipeline.database), SIZES))
        proofs = self._stored(f"{pipeline.prefix}{PROOFS}/", ".json")
        return Told(
            backups[0] if backups else None,
            [one.size for one in backups if suffix(one.key) == suffix(backups[0].key)],
            self._proof(catalogue.proofs, proofs[0] if proofs else None),
        )

    def _stored(self, prefix: str, ending: str = "") -> list[Stored]:
        """Dumps, or what is called by one, of the last days; the newest first."""
        found = [
            (day, number, one)
            for one in Listing(self._bucket).stored_after(f"{prefix}2", f"{prefix}{self._since}")
            for day, _, name in [one.key.removeprefix(prefix).removesuffix(ending).partition("/")]
            if is_day(day) and (number := number_of(name, ""))
        ]
        return [one for _, _, one in sorted(found, reverse=True)]

    def _older(self, catalogue: Catalogue) -> list[Stored]:
        backups = catalogue.newest(SIZES).backups
        return [Stored(backup.key, backup.size, backup.etag) for backup in backups]

    def _own(self, stored: list[Stored], database: str) -> Iterator[BackupSeen]:
        """Those of that database, or of none that is told: others may share the prefix."""
        for one in stored:
            fact = f"{one.key} {one.etag}"
            if not one.etag or fact not in self._known:
                head = self._bucket.head(one.key)
                told = head.metadata if head else NO_METADATA
                self._known[fact] = [moment(told.dumped_at), told.database]
            dumped_at, named = self.facts[fact] = self._known[fact]
            if named in {"", database}:
                yield BackupSeen(one.key, one.size, dumped_at)

    def _proof(self, proofs: Proofs, stored: Stored | None) -> ProofSeen | None:
        if stored is None:
            proof = proofs.newest()
            return proof_seen(proof) if proof else None
        fact = f"{stored.key} {stored.etag}"
        if not stored.etag or fact not in self._known:
            proof = proofs.at(stored.key)
            self._known[fact] = proof_seen(proof) if proof else None
        told = self.facts[fact] = self._known[fact]
        return ProofSeen(*told) if told else None


def suffix(key: str) -> str:
    """Of the dump: compressed ones don't compare with others."""
    return key.rpartition("datadump")[2].partition(".")[2]


def proof_seen(proof: Proof) -> ProofSeen:
    """What of a proof counts here."""
    restore = proof.seconds.get("fetch", 0) + proof.seconds.get("load", 0)
    return ProofSeen(proof.key, moment(proof.at), proof.verified, proof.reason, restore)
