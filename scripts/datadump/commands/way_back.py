"""What both commands of the way back share.

Which errors are failures, how they are stopped, and what is answered where there is no such backup.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Mapping
from types import FrameType
from typing import NoReturn

from datadump.backups.catalogue import LATEST, Backup, Catalogue, NoBackupError
from datadump.backups.listing import as_table
from datadump.commands.boundary import exit_status
from datadump.ground.terminal import printable
from datadump.mariadb.complaints import ServerError
from datadump.restore.swap import SwapError
from datadump.restore.target import RestoreError
from datadump.s3.errors import StoreError
from datadump.settings.environment import put_environment_in_force
from datadump.sql.lines import DumpError

NEWEST_SHOWN = 3  # backups, to somebody who asked for one that isn't there


class StoppedError(Exception):
    """Somebody wants this process to end; the text says by which signal."""


FAILURES = (
    StoreError, OSError, ServerError, DumpError, SwapError, RestoreError, StoppedError,
    KeyboardInterrupt,
)  # fmt: skip


def run(failure: str, action: Callable[[Mapping[str, str]], int]) -> int:
    """The exit status of an action that is given this process's environment.

    ``failure`` begins the log's line where it fails, or is stopped by a signal.
    """
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, stop)
    return exit_status(
        lambda: action(put_environment_in_force()),
        FAILURES,
        lambda error: f"{failure}: {reason_of(error)}",
    )


def look_up(catalogue: Catalogue, wanted: str) -> Backup | None:
    """The backup that a person means; where there is none of that name, what there is is shown.

    It is no failure then: nothing began. But NoBackupError where there is no latest one, which is
    not for a slip of the pen.
    """
    try:
        return catalogue.find(wanted)
    except NoBackupError as error:
        if wanted == LATEST:
            raise
        newest = catalogue.newest(NEWEST_SHOWN)._replace(more=False)
        print(
            printable(str(error)),
            "WHAT is the word latest, a day (2026-11-23) for its last one, or a key; the newest:",
            as_table(newest, catalogue.place),
            sep="\n",
            file=sys.stderr,
        )
        return None


def reason_of(error: BaseException) -> str:
    """The error's own text; an interrupt from the keyboard has none."""
    return "stopped" if isinstance(error, KeyboardInterrupt) else str(error)


def stop(number: int, _: FrameType | None) -> NoReturn:
    """End by an error, so that what has to be undone is; the same signal again does nothing."""
    signal.signal(number, signal.SIG_IGN)
    raise StoppedError(f"stopped by {signal.Signals(number).name}")
