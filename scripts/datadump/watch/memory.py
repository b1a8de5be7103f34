"""What the watch keeps between two looks: what it told, and facts that it needn't ask for again.

All of it may be lost: then what fails is told anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import stat
from typing import Any, NamedTuple

from datadump.ground.files import replace_file
from datadump.ground.owner import open_own
from datadump.sight.in_bucket import Facts

LOCK, HEALTH = ".lock", "health"


class Memory(NamedTuple):
    """Of the last look. ``told``: by target, what it was told last about each check that fails."""

    at: float  # seconds since 1970
    failing: dict[str, float]  # since when, by the check's subject
    well: dict[str, int]  # for so many looks in a row, by the subject; only of what failed before
    told: dict[str, dict[str, float]]  # when, by target and subject
    facts: Facts


NONE = Memory(0.0, {}, {}, {}, {})


def short_name(text: str) -> str:
    """What a text is called here that is too long for a name, or holds a password."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]


class MemoryFolder:
    """The folder of the memory. Raises OSError.

    ``view``: what is looked at, each with a memory of its own; '' for this host.
    """

    def __init__(self, path: str, view: str = "") -> None:
        self._path = path
        name = f"memory-{short_name(view)}.json" if view else "memory.json"
        self._memory = os.path.join(path, name)
        self._lock = open_own(os.path.join(path, LOCK))

    def lock(self) -> bool:
        """Lock it as long as this process lives; False where another look is under way."""
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def read(self) -> Memory:
        """The last look's; :data:`NONE` where there is none that can be read.

        A link or a pipe isn't the watch's own; :meth:`write` puts a file in its place.
        """
        try:
            if not stat.S_ISREG(os.lstat(self._memory).st_mode):
                return NONE
            with open(self._memory, encoding="utf-8") as file:
                plain: Any = json.load(file)
            return Memory(*(plain[name] for name in Memory._fields))
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return NONE

    def write(self, memory: Memory, *, healthy: bool) -> None:
        """Keep this, and say to whoever asks for the container's health."""
        replace_file(self._memory, json.dumps(memory._asdict()))
        health = "healthy\n" if healthy else "a check fails\n"
        replace_file(os.path.join(self._path, HEALTH), health)
