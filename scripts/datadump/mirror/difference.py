"""What the mirror lacks of a pipeline's backups and proofs, by two listings at each place."""

from __future__ import annotations

from typing import NamedTuple

from datadump.backups.stored import stored_backups, stored_proofs
from datadump.s3.bucket import Bucket
from datadump.s3.listing import Stored


class Difference(NamedTuple):
    """Of one pipeline, as the first place has it; the newest first."""

    lacking: list[Stored]  # backups whose keys are free at the mirror
    others: list[Stored]  # backups whose keys have something of another size there
    proofs: list[Stored]  # that are missing there, or may be others


def difference(first: Bucket, mirror: Bucket, prefix: str) -> Difference:
    """The backups and proofs below this pipeline's prefix that are to be copied.

    What the first place has no longer isn't looked for. Raises StoreError.
    """
    sizes = {one.key: one.size for one in stored_backups(mirror, prefix)}
    backups = stored_backups(first, prefix)
    proofs = {one.key: one for one in stored_proofs(mirror, prefix)}
    return Difference(
        [one for one in backups if one.key not in sizes],
        [one for one in backups if sizes.get(one.key, one.size) != one.size],
        [one for one in stored_proofs(first, prefix) if one != proofs.get(one.key)],
    )
