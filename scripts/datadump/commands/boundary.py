"""Where errors become lines of the log and exit statuses.

An idle tick imports this, so it knows neither a store nor a server.
"""

import os
from collections.abc import Callable

from datadump.ground.daily_log import log, log_unexpected
from datadump.settings.environment import SettingsError


def exit_status(
    action: Callable[[], int],
    failures: tuple[type[BaseException], ...],
    line: Callable[[BaseException], str],
) -> int:
    """What the action returns; 2 for a wrong setting, 1 for any other error. Each error is logged.

    ``failures`` are errors that a sound program meets with; ``line`` is the log's line for one. Any
    other is a fault of the program, whose traceback goes to standard error.
    """
    try:
        return action()
    except SettingsError as error:
        log(str(error), to_stderr=True)
        return 2
    except failures as error:
        log(line(error))
    except ImportError as error:  # late, since an idle tick does without
        log(f"{error}: user id {os.geteuid()} works here, and has to be able to read it")
    except Exception as error:  # noqa: BLE001 - whoever reads the log needs a line of any fault
        log_unexpected(error)
    return 1
