"""What the jobs work with: a folder, the store, and the database, made when first asked for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import NamedTuple

from support.mariadb import Server, running_server
from support.programs import SCRIPTS, Workplace
from support.restoring import make_restorer, workplace
from support.shop import make_account, rights
from support.store import Store, running_seaweedfs, uploader_workplace

from bench import peers
from bench.database import FIVE, Shape, fill
from bench.measuring import (
    LOOK,
    MEBIBYTE,
    RARE_LOOK,
    Results,
    Side,
    Trial,
    run_once,
    say,
    take_turns,
)

DUMP = f"bash {SCRIPTS}/database_dump.sh"
TICK = f"{sys.executable} {SCRIPTS}/send-to-s3.py"
RESTORE = f"{sys.executable} {SCRIPTS}/restore-from-s3.py"
DRILL = f"{sys.executable} {SCRIPTS}/restore-drill.py"
LARGEST_POOL = 4096  # MiB


class Options(Namespace):
    """What was asked for."""

    jobs: list[str]
    size: int
    runs: int
    objects: int


class Place(NamedTuple):
    """A bucket of its own, and folders and settings that lead there."""

    work: Workplace
    store: Store
    bucket: str

    def shell(self, line: str, stored: Callable[[], int] | None = None, **extra: str) -> Trial:
        """A line as one would write it; it fails when any part of it does."""
        environment = self.work.environment(**peers.environment(self.store, self.bucket), **extra)
        return Trial(["bash", "-o", "pipefail", "-c", line], environment, stored)

    def stored(self) -> int:
        """Bytes in the bucket."""
        client = self.store.client()
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        return sum(item["Size"] for page in pages for item in page.get("Contents", []))

    def dumped(self) -> int:
        """Bytes of the finished dump that waits."""
        return sum(file.stat().st_size for file in self.work.dumps.glob("datadump.*"))


class World:
    """What all jobs share. It ends with the stack."""

    def __init__(self, folder: Path, options: Options, running: ExitStack) -> None:
        self.folder = folder
        self.options = options
        self._running = running
        self._numbers = count(1)

    def new_path(self, name: str) -> Path:
        """Nothing is there yet."""
        return self.folder / f"{name}-{next(self._numbers)}"

    def take_turns(self, job: str, sides: list[Side], runs: int = 0, look: float = LOOK) -> Results:
        """The sides' runs, as many as were asked for where the job has no number of its own.

        And a round before, that warms up.
        """
        rounds = range((runs or self.options.runs) + 1)
        return take_turns(job, sides, rounds, self.folder / "output", look)

    def take_long_turns(self, job: str, sides: list[Side]) -> Results:
        """The same with no round before: in minutes of work, cold caches don't show."""
        rounds = range(1, self.options.runs + 1)
        return take_turns(job, sides, rounds, self.folder / "output", RARE_LOOK)

    def run_untimed(self, side: Side) -> None:
        """One run, for what it leaves."""
        run_once(side, self.folder / "output")

    def run_untimed_line(self, place: Place, line: str, **extra: str) -> None:
        """The same, of a line."""

        @contextmanager
        def prepare() -> Iterator[Trial]:
            yield place.shell(line, None, **extra)

        self.run_untimed(Side(f"`{line}`", prepare))

    def settings(self) -> dict[str, str]:
        """Bytecode is kept there, as in the image; the first round compiles what is missing."""
        return {"PYTHONPYCACHEPREFIX": str(self.folder / "bytecode")}

    @contextmanager
    def store(self) -> Iterator[Store]:
        """A new store, for one job."""
        with running_seaweedfs(self.new_path("store")) as store:
            yield store

    @contextmanager
    def place(
        self, store: Store, server: Server | None = None, database: str = FIVE.database
    ) -> Iterator[Place]:
        """A new bucket; its space is free again afterwards."""
        path = self.new_path("place")
        bucket = path.name
        work = (
            workplace(path, server, store, bucket)
            if server
            else uploader_workplace(path, store, bucket)
        )
        work.settings |= {**self.settings(), "DB_NAME": database}
        store.client().create_bucket(Bucket=bucket)
        # The first object of a bucket has SeaweedFS make its volumes, which takes a while.
        store.put(bucket, "first", bytes(MEBIBYTE))
        store.client().delete_object(Bucket=bucket, Key="first")
        try:
            yield Place(work, store, bucket)
        finally:
            store.client().delete_bucket(Bucket=bucket)
            shutil.rmtree(path)

    @cached_property
    def server(self) -> Server:
        """The server with the database, and the accounts that dump and restore it."""
        options = [f"--innodb-buffer-pool-size={pool_size()}M", "--innodb-log-file-size=1G"]
        server = self._running.enter_context(running_server(self.new_path("server"), *options))
        self._fill(server, FIVE)
        return server

    @contextmanager
    def holding(self, shape: Shape) -> Iterator[Server]:
        """The server, with the database of that shape, and the accounts for that."""
        if shape is FIVE:
            yield self.server
            return
        self._fill(self.server, shape)
        yield self.server
        self.server.query(f"DROP DATABASE {shape.database}")

    def _fill(self, server: Server, shape: Shape) -> None:
        say(f"making {shape.database}, of about {self.options.size} MiB of SQL")
        fill(server, shape, self.options.size)
        make_account(server, rights(server, f"{shape.database}.*"))
        make_restorer(server, shape.database)


def pool_size() -> int:
    """A quarter of the machine's memory for the server's pages, in MiB, up to a limit."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min(memory // 4 // MEBIBYTE, LARGEST_POOL)


def option_file(work: Workplace, account: str) -> Path:
    """The clients' options as the scripts have them, for DB or RESTORE: all dump the same way."""
    command = ["bash", str(SCRIPTS / "common/database_client.sh")]
    options = subprocess.run(
        [*command, f"{account}_USER", f"{account}_PASSWORD_FILE"], env=work.environment(),
        stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    path = work.path / f"{account}.cnf"
    path.write_bytes(options.stdout)
    path.chmod(0o600)
    return path
