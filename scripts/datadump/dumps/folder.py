"""The folder that dumps wait in, and what an uploader does there.

What the names of its files say is dumps.taken's matter.
"""

# Annotations are not postponed here: NamedTuple would compile each of them, at every idle tick.

import fcntl
import os
from typing import NamedTuple

from datadump.dumps.taken import Destination, TakenDump, now, parse_taken
from datadump.ground.names import FINISHED_NAMES
from datadump.ground.owner import open_own

LOCK_NAME = ".send-to-s3.lock"


class Pending(NamedTuple):
    """What there is to upload: dumps that an earlier tick took, names of those that wait."""

    taken: list[TakenDump]
    waiting: list[str]


class DumpFolder:
    """What is done in a folder of dumps. Every method raises OSError as it comes.

    One process at a time may work in it: :meth:`lock` first.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)

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
        """Make another dump of that file, with the new id and no destination."""
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
        os.fsync(self._descriptor)
