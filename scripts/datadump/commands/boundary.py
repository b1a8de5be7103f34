"""Where errors become lines of the log and exit statuses."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from types import FrameType
from typing import NoReturn

from datadump.ground.daily_log import log, log_unexpected
from datadump.mariadb.complaints import ServerError
from datadump.restore.restore import RestoreError
from datadump.restore.swap import SwapError
from datadump.s3.errors import StoreError
from datadump.settings.environment import SettingsError, put_environment_in_force
from datadump.sql.lines import DumpError

FAILURES = (StoreError, OSError, ServerError, DumpError, SwapError, RestoreError)


class StoppedError(RestoreError):
    """Somebody wants it to end."""


def run(failure: str, action: Callable[[Mapping[str, str]], int]) -> int:
    """Carry it out in this environment; a failure is one line of the log that begins so."""
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, stop)
    try:
        return action(put_environment_in_force())
    except SettingsError as error:
        log(str(error), to_stderr=True)
        return 2
    except FAILURES as error:
        log(f"{failure}: {error}")
    except KeyboardInterrupt:
        log(f"{failure}: stopped")
    except Exception as error:  # noqa: BLE001 - whoever reads the log needs a line of any fault
        log_unexpected(error)
    return 1


def stop(number: int, _: FrameType | None) -> NoReturn:
    """As a failure, so that what has to be undone is."""
    signal.signal(number, signal.SIG_IGN)
    raise StoppedError(f"stopped by {signal.Signals(number).name}")
