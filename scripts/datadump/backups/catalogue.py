"""The backups in the bucket: the newest ones, or the one that a person asks for.

A catalogue is one pipeline's; there are as many as there are pipelines under a prefix.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cached_property
from itertools import chain, islice
from typing import NamedTuple, TypeVar

from datadump.backups.proofs import PROOFS, Proof, Proofs
from datadump.ground.terminal import some_of
from datadump.s3.bucket import Bucket
from datadump.s3.errors import RefusedError, StoreError
from datadump.s3.keys import day_folder, highest_number, is_day, number_of
from datadump.s3.listing import Listing
from datadump.s3.metadata import Head
from datadump.settings.pipelines import Pipeline

MOST_AT_ONCE = 8  # boto3 has ten connections
LATEST = "latest"
Item = TypeVar("Item")
Result = TypeVar("Result")


class NoBackupError(StoreError):
    """The bucket doesn't have what was asked for; the text says how to see what it has."""


class Backup(NamedTuple):
    """An object in the bucket, with what its metadata says; '' for what it doesn't say."""

    key: str
    size: int  # bytes
    etag: str  # without quotes; '' where the store tells none
    dumped_at: str  # ISO 8601 with offset
    database: str
    dump_id: str
    sha256: str  # of its bytes, in hex
    proof: Proof | None = None  # the last drill's of this very object


class Newest(NamedTuple):
    """The newest backups, newest first, and whether there are older ones."""

    backups: list[Backup]
    more: bool


class Catalogue:
    """The backups of one pipeline in one bucket. Every method raises StoreError."""

    def __init__(self, bucket: Bucket, pipeline: Pipeline) -> None:
        self.pipeline, self.proofs = pipeline, Proofs(bucket, pipeline.prefix)
        self._bucket, self._prefix = bucket, pipeline.prefix
        self._database = pipeline.database

    @property
    def place(self) -> str:
        """What messages call the prefix and its bucket."""
        return self._bucket.url(self._prefix)

    def has_key(self, text: str) -> bool:
        """Whether that is a key of this pipeline alone, by its folder among several."""
        folder = self.pipeline.own_folder and self._prefix
        return bool(folder) and text.removeprefix(f"{self._bucket.url()}/").startswith(folder)

    def newest(self, count: int) -> Newest:
        """Up to so many backups, with their proofs: :func:`newest_of` this one alone."""
        return newest_of([self], count)

    def all(self) -> list[Backup]:
        """All backups, with their proofs."""
        return newest_of([self], sys.maxsize).backups

    def find(self, wanted: str) -> Backup:
        """The object that a person means; NoBackupError where there is none.

        That is ``latest``, a day for its last one, or a key of anything in the bucket, which may go
        without the prefix. Only a key brings up what is another database's, and only its name or a
        key what is of a day to come.
        """
        if wanted == LATEST:
            found = self._last_of(self.days)
        elif is_day(wanted):
            found = self._last_of([wanted])
        else:
            found = self._named(wanted.removeprefix(f"{self._bucket.url()}/"))
        if found is None:
            raise NoBackupError(self._absence(wanted))
        return self._with_proof(found)

    def before(self, moment: datetime) -> Backup:
        """The last one whose dump began before that moment; NoBackupError where there is none.

        What is of another database, or doesn't tell when it was dumped, is passed over.
        """
        best: tuple[datetime, Backup] | None = None
        for backup in self._own_of(self.days):
            day = backup.key.split("/")[-2]
            if best and day < (best[0] - timedelta(days=1)).date().isoformat():
                break  # what was uploaded then was dumped before that
            began = began_at(backup)
            if began and began < moment and (best is None or began > best[0]):
                best = began, backup
        if best is None:
            raise NoBackupError(
                f"there is no backup of {self._database!r} from before {moment:%Y-%m-%d %H:%M:%S} "
                f"in {self.place}: --list shows what is there"
            )
        return self._with_proof(best[1])

    def _absence(self, wanted: str) -> str:
        if wanted == LATEST:
            what = f"no backup of {self._database!r}"
        elif is_day(wanted):
            what = f"no backup of {self._database!r} of {wanted}"
        else:
            what = f"no object {wanted!r}"
        return f"there is {what} in {self.place}: --list shows what is there"

    @cached_property
    def days(self) -> list[str]:
        """Days with objects, newest first, up to tomorrow: other clocks and zones may be there.

        A later one would be the latest for ever, whoever put it there: it is passed over, and that
        is said.
        """
        days = sorted(filter(is_day, Listing(self._bucket).folders_in(self._prefix)), reverse=True)
        tomorrow = (datetime.now().astimezone() + timedelta(days=1)).date().isoformat()
        to_come = [day for day in days if day > tomorrow]
        if to_come:
            self._bucket.notices.warn(
                f"warning: passed over, since these days are to come: {some_of(to_come)} "
                f"({self.place}): by its day or key you get what is there"
            )
        return days[len(to_come) :]

    def numbered(self, day: str) -> list[tuple[int, str]]:
        """The numbers and keys of that day's backups, the last one first."""
        folder = day_folder(self._prefix, day)
        numbers = {key: number_of(key, folder) for key in Listing(self._bucket).keys_in(folder)}
        highest = highest_number(numbers, folder)
        found = [(number, key) for key, number in numbers.items() if 0 < number <= highest]
        return sorted(found, reverse=True)

    def proven(self, key: str) -> Backup | None:
        """The backup that has that key, with its proof; None where it is gone."""
        backup = self._backup(key)
        return self._with_proof(backup) if backup else None

    def _last_of(self, days: Iterable[str]) -> Backup | None:
        return next(self._own_of(days), None)

    def _own_of(self, days: Iterable[str]) -> Iterator[Backup]:
        """Those of these days that are of no other database, the last one first."""
        numbered = chain.from_iterable(in_parallel(self.numbered, days))
        for backup in in_parallel(self._backup, (key for _, key in numbered)):
            if backup and backup.database in {"", self._database}:
                yield backup

    def _named(self, key: str) -> Backup | None:
        """What has that key, with the prefix before it first: the root may be another host's."""
        if not key or {".", ".."} & set(key.split("/")):  # some stores would follow them
            return None
        if not self._prefix or key.startswith(self._prefix):
            return self._backup(key)
        if backup := self._backup(self._prefix + key):
            return backup
        with suppress(RefusedError):  # an account may be limited to its prefix
            return self._backup(key)
        return None

    def _backup(self, key: str) -> Backup | None:
        head = self._bucket.head(key)
        return backup_of(key, head) if head else None

    def _with_proof(self, backup: Backup) -> Backup:
        proof = self.proofs.read(backup.key)
        if proof is None or not proof.speaks_for(backup.dump_id, backup.etag):
            return backup
        return backup._replace(proof=proof)


