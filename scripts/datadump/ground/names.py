"""The names of finished dumps, and how a text becomes part of a file's name."""

from __future__ import annotations

FINISHED_NAMES = ("datadump.sql", "datadump.sql.zst", "datadump.sql.gz")
# A file's name has room for 255 bytes: this many are left for the escaped prefix of the key when
# everything else is as long as it can be.
ROOM_FOR_PREFIX = 80


def escape(text: str) -> str:
    """The text as part of a file name; :func:`unescape` is the way back."""
    return text.replace("%", "%25").replace("/", "%2F")


def unescape(text: str) -> str:
    """The text that :func:`escape` was given."""
    return text.replace("%2F", "/").replace("%25", "%")
