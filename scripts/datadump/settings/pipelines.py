"""Pipelines: whose dumps they are, where they wait, where they go, and what the log calls them.

There is one, made of the settings; with DB_NAMES it has one below it for each database, as the dump
made their folders (dump/pipelines.sh). An idle tick reads them, every minute: hence NamedTuple,
which costs a third of dataclasses.
"""

# Annotations are not postponed here: NamedTuple would compile each of them, at every idle tick.

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from datadump.ground.names import FINISHED_NAMES, ROOM_FOR_PREFIX, escape
from datadump.settings.environment import SettingsError, check_plain_text, is_plain_text

NO_DATABASES = {"lost+found", *FINISHED_NAMES}  # folders that mean something else


class Pipeline(NamedTuple):
    """One database's dumps, from their folder to their keys."""

    database: str
    dumps: str  # the folder; check_folder tells whether it can be used
    prefix: str  # of the keys in the bucket: ends in a slash, or is empty
    own_folder: str = ""  # the last part of both, where it is one of several

    @property
    def ending(self) -> str:
        """What ends a line of the log about it: nothing where it is the only one."""
        return f": {self.database}" if self.own_folder else ""

    def failure(self, error: object) -> str:
        """What the log says of an error that it met with."""
        return f"{self.database}: {error}" if self.own_folder else str(error)

    def below(self, folders: Iterable[str]) -> "list[Pipeline]":
        """The pipelines of several databases, by their folders; those that can be none are not."""
        return [
            Pipeline(database_of(name), f"{self.dumps}/{name}", f"{self.prefix}{name}/", name)
            for name in sorted(folders)
            if name not in NO_DATABASES
            and not name.startswith(".")
            and "\\" not in name
            and "%00" not in name  # which no server's database has in its name, and no file
            and is_plain_text(name)
        ]


def database_of(folder: str) -> str:
    """The database that has a folder of that name, in which some characters are percent-encoded."""
    if "%" not in folder:
        return folder
    from urllib.parse import unquote  # which takes an idle tick longer than all else

    return unquote(folder)


def are_several(environment: Mapping[str, str]) -> bool:
    """Whether the settings name several databases, and not one."""
    return bool(environment.get("DB_NAMES"))


def read_pipeline(environment: Mapping[str, str]) -> Pipeline:
    """The pipeline that DB_NAME, DUMPS_DIR and S3_PREFIX say; raises SettingsError.

    A variable that is empty counts as unset.
    """
    return Pipeline(
        database=check_plain_text("DB_NAME", environment.get("DB_NAME") or "FACULDADE"),
        dumps=environment.get("DUMPS_DIR") or "/dumps",
        prefix=short_prefix(environment.get("S3_PREFIX") or ""),
    )


def short_prefix(prefix: str) -> str:
    """The :func:`normal_prefix`; raises SettingsError for one that a note has no room for, too."""
    size = len(escape(prefix.strip("/")).encode(errors="replace"))
    if size > ROOM_FOR_PREFIX:
        raise SettingsError(
            f"S3_PREFIX: {prefix!r} is over {ROOM_FOR_PREFIX} bytes (a slash counts as three)"
        )
    return normal_prefix(prefix)


def normal_prefix(prefix: str, setting: str = "S3_PREFIX") -> str:
    """``host/one/`` for ``/host/one``; raises SettingsError for one that can't be part of a key.

    ``setting`` is what says so, for that error.
    """
    prefix = prefix.strip("/")
    if not prefix:
        return ""
    parts = prefix.split("/")
    # A backslash is a slash to some stores, and then no listing has the keys that were stored.
    if not is_plain_text(prefix) or "\\" in prefix or {"", ".", ".."} & set(parts):
        raise SettingsError(f"{setting}: {prefix!r} is not a plain path such as hosts/one")
    return prefix + "/"
