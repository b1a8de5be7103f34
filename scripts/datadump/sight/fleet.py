"""One look at a bucket alone, and at every pipeline that shares it: no folder, no log, no list."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from datadump.backups.stored import Below
from datadump.s3.bucket import Bucket
from datadump.s3.errors import BucketAbsentError, RefusedError, StoreError
from datadump.settings.pipelines import Pipeline, database_of
from datadump.settings.watching import Wanted, as_word
from datadump.sight.in_bucket import AT_ONCE, BucketLook, Facts, Found, Told, key_of, newest_known
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
        if place.mirror and not any(of.trouble for of in told.values()):
            mirror = look_at_mirror(place.mirror, told)
    except BucketAbsentError as error:
        trouble = str(error) if earlier else ""  # it is made for the first backup
    except StoreError as error:
        trouble = str(error)
    found = sorted((seen_of(*one) for one in told.items()), key=lambda one: one.database)
    seen = Seen(time.time(), found, trouble, mirror=mirror, bucket_alone=True)
    kept = known if trouble else {fact: known[fact] for fact in earlier.values()}
    return seen, kept | in_bucket.facts


def told_of_all(
    in_bucket: BucketLook, below: str, earlier: Mapping[Pipeline, str], wanted: Wanted
) -> dict[Pipeline, Told]:
    """What the bucket tells of each, and of those of earlier looks. Raises StoreError."""
    listed = in_bucket.everywhere(below, {key_of(fact) for fact in earlier.values()})
    named: dict[str, set[str]] = {prefix: set() for prefix in listed}
    for one in earlier:
        named.setdefault(one.prefix, set()).add(one.database)
    prefixes = [prefix for prefix in named if not wanted.is_excluded(path_of(prefix))]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = pool.map(lambda of: found_at(in_bucket, of, listed.get(of, NOTHING)), prefixes)
        told = {
            Pipeline(database, "", prefix): of.of(database)
            for prefix, of in zip(prefixes, found, strict=True)
            for database in (of.databases | named[prefix]) - {""} or {""}
        }
    told = {one: of for one, of in told.items() if not is_left_out(one, wanted)}
    refused = [of.trouble for of in told.values() if of.trouble]
    if refused and len(refused) == len(told):
        raise RefusedError(refused[0])  # that is one piece of news
    return told


def found_at(in_bucket: BucketLook, prefix: str, listed: Below) -> Found:
    """What there is of that prefix: an object there that the store doesn't show hides no other.

    Raises StoreError.
    """
    try:
        return in_bucket.at(prefix, listed)
    except RefusedError as error:
        return Found([], [], str(error))


def seen_of(one: Pipeline, told: Told) -> PipelineSeen:
    """It, by what it is called. What nobody knows a backup of may be none of ours."""
    exclusion = "" if told.trouble and one.database else exact_name_of(one)
    return PipelineSeen(
        name_of(one), told.backups, told.proofs,
        waiting=None, exclusion=exclusion, trouble=told.trouble,
    )  # fmt: skip


def is_left_out(one: Pipeline, wanted: Wanted) -> bool:
    """Whether DB_EXCLUDE names its prefix, its database, or it alone."""
    return any(map(wanted.is_excluded, (path_of(one.prefix), one.database, exact_name_of(one))))


def name_of(one: Pipeline) -> str:
    """``db7/shop``; with its database, where the last folder has another name: ``db7:shop``.

    No two have one name.
    """
    folder = one.prefix.rstrip("/").rpartition("/")[2]
    is_told = one.database in {"", database_of(folder)}
    return path_of(one.prefix) if is_told else exact_name_of(one)


def exact_name_of(one: Pipeline) -> str:
    """What means it and no other: ``db7/shop:shop``."""
    return f"{path_of(one.prefix)}:{as_word(one.database)}"


def path_of(prefix: str) -> str:
    """What a prefix is called: ``db7/shop``; the bucket's root is ``/``."""
    return as_word(prefix.rstrip("/")) or "/"
