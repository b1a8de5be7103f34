"""The backups in the bucket: the newest ones, or the one that a person asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from urllib.parse import unquote

from datadump.backups import proofs
from datadump.backups.proofs import Proof
from datadump.s3.bucket import Bucket, bare_etag, holder_of, metadata_of, warn_once
from datadump.s3.errors import RefusedError, StoreError
from datadump.s3.keys import day_folder, highest_number, is_day, number_of
from datadump.settings.settings import Settings

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import HeadObjectOutputTypeDef


MOST_AT_ONCE = 8  # boto3 has ten connections
LATEST = "latest"
MOST_IN_A_LINE = 3
Item = TypeVar("Item")
Result = TypeVar("Result")


class NoBackupError(StoreError):
    """The bucket doesn't have what was asked for; the text says how to see what it has."""


class Backup(NamedTuple):
    """A backup, as far as a listing tells."""

    key: str
    size: int  # bytes
    etag: str
    day: str
    number: int


class Details(NamedTuple):
    """An object, with what its metadata says; '' for what it doesn't say."""

    key: str
    size: int  # bytes
    etag: str
    dumped_at: str  # ISO 8601 with offset
    database: str
    dump_id: str
    sha256: str
    proof: Proof | None = None  # the last drill's of this very object


class Newest(NamedTuple):
    """The newest backups, newest first, and whether there are older ones."""

    backups: list[Details]
    more: bool


class Catalogue:
    """The backups under one prefix of one bucket. Every method raises StoreError."""

    def __init__(self, client: S3Client, settings: Settings) -> None:
        self._bucket = Bucket(client, settings.bucket)
        self._prefix = settings.prefix
        self._database = settings.database

    @property
    def place(self) -> str:
        """What messages call it."""
        return self._bucket.url(self._prefix)

    def newest(self, count: int) -> Newest:
        """Up to so many, with their proofs. Asks for no more days than that takes."""
        listed = self._backups(self._days())
        wanted = list(islice(listed, count))
        more = next(listed, None) is not None
        found = in_parallel(lambda backup: self._proven(backup.key), wanted)
        return Newest([details for details in found if details], more)

    def find(self, wanted: str) -> Details:
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
        """Newest first, up to tomorrow, since other clocks and zones may have that already.

        A later one would be the latest for ever, whoever put it there: it is passed over, and that
        is said.
        """
        days = sorted(filter(is_day, self._bucket.folders(self._prefix)), reverse=True)
        tomorrow = (datetime.now().astimezone() + timedelta(days=1)).date().isoformat()
        to_come = [day for day in days if day > tomorrow]
        if to_come:
            warn_once(
                f"warning: passed over, since these days are to come: {some_of(to_come)} "
                f"({self.place}): by its day or key you get what is there"
            )
        return days[len(to_come) :]

    def _backups(self, days: Iterable[str]) -> Iterator[Backup]:
        for backups in in_parallel(self._of_day, days):
            yield from backups

    def _of_day(self, day: str) -> list[Backup]:
        folder = day_folder(self._prefix, day)
        listed = self._bucket.objects(folder)
        backups = [Backup(*item, day, number_of(item.key, folder)) for item in listed]
        highest = highest_number((item.key for item in listed), folder)
        numbered = [backup for backup in backups if 0 < backup.number <= highest]
        return sorted(numbered, key=lambda backup: (backup.number, backup.key), reverse=True)

    def _last_of(self, days: Iterable[str]) -> Details | None:
        for details in in_parallel(lambda b: self._details(b.key), self._backups(days)):
            if details and details.database in {"", self._database}:
                return details
        return None

    def _named(self, key: str) -> Details | None:
        """A key without the prefix is this prefix's first: the bucket's root may be another's."""
        if not key:
            return None
        if not self._prefix or key.startswith(self._prefix):
            return self._details(key)
        if details := self._details(self._prefix + key):
            return details
        with suppress(RefusedError):  # an account may be limited to its prefix
            return self._details(key)
        return None

    def _details(self, key: str) -> Details | None:
        head = self._bucket.head(key)
        return details_of(key, head) if head else None

    def _proven(self, key: str) -> Details | None:
        details = self._details(key)
        return self._with_proof(details) if details else None

    def _with_proof(self, details: Details) -> Details:
        proof = proofs.read(self._bucket, self._prefix, details.key)
        if proof is None or not proof.speaks_for(details.dump_id, details.etag):
            return details
        return details._replace(proof=proof)


def details_of(key: str, head: HeadObjectOutputTypeDef) -> Details:
    """What the answer to a HEAD tells."""
    metadata, holder = metadata_of(head), holder_of(head)
    return Details(
        key=key,
        size=head["ContentLength"],
        etag=bare_etag(head["ETag"]),
        dumped_at=metadata.get("dumped-at", ""),
        database=unquote(metadata.get("database", "")),
        dump_id=holder.dump_id,
        sha256=holder.sha256,
    )


def some_of(days: list[str]) -> str:
    """The first of them, and how many more there are."""
    more = len(days) - MOST_IN_A_LINE
    return ", ".join(days[:MOST_IN_A_LINE]) + (f" and {more} more" if more > 0 else "")


def in_parallel(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """The results in order, worked out as they are asked for: the first alone, then ever more."""
    remaining, at_once = iter(items), 1
    with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
        while batch := list(islice(remaining, at_once)):
            yield from pool.map(work, batch)
            at_once = min(2 * at_once, MOST_AT_ONCE)
