"""What listings alone tell of backups and proofs: keys, sizes and ETags, of any number at once."""

from __future__ import annotations

import heapq
import re
from collections import defaultdict
from collections.abc import Collection
from typing import NamedTuple

from datadump.backups.proofs import PROOFS
from datadump.s3.bucket import Bucket
from datadump.s3.keys import is_day, is_dump_key, number_of
from datadump.s3.listing import Listing, Stored

ENDING = ".json"  # of a proof's key, behind the rest of its backup's
PROOF_KEY = re.compile(rf"(.*/)?{PROOFS}/([^/]+/[^/]+){re.escape(ENDING)}", re.DOTALL)
MILLENNIUM = "2"  # how days begin; those of a clock that nobody had set don't count
Placed = tuple[str, int, Stored]  # with its place in time: the day and the number


class Below(NamedTuple):
    """The backups and the proofs of one prefix, whosever they are, the newest first."""

    backups: list[Stored]
    proofs: list[Stored]


class Limits(NamedTuple):
    """What of the objects of one prefix counts."""

    since: str  # those of the days after that one; where there are none,
    few: int  # so many of the newest
    kept: Collection[str]  # and what has one of these keys


class Recent:
    """Of what is told in any order, what counts by these limits; the rest isn't held."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._young: list[Placed] = []
        self._older: list[Placed] = []  # a heap
        self._kept: list[Placed] = []

    def add(self, one: Stored, day: str, number: int) -> None:
        """One more, of that day and with that number."""
        placed = (day, number, one)
        if day > self._limits.since:
            self._young.append(placed)
        elif len(self._older) < self._limits.few:
            heapq.heappush(self._older, placed)
        else:
            heapq.heappushpop(self._older, placed)
        if one.key in self._limits.kept:
            self._kept.append(placed)

    def newest_first(self) -> list[Stored]:
        """What counts of all that was added."""
        counting = {*(self._young or self._older), *self._kept}
        return [one for *_, one in sorted(counting, reverse=True)]


def stored_backups(bucket: Bucket, prefix: str, since: str = "") -> list[Stored]:
    """The backups of one pipeline, the newest first, from the day after ``since`` on.

    Raises StoreError.
    """
    return stored_below(bucket, prefix, since)


def stored_proofs(bucket: Bucket, prefix: str, since: str = "") -> list[Stored]:
    """The proofs of a pipeline's backups, in the same order. Raises StoreError."""
    return stored_below(bucket, f"{prefix}{PROOFS}/", since, ENDING)


def stored_below(bucket: Bucket, folder: str, since: str, ending: str = "") -> list[Stored]:
    """What is called by a backup, and ends so, in the folders of days right below that one."""
    found = [
        (day, number, one)
        for one in Listing(bucket).stored(f"{folder}{MILLENNIUM}", f"{folder}{since}")
        for day, _, name in [one.key.removeprefix(folder).removesuffix(ending).partition("/")]
        if is_day(day) and (number := number_of(name, ""))
    ]
    return [one for _, _, one in sorted(found, reverse=True)]


def stored_everywhere(bucket: Bucket, prefix: str, limits: Limits) -> dict[str, Below]:
    """What counts below each prefix that has backups or proofs, of all that start with that one.

    By one listing, in which all else is passed over. Raises StoreError.
    """
    backups: defaultdict[str, Recent] = defaultdict(lambda: Recent(limits))
    proofs: defaultdict[str, Recent] = defaultdict(lambda: Recent(limits))
    for one in Listing(bucket).stored(prefix):
        key = backup_meant(one.key)
        if key and place_in_time(key)[0].startswith(MILLENNIUM):
            kind = backups if key == one.key else proofs
            kind[prefix_of(key)].add(one, *place_in_time(key))
    return {
        name: Below(backups[name].newest_first(), proofs[name].newest_first())
        for name in sorted({*backups, *proofs})
    }


def backup_meant(key: str) -> str:
    """The key of the backup that is under that one, or whose proof is; '' where it is neither."""
    proof = PROOF_KEY.fullmatch(key)
    about = f"{proof[1] or ''}{proof[2]}" if proof else key
    return about if is_dump_key(about) else ""


def prefix_of(key: str) -> str:
    """What is in front of the day in a backup's key: empty, or it ends in a slash."""
    before = key.rsplit("/", 2)[:-2]
    return f"{before[0]}/" if before else ""


def place_in_time(key: str) -> tuple[str, int]:
    """The day and the number in a backup's key, by which those of all pipelines are in order."""
    *_, day, name = key.split("/")
    return day, number_of(name, "")
