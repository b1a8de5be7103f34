"""One look at everything: the bucket, the folder of dumps, the log."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from datadump.backups.proofs import PROOFS
from datadump.dumps.folder import DumpFolder, folders_in
from datadump.ground.owner import as_owner_of
from datadump.s3.bucket import Bucket
from datadump.s3.errors import BucketAbsentError, StoreError
from datadump.s3.keys import is_day
from datadump.s3.listing import Listing
from datadump.settings.pipelines import Pipeline
from datadump.settings.watching import Wanted
from datadump.sight.daily_logs import DailyLogs
from datadump.sight.in_bucket import AT_ONCE, BucketLook, Facts, Told
from datadump.sight.in_mirror import look_at_mirror
from datadump.sight.seen import ANY, PipelineSeen, Seen

NOTHING = Told([], [])


class Place(NamedTuple):
    """What is looked at."""

    bucket: Bucket
    whole: Pipeline  # the only one, or the one above those of several databases
    several: bool
    logs: str  # the folder
    mirror: Bucket | None = None


def look(place: Place, wanted: Wanted, known: Facts) -> tuple[Seen, Facts]:
    """What there is to see now, and the facts that the next look needn't ask for.

    ``known`` are those of the last one. Raises OSError.
    """
    in_bucket, local = BucketLook(place.bucket, known), local_pipelines(place, wanted)
    told, trouble, mirror = dict.fromkeys(local, NOTHING), "", None
    try:
        told = told_of(with_those_of_the_bucket(place, local, wanted), in_bucket)
        mirror = look_at_mirror(place.mirror, told) if place.mirror else None
    except BucketAbsentError:
        pass  # it is made for the first backup
    except StoreError as error:
        trouble = str(error)
    with as_owner_of(place.logs):
        logs = DailyLogs(place.logs)
    with as_owner_of(place.whole.dumps):
        # A folder of the bucket that has no backup of ours is somebody else's.
        found = [
            seen_of(one, of, logs) for one, of in told.items() if one in local or of != NOTHING
        ]
    found += [
        PipelineSeen(name, dump=logs.last_dump(name, f": {name}"))
        for name in missing(place, wanted, {one.database for one in found})
    ]
    uncovered = [name for name in logs.uncovered() if not is_known(name, wanted)]
    free, last_lines = free_bytes(place.whole.dumps), logs.last_lines
    seen = Seen(time.time(), found, trouble, free, uncovered, logs.exchanges(), last_lines, mirror)
    return seen, (known if trouble else {}) | in_bucket.facts


def told_of(pipelines: list[Pipeline], in_bucket: BucketLook) -> dict[Pipeline, Told]:
    """What the bucket tells of each. Raises StoreError."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(pipelines, pool.map(in_bucket.of, pipelines), strict=True))


def missing(place: Place, wanted: Wanted, there: set[str]) -> list[str]:
    """What has to be there, and nothing but the settings tells of it; ANY for any at all."""
    any_at_all = [ANY] if place.several and not wanted.named and not there else []
    return [name for name in wanted.named if name not in there] + any_at_all


def is_known(database: str, wanted: Wanted) -> bool:
    """Whether a setting names it by now."""
    return database in wanted.named or wanted.is_excluded(database)


def local_pipelines(place: Place, wanted: Wanted) -> list[Pipeline]:
    """Those that have a folder here, without the excluded ones.

    The folder above those of several is one as long as something is left there from before.
    """
    if not place.several:
        return [place.whole]
    with as_owner_of(place.whole.dumps):
        folders = folders_in(place.whole.dumps, used=False)
        left = [place.whole] if DumpFolder(place.whole.dumps).pending() else []
    below = [one for one in place.whole.below(folders) if not wanted.is_excluded(one.database)]
    return left + below


def with_those_of_the_bucket(place: Place, local: list[Pipeline], wanted: Wanted) -> list[Pipeline]:
    """Those of here, and what the bucket has beside them. Raises StoreError."""
    if not place.several:
        return local
    folders = Listing(place.bucket).folders_in(place.whole.prefix)
    there = place.whole.below(name for name in folders if not is_day(name) and name != PROOFS)
    others = [one for one in there if one not in local and not wanted.is_excluded(one.database)]
    return local + others


def seen_of(pipeline: Pipeline, told: Told, logs: DailyLogs) -> PipelineSeen:
    """What there is to see of one database. Raises OSError."""
    began = []
    if os.path.isdir(pipeline.dumps):
        began = [dump.mtime for dump in DumpFolder(pipeline.dumps).pending()]
    return PipelineSeen(
        pipeline.database,
        told.backups,
        told.proofs,
        [logs.completed_after(moment, pipeline.ending) for moment in began],
        logs.last_dump(pipeline.database, pipeline.ending),
        logs.last_upload(pipeline.ending),
        logs.days_of_failures(pipeline.database, pipeline.ending),
        logs.days_of_uploads(pipeline.ending),
    )


def free_bytes(folder: str) -> int:
    """What is free there for its owner."""
    room = os.statvfs(folder)
    return room.f_bavail * room.f_frsize
