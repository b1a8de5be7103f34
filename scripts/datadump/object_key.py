"""The keys of a day's objects: ``[PREFIX/]<YYYY-MM-DD>/datadump<N>.sql[.zst|.gz]``."""

from __future__ import annotations

import re
from collections.abc import Iterable

NUMBERED = re.compile(r"datadump([1-9][0-9]*)\.sql(\.zst|\.gz)?")


def day_prefix(prefix: str, day: str) -> str:
    """What all keys of that day start with, those that don't count among them."""
    return f"{prefix}{day}/datadump"


def number_of(key: str) -> int | None:
    """N, or None where the key's last part is no object's of ours."""
    match = NUMBERED.fullmatch(key.rpartition("/")[2])
    return int(match[1]) if match else None


def next_key(keys: Iterable[str], prefix: str, day: str, finished_name: str, above: int = 0) -> str:
    """The key of the day's next object.

    N is one more than the highest of the day's ``keys``, over all suffixes, and than ``above``: a
    gap that a deletion left is not filled.
    """
    highest = max((number_of(key) or 0 for key in keys), default=0)
    suffix = finished_name.removeprefix("datadump")
    return f"{day_prefix(prefix, day)}{max(highest, above) + 1}{suffix}"
