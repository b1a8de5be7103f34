"""The databases that a restore makes beside another: their names, and what is kept of them."""

from __future__ import annotations

import os
from datetime import datetime


def stamped(name: str, what: str) -> str:
    """The name of a database beside that one: ``NAME_before_20261123_101500``."""
    return f"{name}_{what}_{datetime.now().astimezone():%Y%m%d_%H%M%S}"


def program_file(scratch: str, database: str) -> str:
    """The path of the file that keeps the text of what is program, for a database of that name."""
    return os.path.join(scratch, f"{database.replace('/', '_')}.sql")
