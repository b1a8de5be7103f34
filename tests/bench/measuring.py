"""One run of a command, measured; and sides that take turns."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

MEBIBYTE = 1024**2
LONGEST = 3600  # seconds: a command that takes longer hangs
LOOK = 0.05  # seconds between two looks at the memory
RARE_LOOK = 0.5  # where many processes work, on all cores, for long


class BenchError(Exception):
    """The benchmark can't go on; the text is one line that says why."""


def say(text: str) -> None:
    """Progress, for whoever waits."""
    print(text, file=sys.stderr, flush=True)


@dataclass
class Trial:
    """One run of one side: what is started, and what it has stored when it is over, if anything."""

    arguments: list[str]
    environment: dict[str, str]
    stored: Callable[[], int] | None = None


class Side(NamedTuple):
    """One way to do a job. What ``prepare`` does before and after its yield isn't timed."""

    name: str
    prepare: Callable[[], AbstractContextManager[Trial]]


class Measured(NamedTuple):
    """Seconds and bytes of one run; 0 bytes where nobody looked."""

    wall: float
    cpu: float
    memory: int
    stored: int


Results = dict[str, list[Measured]]


def take_turns(
    job: str, sides: list[Side], rounds: range, log: Path, seconds_between_looks: float = LOOK
) -> Results:
    """Each side's runs: A B A B ..., so that what drifts hits both. Round 0 warms up."""
    results: Results = {side.name: [] for side in sides}
    for number in rounds:
        for side in sides:
            measured = run_once(side, log, seconds_between_looks)
            turn = f"{number}/{rounds[-1]}" if number else "warm-up"
            say(f"{job}, {turn}: {side.name}: {measured.wall:.2f} s")
            if number:
                results[side.name].append(measured)
    return results


def run_once(side: Side, log: Path, seconds_between_looks: float = LOOK) -> Measured:
    """Prepare, run, look at what was stored, clean up. Raises BenchError."""
    with side.prepare() as trial:
        os.sync()  # or what the run before has written would be written during this one
        measured = run_measured(side.name, trial, log, seconds_between_looks)
        if trial.stored is None:
            return measured
        stored = trial.stored()
        if not stored:
            raise BenchError(f"{side.name}: it ended well and has stored nothing")
        return measured._replace(stored=stored)


def run_measured(name: str, trial: Trial, log: Path, seconds_between_looks: float) -> Measured:
    """Run it to its end. Raises BenchError where it fails."""
    with log.open("wb") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            trial.arguments, env=trial.environment, stdin=subprocess.DEVNULL,
            stdout=output, stderr=output,
        )  # fmt: skip
    watcher = Watcher(process.pid, seconds_between_looks)
    try:
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
    except BaseException:
        kill_tree(process.pid)
        process.wait()
        raise
    finally:
        watcher.end()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise BenchError(f"{name}: status {process.returncode}: {last_line(log)}")
    return Measured(wall, usage.ru_utime + usage.ru_stime, watcher.peak, 0)


def last_line(log: Path) -> str:
    """What the command said last."""
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "and no word"


class Watcher:
    """Looks at the memory of a process and its descendants, and ends them when they hang.

    The kernel's own count of a child's memory begins with that of the process which started it.
    """

    def __init__(self, process: int, seconds_between_looks: float) -> None:
        self.peak = 0
        self._process = process
        self._pause = seconds_between_looks
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        deadline = time.monotonic() + LONGEST
        while not self._ended.wait(self._pause):
            self.peak = max(self.peak, memory_of_tree(self._process))
            if time.monotonic() > deadline:
                kill_tree(self._process)

    def end(self) -> None:
        """No more looks."""
        self._ended.set()
        self._thread.join()


def tree(process: int, parent: int = 0) -> Iterator[tuple[int, int]]:
    """The process and its descendants that live, each with its parent."""
    yield process, parent
    with suppress(OSError):
        for tasks in Path(f"/proc/{process}/task").glob("*/children"):
            for child in tasks.read_text().split():
                yield from tree(int(child), process)


def memory_of_tree(process: int) -> int:
    """The sum of the highest resident memory, in bytes, of each that lives now.

    A child with its parent's command line has just been forked: what it has is its parent's.
    """
    total = 0
    for one, parent in list(tree(process)):
        with suppress(OSError):
            if not parent or command_line(one) != command_line(parent):
                total += highest_memory(one)
    return total


def command_line(process: int) -> bytes:
    """Of a process; empty for one that is over and still listed."""
    return Path(f"/proc/{process}/cmdline").read_bytes()


def highest_memory(process: int) -> int:
    """VmHWM in bytes; 0 for a process that is over."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def kill_tree(process: int) -> None:
    """End it and its descendants."""
    for one, _ in list(tree(process)):
        with suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)
