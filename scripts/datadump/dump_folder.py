"""The folder that dumps wait in, and what a tick notes there about the dump in its hands.

A dump that was taken for upload has a dot name which says everything about it::

    .send-to-s3.<dump-id>.datadump.sql           nothing was sent yet
    .send-to-s3.<dump-id>.<bucket>%2F<key>       may be under way to that key, and to no other
    .send-to-s3.<dump-id>.<bucket>%2Fdatadump.sql  that bucket is being made for it

So a note is one rename: atomic, together with the dump itself, and possible on a full disk.
"""

from __future__ import annotations

import fcntl
import os
from typing import NamedTuple

FINISHED_NAMES = ("datadump.sql", "datadump.sql.zst", "datadump.sql.gz")
TAKEN_PREFIX = ".send-to-s3."
DUMP_ID_LENGTH = 32  # hexadecimal digits

# A file's name has room for 255 bytes: this many are left for the escaped prefix of the key when
# everything else is as long as it can be.
ROOM_FOR_PREFIX = 100


class Destination(NamedTuple):
    """Where an object is, or is to be."""

    bucket: str
    key: str


class TakenDump(NamedTuple):
    """A dump that this folder's uploader has taken, and what its file name tells of it."""

    dump_id: str
    finished_name: str  # that it waited under
    destination: Destination | None = None

    @property
    def name(self) -> str:
        """The name of its file."""
        rest = "/".join(self.destination) if self.destination else self.finished_name
        return f"{TAKEN_PREFIX}{self.dump_id}.{escape(rest)}"

    @property
    def bucket_in_the_making(self) -> bool:
        """Whether the destination is a bucket that has no key for it yet."""
        return self.destination is not None and self.destination.key in FINISHED_NAMES


class Pending(NamedTuple):
    """What there is to upload: dumps taken by an earlier tick, names of those that wait."""

    taken: list[TakenDump]
    waiting: list[str]


def escape(text: str) -> str:
    """The text as part of a file name; :func:`unescape` is the way back."""
    return text.replace("%", "%25").replace("/", "%2F")


def unescape(text: str) -> str:
    """The text that :func:`escape` was given."""
    return text.replace("%2F", "/").replace("%25", "%")


def parse_taken(name: str) -> TakenDump | None:
    """The dump that a file's name tells of, or None where it is no taken dump's."""
    dump_id, _, rest = name.removeprefix(TAKEN_PREFIX).partition(".")
    bucket, slash, key = unescape(rest).partition("/")
    suffix = rest.rpartition("datadump")[2].partition(".")[2]
    finished_name = f"datadump.{suffix}"
    if (
        not name.startswith(TAKEN_PREFIX)
        or len(dump_id) != DUMP_ID_LENGTH
        or not set(dump_id) <= set("0123456789abcdef")
        or finished_name not in FINISHED_NAMES
    ):
        return None
    return TakenDump(dump_id, finished_name, Destination(bucket, key) if slash else None)


class DumpFolder:
    """The operations on the folder. All of them raise OSError as it comes.

    One process at a time may work in it: :meth:`lock` first.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)

    def path_of(self, name: str) -> str:
        """The path of a file in it."""
        return os.path.join(self._path, name)

    def lock(self) -> bool:
        """False where another process has the folder. The lock ends with the process."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def pending(self) -> Pending:
        """What there is to upload; each kind oldest first.

        A dump that shows under its name although it is taken (see :meth:`show`) counts as taken.
        """
        taken: list[tuple[float, TakenDump]] = []
        waiting: list[tuple[float, str]] = []
        with os.scandir(self._descriptor) as entries:
            files = [entry for entry in entries if entry.is_file(follow_symlinks=False)]
        for entry in files:
            dump = parse_taken(entry.name)
            if dump:
                taken.append((entry.stat().st_mtime, dump))
        shown = {self._inode(dump.name) for _, dump in taken}
        for entry in files:
            if entry.name in FINISHED_NAMES and self._inode(entry.name) not in shown:
                waiting.append((entry.stat().st_mtime, entry.name))
        return Pending([dump for _, dump in sorted(taken)], [name for _, name in sorted(waiting)])

    def take(self, finished_name: str, dump_id: str) -> TakenDump:
        """Take a waiting dump: from here on nothing replaces it."""
        dump = TakenDump(dump_id, finished_name)
        self._rename(finished_name, dump.name)
        return dump

    def note(self, dump: TakenDump, destination: Destination | None) -> TakenDump:
        """Note on disk where the dump is about to go."""
        noted = dump._replace(destination=destination)
        self._rename(dump.name, noted.name)
        return noted

    def renew(self, dump: TakenDump, dump_id: str) -> TakenDump:
        """Make another dump of it, with no destination."""
        renewed = TakenDump(dump_id, dump.finished_name)
        self._rename(dump.name, renewed.name)
        return renewed

    def show(self, dump: TakenDump) -> None:
        """After a failure: show the dump under its name again, if that is free.

        Where its object may still arrive, the note stays as the file's second name.
        """
        try:
            os.link(self.path_of(dump.name), self.path_of(dump.finished_name))
        except FileExistsError:
            return
        if dump.destination is None:
            os.unlink(self.path_of(dump.name))
        self._sync()

    def hide(self, dump: TakenDump, spare_id: str) -> None:
        """Undo :meth:`show`.

        By taking what stands under the name, since the dump side may just be putting a newer dump
        there: that one then is a taken dump with the spare id.
        """
        if self._inode(dump.finished_name) != self._inode(dump.name):
            return
        shown = self.take(dump.finished_name, spare_id)
        if self._inode(shown.name) == self._inode(dump.name):
            os.unlink(self.path_of(shown.name))

    def remove(self, dump: TakenDump) -> None:
        """The dump has arrived."""
        os.unlink(self.path_of(dump.name))
        self._sync()

    def _inode(self, name: str) -> int | None:
        try:
            return os.lstat(self.path_of(name)).st_ino
        except FileNotFoundError:
            return None

    def _rename(self, old: str, new: str) -> None:
        os.rename(self.path_of(old), self.path_of(new))
        self._sync()

    def _sync(self) -> None:
        os.fsync(self._descriptor)
