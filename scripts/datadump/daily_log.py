"""The daily log. Its lines are the work of daily_log.sh, which the dump side calls too."""

import os
import sys

SCRIPT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "daily_log.sh")


def log_unexpected(error: Exception) -> None:
    """A fault of this program: its traceback is for us, a line of the log for whoever reads it."""
    sys.excepthook(type(error), error, error.__traceback__)
    log(f"unexpected {type(error).__name__}: {error}")


def log(message: str, *, to_stderr: bool = False) -> None:
    """Append the event to the log, and print it. Nothing that goes wrong here is an error."""
    redirections = [(os.POSIX_SPAWN_DUP2, 2, 1)] if to_stderr else []
    try:
        child = os.posix_spawnp(
            "bash",
            ["bash", SCRIPT, message.replace("\0", " ")],
            os.environ,
            file_actions=redirections,
        )
        os.waitpid(child, 0)
    except OSError as error:
        print(f"{message}\nno line in the daily log: {error}", file=sys.stderr)
