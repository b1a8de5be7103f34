"""What listings alone tell of backups and proofs: keys, sizes and ETags, of any number at once."""

from __future__ import annotations

from datadump.backups.proofs import PROOFS
from datadump.s3.bucket import Bucket
from datadump.s3.keys import is_day, number_of
from datadump.s3.listing import Listing, Stored


def stored_backups(bucket: Bucket, prefix: str, since: str = "") -> list[Stored]:
    """The backups of one pipeline, the newest first, from the day after ``since`` on.

    Raises StoreError.
    """
    return stored_below(bucket, prefix, since)


def stored_proofs(bucket: Bucket, prefix: str, since: str = "") -> list[Stored]:
    """The proofs of a pipeline's backups, in the same order. Raises StoreError."""
    return stored_below(bucket, f"{prefix}{PROOFS}/", since, ".json")


def stored_below(bucket: Bucket, folder: str, since: str, ending: str = "") -> list[Stored]:
    """What is called by a backup, and ends so, in the folders of days right below that one."""
    found = [
        (day, number, one)
        for one in Listing(bucket).stored_after(f"{folder}2", f"{folder}{since}")
        for day, _, name in [one.key.removeprefix(folder).removesuffix(ending).partition("/")]
        if is_day(day) and (number := number_of(name, ""))
    ]
    return [one for _, _, one in sorted(found, reverse=True)]


def place_in_time(key: str) -> tuple[str, int]:
    """The day and the number in a backup's key, by which those of all pipelines are in order."""
    *_, day, name = key.split("/")
    return day, number_of(name, "")
