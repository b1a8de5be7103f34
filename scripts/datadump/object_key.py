"""The keys of a day's objects: ``[PREFIX/]<YYYY-MM-DD>/datadump<N>.sql[.zst|.gz]``."""

from __future__ import annotations

import re
from collections.abc import Iterable

# More digits are somebody's idea: the next number would be too long for the name of a file.
NUMBERED = re.compile(r"datadump([1-9][0-9]{0,13})\.sql(\.zst|\.gz)?")


def day_folder(prefix: str, day: str) -> str:
    """What the day's keys start with; ``prefix`` is empty or ends in a slash."""
    return f"{prefix}{day}/"


def number_of(key: str, folder: str) -> int:
    """N, or 0 where the key is not one of the folder's dumps."""
    match = NUMBERED.fullmatch(key.removeprefix(folder))
    return int(match[1]) if match else 0


def next_key(keys: Iterable[str], folder: str, finished_name: str) -> str:
    """The key of the folder's next object.

    N is one more than the highest of the ``keys``, over all suffixes: a gap that a deletion left is
    not filled.
    """
    highest = max((number_of(key, folder) for key in keys), default=0)
    suffix = finished_name.removeprefix("datadump")
    return f"{folder}datadump{highest + 1}{suffix}"
