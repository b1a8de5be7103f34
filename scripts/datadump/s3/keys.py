"""The keys of a day's objects: ``[PREFIX/]<YYYY-MM-DD>/datadump<N>.sql[.zst|.gz][.age]``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date

from datadump.ground.names import MOST_DIGITS, SUFFIXES
from datadump.settings.environment import SettingsError
from datadump.settings.pipelines import normal_prefix

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# More digits are somebody's idea: a note of the key would be too long for the name of a file.
NUMBERED = re.compile(
    rf"datadump([1-9][0-9]{{0,{MOST_DIGITS - 1}}})({'|'.join(map(re.escape, SUFFIXES))})"
)
LARGEST_GAP = 1_000_000  # nobody deletes so many dumps of a day


def day_folder(prefix: str, day: str) -> str:
    """What the day's keys start with; ``prefix`` is empty or ends in a slash."""
    return f"{prefix}{day}/"


def is_day(text: str) -> bool:
    """Whether the text is a date of the calendar, such as 2026-11-23."""
    try:
        return bool(DAY.fullmatch(text) and date.fromisoformat(text))
    except ValueError:
        return False


def is_dump_key(key: str) -> bool:
    """Whether an uploader may have chosen that key, under whatever prefix it was set."""
    folder, _, name = key.rpartition("/")
    prefix, _, day = folder.rpartition("/")
    if not is_day(day) or not number_of(name, ""):
        return False
    try:
        return key == f"{normal_prefix(prefix)}{day}/{name}"
    except SettingsError:
        return False


def number_of(key: str, folder: str) -> int:
    """The N of ``datadump<N>.sql``; 0 where the key is not one of the folder's dumps."""
    match = NUMBERED.fullmatch(key.removeprefix(folder))
    return int(match[1]) if match else 0


def highest_number(keys: Iterable[str], folder: str) -> int:
    """The highest N of the folder's dumps; 0 where there is none.

    A number counts if it follows from those below it. One beyond a gap of more than LARGEST_GAP is
    somebody's idea: counted, it would soon leave no number for the dumps after it.
    """
    highest = 0
    for number in sorted(number_of(key, folder) for key in keys):
        if number - highest > LARGEST_GAP:
            break
        highest = number
    return highest


def numbered_key(folder: str, number: int, finished_name: str) -> str:
    """The key of the folder's object with that number, for a dump that waited under that name."""
    suffix = finished_name.removeprefix("datadump")
    return f"{folder}datadump{number}{suffix}"


def next_key(keys: Iterable[str], folder: str, finished_name: str) -> str:
    """The key of the folder's next object.

    N is one more than the :func:`highest_number` of the ``keys``, over all suffixes: a gap that a
    deletion left is not filled.
    """
    return numbered_key(folder, highest_number(keys, folder) + 1, finished_name)


def first_free(number: int, is_taken: Callable[[int], bool]) -> int | None:
    """The first number from that one on that isn't taken, where the taken ones have no gap.

    By steps that grow and then shrink, so that it takes few questions. None where all are taken,
    as far as anybody would count.
    """
    highest, step = number - 1, 1
    while is_taken(highest + step):
        highest, step = highest + step, 2 * step
        if step > LARGEST_GAP:
            return None
    while step := step // 2:
        if is_taken(highest + step):
            highest += step
    return highest + 1
