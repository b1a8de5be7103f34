"""The dump that is being uploaded, as its file is named at this moment."""

from __future__ import annotations

import secrets

from datadump.dumps.folder import DumpFolder
from datadump.dumps.taken import Destination, TakenDump


def new_id() -> str:
    """A dump-id: random, so that two dumps with the same bytes are two."""
    return secrets.token_hex(16)


class DumpInHand:
    """A taken dump of the folder; ``noted`` is what its file's name says of it by now.

    Every note on disk is a new name. So whatever fails, and wherever, it is known what the file is
    called. All methods raise OSError.
    """

    def __init__(self, folder: DumpFolder, dump: TakenDump) -> None:
        self.folder = folder
        self.noted = dump

    @property
    def path(self) -> str:
        """Where its file is now."""
        return self.folder.path_of(self.noted.name)

    @property
    def has_key(self) -> bool:
        """Whether a key is noted for it; while a bucket is being made, none is."""
        return self.noted.destination is not None and not self.noted.bucket_in_the_making

    @property
    def key(self) -> str:
        """The key that it is noted for; '' for none."""
        return self.noted.destination.key if self.noted.destination else ""

    def is_missing(self, error: Exception) -> bool:
        """Whether the error says that there is no such file."""
        return isinstance(error, FileNotFoundError) and error.filename == self.path

    def note(self, destination: Destination | None) -> None:
        """Note where it is about to go; None: nothing can have been sent."""
        self.noted = self.folder.note(self.noted, destination)

    def note_upload(self, mark: int) -> None:
        """Note by which multipart upload it goes there."""
        self.noted = self.folder.note_upload(self.noted, mark)

    def renew(self) -> None:
        """Make another dump of it: with a new id, and no destination."""
        self.noted = self.folder.renew(self.noted, new_id())
