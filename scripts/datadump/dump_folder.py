"""The folder that dumps wait in, and what a tick notes there about the dump in its hands.

A dump that is being uploaded has a dot name which says everything about it::

    .send-to-s3.<dump-id>.datadump.sql     taken, nothing sent yet
    .send-to-s3.<dump-id>.<bucket>%2F<key> may be under way to that key, and to no other

So a note is one rename: atomic, together with the dump itself, and possible on a full disk.
"""

from __future__ import annotations

import fcntl
import os
from typing import NamedTuple

FINISHED_NAMES = ("datadump.sql", "datadump.sql.zst", "datadump.sql.gz")
OWN_PREFIX = ".send-to-s3."
UNFINISHED_BUCKET = OWN_PREFIX + "unfinished-bucket."

# A file's name has room for 255 bytes: this many are left for the escaped prefix of the key when
# everything else is as long as it can be.
ROOM_FOR_PREFIX = 100


class Destination(NamedTuple):
    """Where an object is, or is to be."""

    bucket: str
    key: str


class Dump(NamedTuple):
    """A finished dump: under its own name, or, once it is taken, under a dot name."""

    name: str
    dump_id: str | None = None
    destination: Destination | None = None

    @property
    def finished_name(self) -> str:
        """The name that the dump waits under."""
        name = self.destination.key if self.destination else self.name
        return "datadump.sql" + name.rpartition(".sql")[2]


def escape(text: str) -> str:
    """The text as part of a file name; :func:`unescape` is the way back."""
    return text.replace("%", "%25").replace("/", "%2F")


def unescape(text: str) -> str:
    """The text that :func:`escape` was given."""
    return text.replace("%2F", "/").replace("%25", "%")


def parse_taken(name: str) -> Dump:
    """The dump that a taken dump's file name tells of."""
    dump_id, _, rest = name.removeprefix(OWN_PREFIX).partition(".")
    bucket, slash, key = unescape(rest).partition("/")
    return Dump(name, dump_id, Destination(bucket, key) if slash else None)


def parse_name(name: str) -> Dump | None:
    """The dump under this name in the folder, if it is a dump's."""
    if name in FINISHED_NAMES:
        return Dump(name)
    if name.startswith(OWN_PREFIX) and not name.startswith(UNFINISHED_BUCKET):
        return parse_taken(name)
    return None


def taken_name(dump_id: str, rest: str) -> str:
    """The file name that :func:`parse_taken` reads."""
    return f"{OWN_PREFIX}{dump_id}.{escape(rest)}"


class DumpFolder:
    """The operations on the folder. All of them raise OSError as it comes.

    One process at a time may work in it: :meth:`lock` first.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)

    def path_of(self, dump: Dump) -> str:
        """The dump's path as it is now."""
        return os.path.join(self.path, dump.name)

    def lock(self) -> bool:
        """False where another process has the folder. The lock ends with the process."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def pending(self) -> list[Dump]:
        """The dumps to upload: those taken before, then those that wait; each oldest first."""
        found: list[tuple[bool, float, Dump]] = []
        with os.scandir(self._descriptor) as entries:
            for entry in entries:
                dump = parse_name(entry.name)
                if dump and entry.is_file(follow_symlinks=False):
                    found.append((dump.dump_id is None, entry.stat().st_mtime, dump))
        return [dump for _, _, dump in sorted(found)]

    def take(self, dump: Dump, dump_id: str) -> Dump:
        """Take a waiting dump: from here on nothing replaces it."""
        return self._rename(dump, Dump(taken_name(dump_id, dump.name), dump_id))

    def take_again(self, dump: Dump) -> None:
        """Take a dump that an earlier tick took: it may wait under its name as well."""
        finished = os.path.join(self.path, dump.finished_name)
        if os.path.lexists(finished) and os.path.samefile(finished, self.path_of(dump)):
            os.unlink(finished)
            self._sync()

    def bind(self, dump: Dump, destination: Destination) -> Dump:
        """Note on disk where the dump is about to go."""
        assert dump.dump_id is not None
        name = taken_name(dump.dump_id, f"{destination.bucket}/{destination.key}")
        return self._rename(dump, Dump(name, dump.dump_id, destination))

    def give_back(self, dump: Dump) -> None:
        """After a failure: show the dump under its name again, if that is free.

        Where its object may still arrive, the note stays as the file's second name.
        """
        try:
            os.link(self.path_of(dump), os.path.join(self.path, dump.finished_name))
        except FileExistsError:
            return
        if dump.destination is None:
            os.unlink(self.path_of(dump))
        self._sync()

    def remove(self, dump: Dump) -> None:
        """The dump has arrived."""
        os.unlink(self.path_of(dump))
        self._sync()

    def note_unfinished(self, bucket: str) -> None:
        """Note that a bucket is about to be made, in case this process doesn't finish it."""
        os.close(os.open(self._unfinished(bucket), os.O_WRONLY | os.O_CREAT, 0o600))
        self._sync()

    def is_unfinished(self, bucket: str) -> bool:
        """Whether the making of this bucket was begun here and not ended."""
        return os.path.exists(self._unfinished(bucket))

    def forget_unfinished(self, bucket: str) -> None:
        """The bucket is finished, or not this folder's to make."""
        os.unlink(self._unfinished(bucket))

    def _unfinished(self, bucket: str) -> str:
        return os.path.join(self.path, UNFINISHED_BUCKET + bucket)

    def _rename(self, old: Dump, new: Dump) -> Dump:
        os.rename(self.path_of(old), self.path_of(new))
        self._sync()
        return new

    def _sync(self) -> None:
        os.fsync(self._descriptor)
