"""Settings of a pipeline: whose dumps they are, where they wait, and where they go.

An idle tick reads them, every minute: hence NamedTuple, which costs a third of dataclasses.
"""

# Annotations are not postponed here: NamedTuple would compile each of them, at every idle tick.

from collections.abc import Mapping
from typing import NamedTuple

from datadump.ground.names import ROOM_FOR_PREFIX, escape
from datadump.settings.environment import SettingsError, check_plain_text


class Pipeline(NamedTuple):
    """One database's dumps, from their folder to their keys."""

    database: str
    dumps: str  # the folder; check_folder tells whether it can be used
    prefix: str  # of the keys in the bucket: ends in a slash, or is empty


def read_pipeline(environment: Mapping[str, str]) -> Pipeline:
    """The pipeline that DB_NAME, DUMPS_DIR and S3_PREFIX say; raises SettingsError.

    A variable that is empty counts as unset.
    """
    return Pipeline(
        database=check_plain_text("DB_NAME", environment.get("DB_NAME") or "FACULDADE"),
        dumps=environment.get("DUMPS_DIR") or "/dumps",
        prefix=normal_prefix(environment.get("S3_PREFIX") or ""),
    )


def normal_prefix(prefix: str) -> str:
    """``host/one/`` for ``/host/one``; raises SettingsError for one that can't be part of a key."""
    prefix = prefix.strip("/")
    if not prefix:
        return ""
    parts = prefix.split("/")
    # A backslash is a slash to some stores, and then no listing has the keys that were stored.
    if not prefix.isprintable() or "\\" in prefix or {"", ".", ".."} & set(parts):
        raise SettingsError(f"S3_PREFIX: {prefix!r} is not a plain path such as hosts/one")
    if len(escape(prefix).encode()) > ROOM_FOR_PREFIX:
        raise SettingsError(
            f"S3_PREFIX: {prefix!r} is over {ROOM_FOR_PREFIX} bytes (a slash counts as three)"
        )
    return prefix + "/"
