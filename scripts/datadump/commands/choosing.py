"""Which backup of which database a person means, and what is answered where that isn't clear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from datadump.backups.catalogue import (
    LATEST,
    Backup,
    Catalogue,
    NoBackupError,
    catalogues_in,
)
from datadump.backups.listing import as_table
from datadump.ground.terminal import printable
from datadump.s3.bucket import Bucket
from datadump.settings.pipelines import are_several, read_pipeline

NEWEST_SHOWN = 3  # backups, to somebody who asked for one that isn't there


class UnclearError(Exception):
    """Nobody can tell what is meant: nothing began. The text, of some lines, is for that person."""


def catalogues_of(
    bucket: Bucket, environment: Mapping[str, str], database: str | None
) -> list[Catalogue]:
    """Those of the database that is named; else of all that the settings mean.

    With DB_NAME that is one, and with DB_NAMES all that have backups. Raises SettingsError,
    StoreError, NoBackupError where there are none at all, UnclearError where there are others.
    """
    whole = read_pipeline(environment)
    if not are_several(environment) and database in {None, whole.database}:
        return [Catalogue(bucket, whole)]
    found = catalogues_in(bucket, whole)
    meant = [one for one in found if database in {None, one.pipeline.database}]
    place = bucket.url(whole.prefix)
    if not found:
        raise NoBackupError(f"there are no backups in {place}")
    if not meant:
        raise UnclearError(
            f"there are no backups of {database!r} in {place}; there are of {names_of(found)}"
        )
    return meant


def look_up(
    bucket: Bucket,
    environment: Mapping[str, str],
    database: str | None,
    what: str,
    before: datetime | None = None,
) -> tuple[Catalogue, Backup]:
    """The backup that a person means, and where it is: ``what``, or the last one ``before``.

    Raises SettingsError, StoreError, UnclearError, and NoBackupError where there is no latest one,
    which is not for a slip of the pen.
    """
    catalogue = the_one_of(catalogues_of(bucket, environment, database), what)
    try:
        return catalogue, catalogue.before(before) if before else catalogue.find(what)
    except NoBackupError as error:
        if what == LATEST:
            raise
        newest = catalogue.newest(NEWEST_SHOWN)._replace(more=False)
        raise UnclearError(
            f"{printable(str(error))}\n"
            "WHAT is the word latest, a day (2026-11-23) for its last one, or a key; "
            "--before 'YYYY-MM-DD HH:MM' takes the last one before that; the newest:\n"
            f"{as_table(newest, catalogue.place)}"
        ) from error


def the_one_of(catalogues: Sequence[Catalogue], what: str) -> Catalogue:
    """The only one, or the one that has such a key; UnclearError where neither is so."""
    meant = [one for one in catalogues if one.has_key(what)] or catalogues
    if len(meant) > 1:
        raise UnclearError(f"which database? Say --database NAME: {names_of(catalogues)}")
    return meant[0]


def names_of(catalogues: Sequence[Catalogue]) -> str:
    """The names of their databases."""
    return printable(", ".join(one.pipeline.database for one in catalogues))
