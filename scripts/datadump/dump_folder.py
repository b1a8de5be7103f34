"""The folder that dumps wait in, and what a tick notes there about the dump in its hands.

A dump that was taken for upload has a dot name which says everything about it::

    .send-to-s3.<dump-id>.datadump.sql             nothing was sent yet
    .send-to-s3.<dump-id>.<note>.<bucket>%2F<key>  is under way to that key, and to no other

with a key of ``datadump.sql``, where a bucket is being made for it. The note, 16 hexadecimal
digits, is the second since 1970 in which it was made, and the mark of the multipart upload, if
there is one. So a note is one rename: atomic, together with the dump, and possible on a full disk.
"""

from __future__ import annotations

import fcntl
import os
import stat
import time
from typing import NamedTuple

FINISHED_NAMES = ("datadump.sql", "datadump.sql.zst", "datadump.sql.gz")
TAKEN_PREFIX = ".send-to-s3."
LOCK_NAME = ".send-to-s3.lock"
DUMP_ID_LENGTH = 32  # hexadecimal digits
NOTE_LENGTH = 16
LATEST = 0xFFFFFFFF

HEX = set("0123456789abcdef")

# A file's name has room for 255 bytes: this many are left for the escaped prefix of the key when
# everything else is as long as it can be.
ROOM_FOR_PREFIX = 80


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

    @property
    def name(self) -> str:
        """The name of its file."""
        if self.destination is None:
            return f"{TAKEN_PREFIX}{self.dump_id}.{self.finished_name}"
        note = f"{self.noted_at:08x}{self.upload_mark:08x}"
        return f"{TAKEN_PREFIX}{self.dump_id}.{note}.{escape('/'.join(self.destination))}"

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
    if not name.startswith(TAKEN_PREFIX) or not is_hex(dump_id, DUMP_ID_LENGTH):
        return None
    if rest in FINISHED_NAMES:
        return TakenDump(dump_id, rest)
    note, _, destination = rest.partition(".")
    bucket, _, key = unescape(destination).partition("/")
    finished_name = "datadump." + key.rpartition("datadump")[2].partition(".")[2]
    if not is_hex(note, NOTE_LENGTH) or finished_name not in FINISHED_NAMES:
        return None
    noted_at, upload_mark = int(note[:8], 16), int(note[8:], 16)
    return TakenDump(dump_id, finished_name, Destination(bucket, key), noted_at, upload_mark)


def is_hex(text: str, length: int) -> bool:
    """Whether it is that many hexadecimal digits, in lower case."""
    return len(text) == length and set(text) <= HEX


def now() -> int:
    """Seconds since 1970, as far as a note has digits: until 2106."""
    return min(int(time.time()), LATEST)


def open_own(path: str) -> int:
    """The descriptor of this user's own file, made if need be, with mode 0600.

    Raises OSError, which says so where what has the name is a link, somebody else's, or no file.
    """
    own = f"it has to be a file of user id {os.geteuid()}'s own: remove what is there"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if os.path.lexists(path):
            raise OSError(f"{path}: {error.strerror}: {own}") from error
        raise
    status = os.fstat(descriptor)
    if status.st_uid != os.geteuid() or not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise OSError(f"{path}: {stat.filemode(status.st_mode)} of {status.st_uid}: {own}")
    return descriptor


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
        """False where another process has the folder. The lock ends with the process.

        It is on a file that only this user can open: whoever can open the folder itself could lock
        that for ever.
        """
        path = self.path_of(LOCK_NAME)
        descriptor = open_own(path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            error.filename = path
            raise
        return True

    def pending(self) -> Pending:
        """What there is to upload; each kind oldest first.

        A file is one dump, although it has two names while it shows (see :meth:`show`) or where a
        tick died over hiding it: the name with a destination counts, and any taken one before the
        one that it waits under.
        """
        taken: dict[int, tuple[float, TakenDump]] = {}
        waiting: dict[int, tuple[float, str]] = {}
        with os.scandir(self._descriptor) as entries:
            files = [entry for entry in entries if entry.is_file(follow_symlinks=False)]
        for entry in files:
            dump = parse_taken(entry.name)
            status = entry.stat()  # a folder's own word for the inode is made up by some mounts
            if entry.name in FINISHED_NAMES:
                waiting[status.st_ino] = (status.st_mtime, entry.name)
            elif dump and (dump.destination or status.st_ino not in taken):
                taken[status.st_ino] = (status.st_mtime, dump)
        dumps = sorted(taken.values(), key=lambda found: (found[0], found[1].name))
        names = sorted(waiting[inode] for inode in waiting.keys() - taken.keys())
        return Pending([dump for _, dump in dumps], [name for _, name in names])

    def take(self, finished_name: str, dump_id: str) -> TakenDump:
        """Take a waiting dump: from here on nothing replaces it."""
        dump = TakenDump(dump_id, finished_name)
        self._rename(finished_name, dump.name)
        return dump

    def note(self, dump: TakenDump, destination: Destination | None) -> TakenDump:
        """Note on disk where the dump is about to go."""
        return self._note(dump, TakenDump(dump.dump_id, dump.finished_name, destination, now()))

    def note_upload(self, dump: TakenDump, mark: int) -> TakenDump:
        """Note on disk by which multipart upload it goes there."""
        return self._note(dump, dump._replace(upload_mark=mark))

    def renew(self, dump: TakenDump, dump_id: str) -> TakenDump:
        """Make another dump of it, with no destination."""
        return self._note(dump, TakenDump(dump_id, dump.finished_name))

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
        """Undo :meth:`show`, so that the dump has its one taken name.

        What stands under the finished name is taken and not removed, since the dump side may just
        be putting a newer dump there: that one then is a taken dump with the spare id.
        """
        inode = self._inode(dump.name)
        if self._inode(dump.finished_name) == inode:
            self.take(dump.finished_name, spare_id)
        for name in os.listdir(self._descriptor):
            if name != dump.name and parse_taken(name) and self._inode(name) == inode:
                os.unlink(self.path_of(name))

    def remove(self, dump: TakenDump) -> None:
        """The dump has arrived."""
        os.unlink(self.path_of(dump.name))
        self._sync()

    def _inode(self, name: str) -> int | None:
        try:
            return os.lstat(self.path_of(name)).st_ino
        except FileNotFoundError:
            return None

    def _note(self, old: TakenDump, new: TakenDump) -> TakenDump:
        self._rename(old.name, new.name)
        return new

    def _rename(self, old: str, new: str) -> None:
        os.rename(self.path_of(old), self.path_of(new))
        self._sync()

    def _sync(self) -> None:
        os.fsync(self._descriptor)
