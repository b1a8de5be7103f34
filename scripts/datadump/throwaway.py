"""A MariaDB server for one drill: a private socket, no port, and data that goes with it."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

from datadump.server import DUMP_OPTIONS, Server, ServerError

PREFIX = "drill."
SECONDS_TO_START = 120
ZONES = "/usr/share/zoneinfo"


class ThrowawayServer(Server):
    """A server that this process has started."""

    def __init__(self, options: bytes, process: subprocess.Popen[bytes], log: str) -> None:
        super().__init__(options)
        self._process, self._log = process, log

    def require_life(self) -> None:
        """Raises OSError where it has ended: out of memory, or of disk, or killed."""
        if self._process.poll() is not None:
            with open(self._log, errors="replace") as file:
                said = last_line(file.read())
            raise OSError(f"the drill's server ended, status {self._process.returncode}: {said}")


@contextmanager
def throwaway_server(scratch: str, first: str) -> Iterator[ThrowawayServer]:
    """A server that nobody else has; what is loaded there begins with the statement ``first``.

    Raises ServerError and OSError.
    """
    sweep(scratch)
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=scratch) as folder:
        lock = os.open(folder, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            make_data(folder)
            with running(folder, first) as server:
                yield server
        finally:
            os.close(lock)


def sweep(scratch: str) -> None:
    """Remove what a drill left that was killed: its lock is gone with it."""
    for name in os.listdir(scratch):
        path = os.path.join(scratch, name)
        if name.startswith(PREFIX):
            folder = os.open(path, os.O_RDONLY)
            try:
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path)
            except BlockingIOError:
                pass
            finally:
                os.close(folder)


def make_data(folder: str) -> None:
    """The server's own tables."""
    made = subprocess.run(
        [
            "mariadb-install-db",
            "--no-defaults",
            f"--user={user()}",
            f"--datadir={folder}/data",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise ServerError(f"mariadb-install-db: {last_line(made.stdout + made.stderr)}")


def user() -> str:
    """Who runs this; root has to say so."""
    return "root" if os.geteuid() == 0 else str(os.geteuid())


@contextmanager
def running(folder: str, first: str) -> Iterator[ThrowawayServer]:
    """The server, from when it answers to its end."""
    log = os.path.join(folder, "log")
    with open(log, "wb") as output:
        process = subprocess.Popen(command(folder), stdout=output, stderr=output)
    try:
        server = ThrowawayServer(
            f"[client]\nsocket={folder}/socket\nuser=root\nskip-ssl\n"
            "default-character-set=utf8mb4\n"
            f"[mariadb]\ninit-command={first}\n!include {DUMP_OPTIONS}\n".encode(),
            process,
            log,
        )
        wait_until_it_answers(server, process, log)
        load_time_zones(server)
        yield server
    finally:
        process.kill()  # nobody needs its data any more
        process.wait()


def command(folder: str) -> list[str]:
    """What isn't safe here makes it faster: its data is a copy."""
    return [
        "setpriv",
        "--pdeathsig=KILL",
        "mariadbd",
        "--no-defaults",
        f"--user={user()}",
        f"--datadir={folder}/data",
        f"--socket={folder}/socket",
        f"--pid-file={folder}/pid",
        f"--tmpdir={folder}",
        "--skip-networking",
        "--event-scheduler=OFF",
        "--max-allowed-packet=1G",
        "--innodb-flush-log-at-trx-commit=0",
        "--innodb-doublewrite=OFF",
        "--innodb-log-file-size=256M",
        "--innodb-buffer-pool-size=256M",
    ]


def wait_until_it_answers(server: Server, process: subprocess.Popen[bytes], log: str) -> None:
    """Raises ServerError where it ends, or stays silent."""
    deadline = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            server.query("SELECT 1")
            return
        except ServerError:
            if process.poll() is not None or time.monotonic() > deadline:
                with open(log, errors="replace") as file:
                    said = last_line(file.read())
                raise ServerError(f"the drill's server does not start: {said}") from None
            time.sleep(0.1)


def load_time_zones(server: Server) -> None:
    """Events may name one."""
    with subprocess.Popen(
        ["mariadb-tzinfo-to-sql", "--skip-write-binlog", ZONES],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as zones:
        server.load(zones.stdout or [], "mysql")


def last_line(text: str) -> str:
    """Of what a program said."""
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it said nothing"
