"""What the bucket tells of a pipeline, by listings, and a request for each new object there."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from datadump.backups.catalogue import Catalogue
from datadump.backups.proofs import Proof, Proofs
from datadump.backups.stored import (
    Below,
    Limits,
    place_in_time,
    prefix_of,
    stored_backups,
    stored_everywhere,
    stored_proofs,
)
from datadump.backups.turns import moment
from datadump.s3.bucket import Bucket
from datadump.s3.errors import AbsentError, RefusedError
from datadump.s3.keys import is_dump_key
from datadump.s3.listing import Stored
from datadump.settings.pipelines import Pipeline
from datadump.sight.seen import BackupSeen, ProofSeen

DAYS = 90  # that count; older ones only where nothing is newer
NEWEST = 10  # backups and proofs, where all are older
MOST_ASKED = 100  # new objects of a prefix in a look
AT_ONCE = 8  # prefixes that the bucket is asked about; boto3 has ten connections

Facts = dict[str, Any]  # what can't change, by key and ETag: asked for once


class Told(NamedTuple):
    """All that the bucket tells of one pipeline, as :class:`PipelineSeen` has it."""

    backups: list[BackupSeen]
    proofs: list[ProofSeen]
    trouble: str = ""  # why nothing is known of them


class Found(NamedTuple):
    """What there is of one prefix, which several databases may share."""

    backups: list[tuple[BackupSeen, str]]  # and whose each is; '' where nobody tells
    proofs: list[ProofSeen]
    trouble: str = ""  # why nothing is known of them

    @property
    def databases(self) -> set[str]:
        """Those that are known to have backups there."""
        return {database for _, database in self.backups if database}

    def of(self, database: str) -> Told:
        """That one's; what nobody tells of may be."""
        own = {"", database}
        others = {backup.key for backup, whose in self.backups if whose not in own}
        return Told(
            [backup for backup, whose in self.backups if whose in own],
            [one for one in self.proofs if one.key not in others],
            self.trouble,
        )


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
        """What there is of it; others may share the prefix. It takes two listings."""
        catalogue, prefix = Catalogue(self._bucket, pipeline), pipeline.prefix
        backups = stored_backups(self._bucket, prefix, self._since) or self._older(catalogue)
        proofs = stored_proofs(self._bucket, prefix, self._since)
        found = self.at(prefix, Below(backups, proofs))
        if not proofs and (newest := seen(catalogue.proofs.newest())):
            found.proofs.append(ProofSeen(*newest))
        return found.of(pipeline.database)

    def everywhere(self, prefix: str, kept: Collection[str]) -> dict[str, Below]:
        """What is listed below each prefix that starts so: of that age, or with one of the keys."""
        return stored_everywhere(self._bucket, prefix, Limits(self._since, NEWEST, kept))

    def at(self, prefix: str, listed: Below) -> Found:
        """What there is of that prefix, by what is listed there."""
        there = map(fact_of, [*listed.backups, *listed.proofs])
        # First: what was known is so, whatever the store refuses now.
        self.facts |= {fact: self._known[fact] for fact in there if fact in self._known}
        proofs = Proofs(self._bucket, prefix)
        return Found(self._backups(listed.backups), self._proofs(proofs, listed.proofs))

    def _older(self, catalogue: Catalogue) -> list[Stored]:
        backups = catalogue.newest(NEWEST).backups
        return [Stored(backup.key, backup.size, backup.etag) for backup in backups]

    def _backups(self, stored: list[Stored]) -> list[tuple[BackupSeen, str]]:
        """These, and whose they are; '' where nobody tells.

        So many new ones in a look, and no more: the next look goes on from there.
        """
        found, asked = [], 0
        for one in stored:
            fact = fact_of(one)
            told = self._known.get(fact) if one.etag else None
            if told is None and asked < MOST_ASKED:
                asked += 1
                told = self._ask(one.key)
            if told is None:
                continue
            self.facts[fact] = told
            dumped_at, database = told
            found.append((BackupSeen(one.key, one.size, dumped_at, one.etag), database))
        return found

    def _ask(self, key: str) -> list[Any] | None:
        """When it was dumped, and whose it is; None where it is gone by now."""
        head = self._bucket.head(key)
        return [moment(head.metadata.dumped_at), head.metadata.database] if head else None

    def _proofs(self, proofs: Proofs, stored: list[Stored]) -> list[ProofSeen]:
        """Those that can be read."""
        told = []
        for one in stored:
            try:
                told.append(self._proof(proofs, one))
            except RefusedError:
                if one == stored[0]:
                    raise  # it may say that the newest backup is none
        return [ProofSeen(*one) for one in told if one]

    def _proof(self, proofs: Proofs, stored: Stored) -> list[Any] | None:
        """What it says; None where it is none of ours, or is gone by now."""
        fact = fact_of(stored)
        told: list[Any] | None
        try:
            known = bool(stored.etag) and fact in self._known
            told = self._known[fact] if known else seen(proofs.at(stored.key))
        except AbsentError:
            return None
        self.facts[fact] = told
        return told


def seen(proof: Proof | None) -> list[Any] | None:
    """What of a proof counts here, as :class:`ProofSeen` has it."""
    if proof is None:
        return None
    restore = sum(proof.seconds.get(phase, 0) for phase in ("fetch", "read", "load"))
    at = moment(proof.at)
    return [proof.key, at, proof.verified, proof.reason, restore, proof.etag]


def newest_known(facts: Facts, below: str) -> dict[Pipeline, str]:
    """The pipelines that these facts tell of, under prefixes that start so.

    Of each, the fact of its newest backup.
    """
    newest: dict[Pipeline, str] = {}
    for fact in facts:
        key = key_of(fact)
        if key.startswith(below) and is_dump_key(key):
            one = Pipeline(facts[fact][1], "", prefix_of(key))
            newest[one] = max(newest.get(one, fact), fact, key=lambda of: place_in_time(key_of(of)))
    named = {one.prefix for one in newest if one.database}  # what has no name there is theirs
    return {one: newest[one] for one in newest if one.database or one.prefix not in named}


def fact_of(stored: Stored) -> str:
    """What a fact about that object is called."""
    return f"{stored.key} {stored.etag}"


def key_of(fact: str) -> str:
    """The key in it: an ETag has no blank."""
    return fact.rpartition(" ")[0]