def began_at(backup: Backup) -> datetime | None:
    """When its dump did; None where that isn't told."""
    try:
        return datetime.fromisoformat(backup.dumped_at).astimezone()
    except (ValueError, OverflowError):
        return None


def catalogues_in(bucket: Bucket, whole: Pipeline) -> list[Catalogue]:
    """Those of all pipelines that have backups: the whole itself, and the ones below it.

    Raises StoreError.
    """
    names = [name for name in Listing(bucket).folders_in(whole.prefix) if name != PROOFS]
    below = whole.below(name for name in names if not is_day(name))
    found = [Catalogue(bucket, pipeline) for pipeline in (whole, *below)]
    have_days = in_parallel(lambda catalogue: bool(catalogue.days), found)
    return [catalogue for catalogue, has_days in zip(found, have_days, strict=True) if has_days]


def newest_of(catalogues: Sequence[Catalogue], count: int) -> Newest:
    """Up to so many backups of all of these, with their proofs, by day and by number.

    Asks for no more days than that takes. Raises StoreError.
    """
    keys = keys_of(catalogues)
    wanted = list(islice(keys, count))
    more = next(keys, None) is not None
    found = in_parallel(lambda of: of[0].proven(of[1]), wanted)
    return Newest([backup for backup in found if backup], more)


def keys_of(catalogues: Sequence[Catalogue]) -> Iterator[tuple[Catalogue, str]]:
    """All keys and whose they are: a day after the other, and its highest numbers first."""
    days = sorted({day for catalogue in catalogues for day in catalogue.days}, reverse=True)
    having = [(day, [one for one in catalogues if day in one.days]) for day in days]
    numbered = in_parallel(
        lambda of: [(number, of[0], key) for number, key in of[0].numbered(of[1])],
        ((one, day) for day, ones in having for one in ones),
    )
    for _, ones in having:
        of_day = chain.from_iterable(islice(numbered, len(ones)))
        for _, one, key in sorted(of_day, key=lambda found: found[0], reverse=True):
            yield one, key


def backup_of(key: str, head: Head) -> Backup:
    """The backup under that key, by what the store tells of it."""
    return Backup(key, head.size, head.etag, *head.metadata)


def in_parallel(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """The results in order, worked out as they are asked for: the first alone, then ever more."""
    remaining, at_once = iter(items), 1
    with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
        while batch := list(islice(remaining, at_once)):
            yield from pool.map(work, batch)
            at_once = min(2 * at_once, MOST_AT_ONCE)
