"""What an object's metadata will say of a dump, as its file tells."""

from __future__ import annotations

import os
from datetime import datetime

from datadump.ground.fingerprint import Fingerprint
from datadump.ground.terminal import Notices
from datadump.s3.metadata import Metadata
from datadump.sql.lines import DumpError
from datadump.sql.reading import DumpFile, EncryptedError, database_of
from datadump.upload.in_hand import DumpInHand


def metadata_of(
    dump: DumpInHand, fingerprint: Fingerprint, database: str, notices: Notices
) -> Metadata:
    """The metadata of an object with these bytes; ``database`` is what the settings name.

    Raises OSError.
    """
    return Metadata(
        dumped_at=dumped_at(dump, notices).isoformat(timespec="seconds"),
        database=own_database(dump, database, notices),
        dump_id=dump.noted.dump_id,
        sha256=fingerprint.sha256,
    )


def dumped_at(dump: DumpInHand, notices: Notices) -> datetime:
    """The file's time; the present one where that is outside of the years 1 to 9999."""
    seconds = os.stat(dump.path).st_mtime
    try:
        return datetime.fromtimestamp(seconds).astimezone()
    except (ValueError, OverflowError, OSError):
        notices.warn(
            f"warning: the time of {dump.noted.finished_name}, {seconds:.0f} seconds after 1970, "
            "is no date: its dumped-at is the time of the upload"
        )
        return datetime.now().astimezone()


def own_database(dump: DumpInHand, expected: str, notices: Notices) -> str:
    """The database that the dump itself names; the expected one where it doesn't say.

    Nor can anybody read what is compressed where its program isn't installed, nor here what is
    encrypted.
    """
    try:
        named = database_of(DumpFile(dump.path))
    except (DumpError, EncryptedError, FileNotFoundError):
        return expected
    if named and named != expected:
        notices.warn(
            f"warning: {dump.noted.finished_name} is a dump of {named}, and DB_NAME is {expected}: "
            f"the object's metadata say {named}"
        )
    return named or expected
