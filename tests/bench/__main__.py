"""Runs the jobs and prints the table: tests/bench/run --help."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import NoReturn

import MySQLdb
from botocore.exceptions import BotoCoreError, ClientError

from bench import peers
from bench.idle import idle
from bench.measuring import MEBIBYTE, BenchError, say
from bench.outward import dump, pipeline, upload
from bench.report import Row, as_markdown
from bench.ticks import ticks
from bench.way_back import way_back
from bench.world import Options, World, pool_size

JOBS: dict[str, Callable[[World], list[Row]]] = {
    "idle": idle,
    "upload": upload,
    "tick": ticks,
    "dump": dump,
    "pipeline": pipeline,
    "restore": way_back,
    "drill": way_back,
}
FAILURES = (
    BenchError, AssertionError, OSError, subprocess.SubprocessError, MySQLdb.Error, BotoCoreError,
    ClientError,
)  # fmt: skip
ROOM = 10  # times the size of the SQL


def main() -> int:
    """Returns the exit status: 1 where a job could not be measured."""
    signal.signal(signal.SIGTERM, stop)
    options = parse()
    rows: list[Row] = []
    try:
        versions = peers.versions()
        with tempfile.TemporaryDirectory(prefix="bench.", dir=scratch()) as folder:
            require_room(folder, options.size)
            run_jobs(Path(folder), options, rows)
    except FAILURES as error:
        say(f"bench: {error}")
        return 1
    finally:
        if rows:
            print(as_markdown(rows))
    print(f"\n{machine(options)}\n")
    print("\n".join(f"- {version}" for version in versions))
    return 0


def parse() -> Options:
    """What was asked for."""
    parser = argparse.ArgumentParser(
        prog="tests/bench/run",
        description="Measures the pipeline beside other tools; prints one Markdown table.",
    )
    parser.add_argument("jobs", nargs="*", metavar="JOB", help=f"{', '.join(JOBS)} (default: all)")
    parser.add_argument(
        "--size", type=positive, default=2048, metavar="MEBIBYTES",
        help="of the SQL; the upload alone has half of it (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--runs", type=positive, default=5, help="of each side (default: %(default)s)"
    )
    parser.add_argument(
        "--objects", type=positive, default=100_000,
        help="in the bucket of the job tick (default: %(default)s)",
    )  # fmt: skip
    options = parser.parse_args(namespace=Options())
    unknown = [job for job in options.jobs if job not in JOBS]
    if unknown:
        parser.error(f"there is no job '{unknown[0]}': {', '.join(JOBS)}")
    options.jobs = options.jobs or list(JOBS)
    return options


def positive(text: str) -> int:
    """A whole number over 0; argparse says what is wrong."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not over 0")
    return number


def scratch() -> str:
    """A folder on a disk; /tmp may be memory."""
    return os.environ.get("TMPDIR") or "/var/tmp"


def require_room(folder: str, size: int) -> None:
    """Raises BenchError where the disk would fill."""
    needed = ROOM * size + 2048
    free = shutil.disk_usage(folder).free // MEBIBYTE
    if free < needed:
        raise BenchError(f"TMPDIR: {needed:,} MiB are needed, {free:,} are free in {scratch()}")


def run_jobs(folder: Path, options: Options, rows: list[Row]) -> None:
    """Restore and drill are one where both are wanted."""
    with ExitStack() as running:
        world = World(folder, options, running)
        for job in dict.fromkeys(run for name, run in JOBS.items() if name in options.jobs):
            rows.extend(job(world))


def machine(options: Options) -> str:
    """Where and when the figures were taken."""
    return (
        f"{datetime.now(UTC):%F}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"{options.size:,} MiB of SQL, {options.runs} rounds, "
        f"the servers on the same machine (MariaDB with a buffer pool of {pool_size():,} MiB)."
    )


def stop(number: int, _: FrameType | None) -> NoReturn:
    """As an exit, so that all servers end and the folder goes."""
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
