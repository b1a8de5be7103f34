"""Files that somebody else reads, or that are made where somebody else may have been before."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import BinaryIO


def new_file(path: str) -> BinaryIO:
    """A file of that name which wasn't there before, open to write.

    What has the name goes, a link or a pipe, say, and is not followed. Raises OSError, which says
    so where it can't go.
    """
    try:
        with suppress(FileNotFoundError):
            os.unlink(path)
        return open(path, "xb")
    except (IsADirectoryError, FileExistsError) as error:
        raise OSError(f"{path}: {error.strerror}: remove what is there") from error


def replace_file(path: str, text: str) -> None:
    """Put this text there by a rename, for all to read: nobody meets half of it. Raises OSError."""
    with new_file(f"{path}.new") as file:
        file.write(text.encode(errors="replace"))
        os.fchmod(file.fileno(), 0o644)
    os.replace(f"{path}.new", path)
