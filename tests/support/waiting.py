"""Waiting for what another process does: with a deadline, never for a fixed time."""

import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

POLL = 0.05  # seconds
Answer = TypeVar("Answer")


def wait_for(
    what: str, probe: Callable[[], Answer], seconds: float = 30, poll: float = POLL
) -> Answer:
    """The probe's first true answer; AssertionError when the time is over."""
    deadline = time.monotonic() + seconds
    while not (answer := probe()):
        assert time.monotonic() < deadline, f"after {seconds} s still not: {what}"
        time.sleep(poll)
    return answer


def next_second() -> datetime:
    """A moment between all that was and all that comes, for stores that count in seconds."""
    moment = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)
    wait_for("the next second", lambda: datetime.now(UTC) >= moment + timedelta(seconds=1))
    return moment


def is_listening(port: int) -> bool:
    """Whether something accepts connections on this port of the loopback interface."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port(companion: int = 0) -> int:
    """A port nobody listens on, and nobody on the one that is ``companion`` higher."""
    while True:
        with socket.socket() as one, socket.socket() as other:
            one.bind(("127.0.0.1", 0))
            port: int = one.getsockname()[1]
            try:
                other.bind(("127.0.0.1", (port + companion) if companion else 0))
            except (OSError, OverflowError):
                continue
            return port
