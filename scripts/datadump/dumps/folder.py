"""The folder that dumps wait in, and what an uploader does there.

What the names of its files say is dumps.taken's matter.
"""

# Annotations are not postponed here: NamedTuple would compile each of them, at every idle tick.

import errno
import fcntl
import os
import stat
from typing import NamedTuple

from datadump.dumps.taken import Destination, TakenDump, now, parse_taken
from datadump.ground.names import FINISHED_NAMES
from datadump.ground.owner import open_own
from datadump.ground.terminal import Notices

LOCK_NAME = ".send-to-s3.lock"
NOT_OFFERED = {errno.ENOSYS, errno.EOPNOTSUPP}  # by the file system
NO_LOCKS = NOT_OFFERED | {errno.ENOLCK}
NO_SYNC = NOT_OFFERED | {errno.EINVAL}


class Pending(NamedTuple):
    """A dump to upload, ``taken`` before, or None where it waits. Sorted, the oldest is first."""

    mtime: float  # when its snapshot began
    name: str  # of its file
    taken: TakenDump | None

    @property
    def knowledge(self) -> int:
        """How much the name says of the dump: that it was taken, and where it is about to go."""
        return bool(self.taken) + bool(self.taken and self.taken.destination)


def folders_in(path: str, *, used: bool) -> list[str]:
    """The names of the folders there; ``used``: only those that an uploader has worked in.

    Raises OSError.
    """
    with os.scandir(path) as entries:
        found = [entry.name for entry in entries if entry.is_dir()]
    if not used:
        return found
    return [name for name in found if os.path.exists(f"{path}/{name}/{LOCK_NAME}")]


class DumpFolder:
    """What is done in a folder of dumps. Every method raises OSError as it comes.

    One process at a time may work in it: :meth:`lock` first.
    """

    def __init__(self, path: str, name: str = "") -> None:
        """``name``: the folder's, where it is one of several."""
        self._path, self._name = path, name
        self._descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        self._notices = Notices()

    def path_of(self, name: str) -> str:
        """The path of a file in the folder."""
        return os.path.join(self._path, name)

    def lock(self) -> bool:
        """Lock the folder for this process, as long as it lives; False where another one has it.

        The lock is on a file that only this user can open: whoever can open the folder itself could
        lock that for ever.
        """
        path = self.path_of(LOCK_NAME)
        descriptor = open_own(path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno in NO_LOCKS:
                raise OSError(
                    f"{path}: {error.strerror}: the file system knows no locks, without which two "
                    "uploads could meet: set DUMPS_DIR to a folder on a local disk"
                ) from error
            error.filename = path
            raise
        return True

    def pending(self) -> list[Pending]:
        """What there is to upload, oldest first, whether it was taken or waits.

        A file is one dump, although it has two names while it shows (see :meth:`show`) or where a
        tick died over hiding it: the one that says most of it counts. What has a dump's name and is
        none is here as well: see :func:`require_readable`.
        """
        found: dict[int, Pending] = {}
        with os.scandir(self._path) as entries:
            for entry in entries:
                taken = parse_taken(entry.name, self._name)
                if taken is None and entry.name not in FINISHED_NAMES:
                    continue
                try:  # a folder's own word for the inode is made up by some mounts
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:  # the dump side has just handed it over, or dropped it
                    continue
                dump = Pending(status.st_mtime, entry.name, taken)
                known = found.setdefault(status.st_ino, dump)
                if dump.knowledge > known.knowledge:
                    found[status.st_ino] = dump
        return sorted(found.values())

    def take(self, finished_name: str, dump_id: str) -> TakenDump:
        """Take a waiting dump: from here on nothing replaces it."""
        dump = TakenDump(dump_id, finished_name, own_folder=self._name)
        self._rename(finished_name, dump.name)
        return dump

    def note(self, dump: TakenDump, destination: Destination | None) -> TakenDump:
        """Note on disk where the dump is about to go."""
        noted = dump._replace(destination=destination, noted_at=now(), upload_mark=0)
        return self._note(dump, noted)

    def note_upload(self, dump: TakenDump, mark: int) -> TakenDump:
        """Note on disk by which multipart upload it goes there."""
        return self._note(dump, dump._replace(upload_mark=mark))

    def renew(self, dump: TakenDump, dump_id: str) -> TakenDump:
        """Make another dump of that file, with the new id and no destination."""
        return self._note(dump, TakenDump(dump_id, dump.finished_name, own_folder=self._name))

    def show(self, dump: TakenDump) -> None:
        """After a failure: show the dump under its name again, if that is free.

        Where its object may still arrive, the note stays as the file's second name; a file system
        that gives a file one name only raises OSError then.
        """
        taken, finished = self.path_of(dump.name), self.path_of(dump.finished_name)
        try:
            if dump.destination:
                os.link(taken, finished)
            else:
                move_where_free(taken, finished)
        except FileExistsError:
            return
        except FileNotFoundError:  # the dump side dropped it
            return
        self._sync()

    def hide(self, dump: TakenDump, spare_id: str) -> None:
        """Undo :meth:`show`, so that the dump has its one taken name.

        What stands under the finished name is taken and not removed, since the dump side may just
        be putting a newer dump there: that one then is a taken dump with the spare id.
        """
        inode = os.lstat(self.path_of(dump.name)).st_ino
        if self._inode(dump.finished_name) == inode:
            self.take(dump.finished_name, spare_id)
        for name in os.listdir(self._path):
            if name != dump.name and parse_taken(name) and self._inode(name) == inode:
                os.unlink(self.path_of(name))

    def remove(self, dump: TakenDump) -> None:
        """Remove the file of a dump that has arrived."""
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
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            error.filename = self._path
            if error.errno not in NO_SYNC:
                raise
            self._notices.warn(f"warning: after a power failure a name may be an old one: {error}")


def require_readable(path: str) -> None:
    """Raises OSError, with the remedy, for what is no file or not for this user to read."""
    status = os.lstat(path)
    if not stat.S_ISREG(status.st_mode):
        kinds = {stat.S_IFLNK: "a link", stat.S_IFDIR: "a folder"}
        kind = kinds.get(stat.S_IFMT(status.st_mode), "no file")
        raise OSError(f"{path} is {kind}, and so no dump: nothing is sent of it; remove it")
    if not os.access(path, os.R_OK):
        user = os.geteuid()
        raise OSError(
            f"{path} is user id {status.st_uid}'s, and user id {user}, whose folder this is, "
            f"can't read it: chown {user} {path}"
        )


def move_where_free(old: str, new: str) -> None:
    """Rename a file, and replace nothing. Raises FileExistsError, and other OSError."""
    try:
        os.link(old, new)
    except (FileExistsError, FileNotFoundError):
        raise
    except OSError:  # a file has one name there, or may not have another
        rename_where_free(old, new)
    else:
        os.unlink(old)


def rename_where_free(old: str, new: str) -> None:
    """What :func:`move_where_free` does, by a call of Linux that some file systems don't know."""
    here, no_replace = -100, 1  # AT_FDCWD, RENAME_NOREPLACE
    try:
        import ctypes  # which is needed after few failures only, and which not every Python has

        rename = ctypes.CDLL(None, use_errno=True).renameat2
        failed = rename(here, os.fsencode(old), here, os.fsencode(new), no_replace)
        number = ctypes.get_errno()
    except (ImportError, AttributeError):
        failed, number = True, errno.ENOSYS
    if failed:
        raise OSError(number, os.strerror(number), old, None, new)
