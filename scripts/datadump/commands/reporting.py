"""What came of a restore, said to a person and to the log."""

from __future__ import annotations

from datadump.ground.daily_log import log
from datadump.ground.terminal import printable, some_of
from datadump.restore.outcome import Restored


def say_and_log(restored: Restored, name: str) -> int:
    """Say what came of it; returns the exit status. ``name``: of the database that it came to."""
    print(*map(printable, [*restored.told, *map(str, restored.refused)]), sep="\n", flush=True)
    if restored.refused:
        log(f"restore left out: {some_of(list(map(str, restored.refused)))}; {restored.text}")
    log(f"restore completed: {restored.key} into {name}")
    return 1 if restored.refused else 0
