"""Pipes between programs that work at the same time."""

from __future__ import annotations

import fcntl
from contextlib import suppress
from typing import IO

BUFFER = 1024 * 1024  # bytes


def widen(pipe: IO[bytes] | None) -> None:
    """Give the pipe room for a chunk, so that the programs at its ends work at the same time.

    Where the system has no more to give, they take turns.
    """
    with suppress(OSError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, BUFFER)  # type: ignore[arg-type]
