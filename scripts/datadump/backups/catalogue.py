"""The backups in the bucket: the newest ones, or the one that a person asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple, TypeVar

from datadump.backups.proofs import Proof, Proofs
from datadump.ground.terminal import some_of
from datadump.s3.bucket import Bucket, Head
from datadump.s3.errors import RefusedError, StoreError
from datadump.s3.keys import day_folder, highest_number, is_day, number_of
from datadump.s3.listing import Listing
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
    """The backups under one prefix of one bucket. Every method raises StoreError."""

    def __init__(self, bucket: Bucket, pipeline: Pipeline) -> None:
        self._bucket, self._prefix = bucket, pipeline.prefix
        self._database = pipeline.database
        self._proofs = Proofs(bucket, pipeline.prefix)

    @property
    def place(self) -> str:
        """What messages call the prefix and its bucket."""
        return self._bucket.url(self._prefix)

    def newest(self, count: int) -> Newest:
        """Up to so many backups, with their proofs. Asks for no more days than that takes."""
        keys = self._keys(self._days())
        wanted = list(islice(keys, count))
        more = next(keys, None) is not None
        found = in_parallel(self._proven, wanted)
        return Newest([backup for backup in found if backup], more)

    def find(self, wanted: str) -> Backup:
        """The object that a person means; NoBackupError where there is none.

        That is ``latest``, a day for its last one, or a key of anything in the bucket, which may go
        without the prefix. Only a key brings up what is another database's, and only its name or a
        key what is of a day to come.
        """
        if wanted == LATEST:
            found = self._last_of(self._days())
        elif is_day(wanted):
            found = self._last_of([wanted])
        else:
            found = self._named(wanted.removeprefix(f"{self._bucket.url()}/"))
        if found is None:
            raise NoBackupError(self._absence(wanted))
        return self._with_proof(found)

    def _absence(self, wanted: str) -> str:
        if wanted == LATEST:
            what = f"no backup of {self._database!r}"
        elif is_day(wanted):
            what = f"no backup of {self._database!r} of {wanted}"
        else:
            what = f"no object {wanted!r}"
        return f"there is {what} in {self.place}: --list shows what is there"

    def _days(self) -> list[str]:
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

    def _keys(self, days: Iterable[str]) -> Iterator[str]:
        """The keys of these days' backups: a day after the other, and its last one first."""
        for keys in in_parallel(self._keys_of_day, days):
            yield from keys

    def _keys_of_day(self, day: str) -> list[str]:
        folder = day_folder(self._prefix, day)
        numbers = {key: number_of(key, folder) for key in Listing(self._bucket).keys_in(folder)}
        highest = highest_number(numbers, folder)
        numbered = [key for key, number in numbers.items() if 0 < number <= highest]
        return sorted(numbered, key=lambda key: (numbers[key], key), reverse=True)

    def _last_of(self, days: Iterable[str]) -> Backup | None:
        for backup in in_parallel(self._backup, self._keys(days)):
            if backup and backup.database in {"", self._database}:
                return backup
        return None

    def _named(self, key: str) -> Backup | None:
        """What has that key, with the prefix before it first: the root may be another host's."""
        if not key:
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

    def _proven(self, key: str) -> Backup | None:
        backup = self._backup(key)
        return self._with_proof(backup) if backup else None

    def _with_proof(self, backup: Backup) -> Backup:
        proof = self._proofs.read(backup.key)
        if proof is None or not proof.speaks_for(backup.dump_id, backup.etag):
            return backup
        return backup._replace(proof=proof)


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
