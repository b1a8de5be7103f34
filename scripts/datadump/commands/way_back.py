"""What the commands of the way back share: which errors are failures, how they are stopped.

And what is said of what came of a restore.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Mapping
from types import FrameType
from typing import NoReturn

from datadump.commands.boundary import exit_status
from datadump.commands.choosing import UnclearError
from datadump.exchange.sides import SwapError
from datadump.ground.daily_log import log
from datadump.ground.terminal import printable, some_of
from datadump.mariadb.complaints import ServerError
from datadump.restore.outcome import Restored
from datadump.restore.target import RestoreError
from datadump.s3.errors import StoreError
from datadump.settings.environment import put_environment_in_force
from datadump.sql.lines import DumpError
from datadump.sql.reading import EncryptedError


class StoppedError(Exception):
    """Somebody wants this process to end; the text says by which signal."""


TROUBLES = (
    StoreError,
    OSError,
    ServerError,
    DumpError,
    EncryptedError,
    SwapError,
    RestoreError,
)
FAILURES = (*TROUBLES, StoppedError, KeyboardInterrupt)


def run(failure: str, action: Callable[[Mapping[str, str]], int]) -> int:
    """The exit status of an action that is given this process's environment.

    ``failure`` begins the log's line where it fails, or is stopped by a signal.
    """
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, stop)
    return exit_status(
        lambda: answered(action),
        FAILURES,
        lambda error: f"{failure}: {reason_of(error)}",
    )


def answered(action: Callable[[Mapping[str, str]], int]) -> int:
    """What the action returns; 2 where it can't tell what is meant, which is no line of the log."""
    try:
        return action(put_environment_in_force())
    except UnclearError as error:
        print(error, file=sys.stderr)
        return 2


def reason_of(error: BaseException) -> str:
    """The error's own text; an interrupt from the keyboard has none."""
    return "stopped" if isinstance(error, KeyboardInterrupt) else str(error)


def stop(number: int, _: FrameType | None) -> NoReturn:
    """End by an error, so that what has to be undone is; the same signal again does nothing."""
    signal.signal(number, signal.SIG_IGN)
    raise StoppedError(f"stopped by {signal.Signals(number).name}")


def say_and_log(restored: Restored, name: str) -> int:
    """Say what came of it; returns the exit status. ``name``: of the database that it came to."""
    print(*map(printable, [*restored.told, *map(str, restored.refused)]), sep="\n", flush=True)
    if restored.refused:
        log(f"restore left out: {some_of(list(map(str, restored.refused)))}; {restored.text}")
    log(f"restore completed: {restored.key} into {name}")
    return 1 if restored.refused else 0
