"""One look at a bucket alone, and at every pipeline that shares it: no folder, no log, no list."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from datadump.backups.stored import Below
from datadump.s3.bucket import Bucket
from datadump.s3.errors import BucketAbsentError, StoreError
from datadump.settings.pipelines import Pipeline, database_of
from datadump.settings.watching import Wanted
from datadump.sight.in_bucket import AT_ONCE, BucketLook, Facts, Told, key_of, newest_known
from datadump.sight.in_mirror import look_at_mirror
from datadump.sight.seen import PipelineSeen, Seen

NOTHING = Below([], [])


class Shared(NamedTuple):
    """What is looked at."""

    bucket: Bucket
    below: str  # the prefix of all that counts: empty, or it ends in a slash
    mirror: Bucket | None = None


def look_at_all(place: Shared, wanted: Wanted, known: Facts) -> tuple[Seen, Facts]:
    """What there is to see now, and the facts that the next look needn't ask for.

    ``known`` are those of the last one. A pipeline of those, of which there is nothing any more, is
    seen with no backup.
    """
    wanted = wanted._replace(named=[])
    earlier = newest_known(known, place.below)
    earlier = {one: fact for one, fact in earlier.items() if not is_left_out(one, wanted)}
    in_bucket, trouble, mirror = BucketLook(place.bucket, known), "", None
    told = dict.fromkeys(earlier, Told([], []))
    try:
        told = told_of_all(in_bucket, place.below, earlier, wanted)
        mirror = look_at_mirror(place.mirror, told) if place.mirror else None
    except BucketAbsentError as error:
        trouble = str(error) if earlier else ""  # it is made for the first backup
    except StoreError as error:
        trouble = str(error)
    found = [PipelineSeen(name, *of, waiting=None) for name, of in by_name(told).items()]
    seen = Seen(time.time(), found, trouble, mirror=mirror, bucket_alone=True)
    facts = {fact: known[fact] for fact in earlier.values()} | in_bucket.facts
    return seen, known if trouble else facts


def told_of_all(
    in_bucket: BucketLook, below: str, earlier: Mapping[Pipeline, str], wanted: Wanted
) -> dict[Pipeline, Told]:
    """What the bucket tells of each, and of those of earlier looks. Raises StoreError."""
    listed = in_bucket.everywhere(below, {key_of(fact) for fact in earlier.values()})
    named: dict[str, set[str]] = {prefix: set() for prefix in listed}
    for one in earlier:
        named.setdefault(one.prefix, set()).add(one.database)
    prefixes = [prefix for prefix in named if not wanted.is_excluded(prefix.rstrip("/"))]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = pool.map(lambda of: in_bucket.at(of, listed.get(of, NOTHING)), prefixes)
        told = {
            Pipeline(database, "", prefix): of.of(database)
            for prefix, of in zip(prefixes, found, strict=True)
            for database in (of.databases | named[prefix]) - {""} or {""}
        }
    return {one: of for one, of in told.items() if not is_left_out(one, wanted)}


def is_left_out(one: Pipeline, wanted: Wanted) -> bool:
    """Whether DB_EXCLUDE names it: its prefix, its database, or what it is called."""
    return any(map(wanted.is_excluded, (one.prefix.rstrip("/"), one.database, name_of(one))))


def by_name(told: Mapping[Pipeline, Told]) -> dict[str, Told]:
    """What is told, by what each is called; no two have one name, whatever somebody makes up."""
    found: dict[str, Told] = {}
    for one in sorted(told, key=lambda one: (one.prefix, one.database)):
        name = name_of(one)
        while name in found:
            name += " #2"
        found[name] = told[one]
    return dict(sorted(found.items()))


def name_of(one: Pipeline) -> str:
    """``db7/shop``; with its database, where the last folder has another name: ``db7 (shop)``."""
    path = one.prefix.rstrip("/") or "/"
    folder = path.rpartition("/")[2]
    return path if one.database in {"", database_of(folder)} else f"{path} ({one.database})"
