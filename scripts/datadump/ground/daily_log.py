"""The daily log. Its lines are the work of daily_log.sh, which the dump side calls too."""

import os
import sys
from collections.abc import Callable

from datadump.ground.paths import COMMON
from datadump.ground.terminal import printable

SCRIPT = os.path.join(COMMON, "daily_log.sh")
# What begins the lines of an exchange of databases; the name of the one that gets the old data ends
# them. The restore writes them, and the watch misses the second.
EXCHANGE_BEGUN, EXCHANGE_ENDED = "exchange begun: ", "exchange ended: "
LONGEST_ARGUMENT = 30_000  # characters: the system takes no argument of 128 KiB


def log_unexpected(error: Exception, line: Callable[[str], str] = str) -> None:
    """A fault of this program: its traceback is for us, a line of the log for whoever reads it.

    ``line`` makes that of what is said.
    """
    import traceback  # which an idle tick does without

    said = "".join(traceback.format_exception(error))
    print(*map(printable, said.splitlines()), sep="\n", file=sys.stderr)
    log(line(f"unexpected {type(error).__name__}: {error}"))


def log(message: str, *, to_stderr: bool = False) -> None:
    """Append the event to the log, and print it. Nothing that goes wrong here is an error."""
    argument = message[:LONGEST_ARGUMENT].replace("\0", " ").encode(errors="replace")
    redirections = [(os.POSIX_SPAWN_DUP2, 2, 1)] if to_stderr else []
    try:
        child = os.posix_spawnp(
            "bash",
            ("bash", SCRIPT, argument),
            os.environ,
            file_actions=redirections,
        )
        failed = os.waitpid(child, 0)[1] != 0
        reason = "its script could not run"  # which itself never fails
    except OSError as error:
        failed, reason = True, str(error)
    if failed:
        print(f"{printable(message)}\nno line in the daily log: {reason}", file=sys.stderr)
