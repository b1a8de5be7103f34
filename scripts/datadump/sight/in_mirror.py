"""What the mirror lacks, by a listing for each prefix: its objects are asked for nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta

from datadump.backups.catalogue import in_parallel
from datadump.backups.stored import stored_backups
from datadump.s3.bucket import Bucket
from datadump.s3.errors import BucketAbsentError, StoreError
from datadump.settings.pipelines import Pipeline
from datadump.sight.in_bucket import Told
from datadump.sight.seen import BackupSeen, MirrorSeen


def look_at_mirror(mirror: Bucket, told: Mapping[Pipeline, Told]) -> MirrorSeen:
    """What it lacks of these backups; where it doesn't answer, why.

    The first prefix is asked about alone, so that one that is silent isn't waited for again.
    """
    below: dict[str, set[BackupSeen]] = {}
    for pipeline, of in told.items():
        if of.backups:
            below.setdefault(pipeline.prefix, set()).update(of.backups)
    try:
        found = list(in_parallel(lambda of: lacking(mirror, *of), list(below.items())))
    except BucketAbsentError:  # it is made for the first copy
        found = [list(backups) for backups in below.values()]
    except StoreError as error:
        return MirrorSeen(trouble=str(error))
    return MirrorSeen([one for of in found for one in of])


def lacking(mirror: Bucket, prefix: str, backups: Collection[BackupSeen]) -> list[BackupSeen]:
    """Those that aren't there, or not with their size. Raises StoreError."""
    first = date.fromisoformat(min(one.day for one in backups))
    there = stored_backups(mirror, prefix, (first - timedelta(days=1)).isoformat())
    sizes = {one.key: one.size for one in there}
    return [one for one in backups if sizes.get(one.key) != one.size]
