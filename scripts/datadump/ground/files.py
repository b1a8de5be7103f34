"""Files that somebody else reads."""

from __future__ import annotations

import os


def replace_file(path: str, text: str) -> None:
    """Put this text there by a rename, for all to read: nobody meets half of it. Raises OSError."""
    with open(f"{path}.new", "w", encoding="utf-8", errors="replace") as file:
        file.write(text)
        os.fchmod(file.fileno(), 0o644)
    os.replace(f"{path}.new", path)
