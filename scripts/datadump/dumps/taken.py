"""What a file name tells of a dump that was taken for upload.

The name says everything about it::

    .send-to-s3.<dump-id>.datadump.sql             nothing was sent yet
    .send-to-s3.<dump-id>.<note>.<bucket>%2F<key>  is under way to that key, and to no other

with a key of ``datadump.sql``, where a bucket is being made for it. Where the dump's folder is one
of several, the key has its name before the day, which the note leaves out, since a file's name has
room for one of them: ``hosts//2026-11-23/datadump1.sql``. The note, 16 hexadecimal digits, is the
second since 1970 in which it was made, and the mark of the multipart upload, if there is one. So a
note is one rename: atomic, together with the dump, and possible on a full disk.
"""

# Annotations are not postponed here: NamedTuple would compile each of them, at every idle tick.

import time
from typing import NamedTuple

from datadump.ground.names import (
    DUMP_ID_LENGTH,
    FINISHED_NAMES,
    NOTE_LENGTH,
    TAKEN_PREFIX,
    name_of_note,
    unescape,
)

LATEST = 0xFFFFFFFF
HEX = set("0123456789abcdef")


class Destination(NamedTuple):
    """Where an object is, or is to be."""

    bucket: str
    key: str


class TakenDump(NamedTuple):
    """A dump that this folder's uploader has taken, and what its file name tells of it.

    ``noted_at`` is when the destination was noted, in seconds since 1970; ``upload_mark`` the first
    32 bits of a digest that knows the multipart upload again, 0 for none.
    """

    dump_id: str
    finished_name: str  # that it waited under
    destination: Destination | None = None
    noted_at: int = 0
    upload_mark: int = 0
    own_folder: str = ""  # its name, where the dump's folder is one of several

    @property
    def name(self) -> str:
        """The name of the dump's file."""
        if self.destination is None:
            return f"{TAKEN_PREFIX}{self.dump_id}.{self.finished_name}"
        note = f"{self.noted_at:08x}{self.upload_mark:08x}"
        bucket, key = self.destination
        return name_of_note(self.dump_id, note, bucket, without_folder(key, self.own_folder))

    @property
    def bucket_in_the_making(self) -> bool:
        """Whether the destination is a bucket that has no key for it yet."""
        return self.destination is not None and self.destination.key in FINISHED_NAMES


def parse_taken(name: str, own_folder: str = "") -> TakenDump | None:
    """The dump that a file's name tells of, or None where it is no taken dump's.

    ``own_folder``: the name of the file's folder, where that is one of several.
    """
    dump_id, _, rest = name.removeprefix(TAKEN_PREFIX).partition(".")
    if not name.startswith(TAKEN_PREFIX) or not is_hex(dump_id, DUMP_ID_LENGTH):
        return None
    if rest in FINISHED_NAMES:
        return TakenDump(dump_id, rest, own_folder=own_folder)
    note, _, destination = rest.partition(".")
    bucket, _, key = unescape(destination).partition("/")
    key = with_folder(key, own_folder)
    finished_name = "datadump." + key.rpartition("datadump")[2].partition(".")[2]
    if not is_hex(note, NOTE_LENGTH) or finished_name not in FINISHED_NAMES:
        return None
    noted_at, upload_mark = int(note[:8], 16), int(note[8:], 16)
    where = Destination(bucket, key)
    return TakenDump(dump_id, finished_name, where, noted_at, upload_mark, own_folder)


def without_folder(key: str, folder: str) -> str:
    """The key without the name of that folder before its day; :func:`with_folder` is the way back.

    What is left of it is an empty folder, which no key has.
    """
    above, *rest = key.rsplit("/", 2)
    if folder and f"/{above}".endswith(f"/{folder}"):
        above = above.removesuffix(folder)
    return "/".join([above, *rest])


def with_folder(key: str, folder: str) -> str:
    """The key that a note tells of, whose file is in that folder."""
    return f"/{key}".replace("//", f"/{folder}/", 1).removeprefix("/") if folder else key


def is_hex(text: str, length: int) -> bool:
    """Whether the text is that many hexadecimal digits, in lower case."""
    return len(text) == length and set(text) <= HEX


def now() -> int:
    """Seconds since 1970, as far as a note has digits: until 2106."""
    return min(int(time.time()), LATEST)
