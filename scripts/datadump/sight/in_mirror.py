"""What the mirror lacks, by a listing for each pipeline: its objects are asked for nothing."""

from __future__ import annotations

from collections.abc import Mapping
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

    The first pipeline is asked about alone, so that one that is silent isn't waited for again.
    """
    asked = [(pipeline.prefix, of.backups) for pipeline, of in told.items() if of.backups]
    try:
        found = list(in_parallel(lambda of: lacking(mirror, *of), asked))
    except BucketAbsentError:  # it is made for the first copy
        found = [list(backups) for _, backups in asked]
    except StoreError as error:
        return MirrorSeen(trouble=str(error))
    return MirrorSeen([one for of in found for one in of])


def lacking(mirror: Bucket, prefix: str, backups: list[BackupSeen]) -> list[BackupSeen]:
    """Those that aren't there, or not with their size. Raises StoreError."""
    first = date.fromisoformat(min(one.day for one in backups))
    there = stored_backups(mirror, prefix, (first - timedelta(days=1)).isoformat())
    sizes = {one.key: one.size for one in there}
    return [one for one in backups if sizes.get(one.key) != one.size]
