"""How long to wait before something that failed is tried again."""

from __future__ import annotations

FIRST_PAUSE = 0.1  # seconds
LONGEST_PAUSE = 8.0


def pause_after(failures: int) -> float:
    """The seconds to wait after so many failures: each time twice as long, up to a limit."""
    return min(FIRST_PAUSE * 2.0**failures, LONGEST_PAUSE)
