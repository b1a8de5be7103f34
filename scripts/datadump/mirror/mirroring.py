"""One run of the mirror, and every outcome is a line of the daily log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from datadump.backups.catalogue import catalogues_in, in_parallel
from datadump.backups.fetching import DamagedError
from datadump.backups.stored import place_in_time
from datadump.ground.daily_log import log
from datadump.mirror.copying import OtherObjectError, copy_backup, copy_proof, other_object
from datadump.mirror.difference import difference
from datadump.s3.bucket import Bucket
from datadump.s3.errors import RefusedError
from datadump.s3.listing import Listing
from datadump.s3.making import finish, make
from datadump.settings.pipelines import Pipeline

MOST_REFUSED = 3  # objects in a row: then it isn't for what they are
FAILED = "mirror failed"


def bring_up_to_date(first: Bucket, mirror: Bucket, whole: Pipeline) -> bool:
    """Copy what the mirror lacks of the backups and proofs of all pipelines below the prefix.

    The newest first: should the first place be lost meanwhile, it is the newest that counts. One
    that can't be copied keeps no other. True: the mirror lacks nothing. Raises StoreError where one
    of the stores can't be asked.
    """
    prefixes = [catalogue.pipeline.prefix for catalogue in catalogues_in(first, whole)]
    if Listing(mirror).keys_if_there(f"{whole.prefix}0") is None:  # no key of ours begins so
        make(mirror)
        finish(mirror)
    found = list(in_parallel(partial(difference, first, mirror), prefixes))
    for one in (other for of in found for other in of.others):
        log(f"{FAILED}: {other_object(mirror, one.key)}")
    lacking = [one.key for of in found for one in of.lacking]
    run = Run(first, mirror)
    run.copy(copy_backup, sorted(lacking, key=place_in_time, reverse=True), "backup mirrored")
    run.copy(copy_proof, [one.key for of in found for one in of.proofs])
    print(f"{run.copied} of {len(lacking)} backups copied", flush=True)
    return not run.failed and not any(of.others for of in found)


class Run:
    """Copies one object after the other: so many that are logged, and whether one has failed."""

    def __init__(self, first: Bucket, mirror: Bucket) -> None:
        self._first, self._mirror = first, mirror
        self.copied, self.failed = 0, False
        self._refused = 0  # in a row

    def copy(
        self, work: Callable[[Bucket, Bucket, str], bool], keys: Sequence[str], done: str = ""
    ) -> None:
        """Do this work for each of the keys; ``done`` begins the log's line for one.

        Raises StoreError.
        """
        for key in keys:
            if self._refused == MOST_REFUSED:
                return
            try:
                copied = work(self._first, self._mirror, key)
            except (DamagedError, OtherObjectError, RefusedError) as error:
                log(f"{FAILED}: {error}")
                self.failed = True
                self._refused += isinstance(error, RefusedError)
            else:
                self._refused = 0
                if copied and done:
                    self.copied += 1
                    log(f"{done}: {key}")
