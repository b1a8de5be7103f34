"""What a load does at a server that has limits, and when it can't go on."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path

import pytest
from datadump.ground.pipes import BUFFER
from datadump.load.loading import Source, load_file
from datadump.load.survey import survey
from datadump.mariadb.complaints import ServerError
from datadump.mariadb.server import Server as Loader
from datadump.sql.reading import DumpFile
from support.mariadb import Server, contents, running_server

DATABASE = "limits"
TABLE = "CREATE TABLE wide (id INT PRIMARY KEY, a CHAR(200), b CHAR(200), KEY (a), KEY (b))"
ROWS = "INSERT INTO wide SELECT seq, SHA2(seq, 512), SHA2(-seq, 512) FROM seq_{}_to_{}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Its folder for temporary files is full as soon as it sorts the keys of the table."""
    small = tmp_path_factory.mktemp("small")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8M", "tmpfs", small], check=True)
    options = (f"--tmpdir={small}", "--innodb-sort-buffer-size=64K")
    try:
        with running_server(tmp_path_factory.mktemp("limited"), *options) as server:
            server.query(f"CREATE DATABASE {DATABASE}")
            server.query(TABLE, DATABASE)
            server.query(ROWS.format(1, 1), DATABASE)  # rows of an empty table would be sorted
            server.query(ROWS.format(2, 40_000), DATABASE)
            yield server
    finally:
        subprocess.run(["umount", small], check=True)


@pytest.fixture
def loader(server: Server) -> Loader:
    return Loader(f"[client]\nsocket={server.socket}\nuser=root\n".encode())


def load_all_of(loader: Loader, path: Path, name: str) -> None:
    dump = DumpFile(str(path))
    load_file(loader, Source(dump, name), name, survey(dump, even_if_foreign=True).outline)


def test_keys_that_the_server_has_no_room_to_sort_come_with_the_rows(
    server: Server, loader: Loader, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """It then takes longer, and is all there."""
    path = tmp_path / "dump.sql"
    with loader.dump(DATABASE) as dump:
        path.write_bytes(dump.read())
    server.query("CREATE DATABASE restored")
    load_all_of(loader, path, "restored")
    assert contents(server, "restored") == contents(server, DATABASE)
    assert "tmpdir is full" in capfd.readouterr().out


@pytest.mark.parametrize("foreign", [False, True])
def test_progress_of_a_load_ends_with_all_of_the_dump(
    loader: Loader, tmp_path: Path, capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch, foreign: bool,
) -> None:  # fmt: skip
    """Though one table has most of it, and one connection alone is at work at last."""
    path = tmp_path / "dump.sql"
    with loader.dump(DATABASE) as dump:
        path.write_bytes(b"SELECT 1;\n" * foreign + dump.read())
    monkeypatch.setattr("datadump.ground.progress.SECONDS_BETWEEN_REPORTS", 0.0)
    name = f"progress_{foreign}"
    loader.query(f"CREATE DATABASE {name}")
    load_all_of(loader, path, name)
    begin = f"load into {name}: "
    lines = [line for line in capfd.readouterr().out.splitlines() if line.startswith(begin)]
    parts = [int(line.removeprefix(begin).partition(" % of the dump")[0]) for line in lines]
    assert len(set(parts)) > 3
    assert parts[-1] >= 99


def test_statement_of_a_load_may_take_longer_than_others(server: Server, loader: Loader) -> None:
    """Keys of a large table do; the server may have a limit for people's queries."""
    slow = b"CREATE TABLE counted AS SELECT COUNT(SHA2(seq, 512)) FROM seq_1_to_500000;\n"
    server.query("SET GLOBAL max_statement_time = 0.1")
    try:
        loader.load([slow], DATABASE)
    finally:
        server.query("SET GLOBAL max_statement_time = 0")
    assert server.query("SELECT * FROM counted", DATABASE) == [(500_000,)]


def test_load_that_cannot_go_on_ends_at_once(loader: Loader) -> None:
    """Not when the server has taken what was written: the pipe is full, and more is in a buffer."""

    def pieces() -> Iterator[bytes]:
        yield b"DO SLEEP(60);\n"
        line = b"-- there is room for it in one of them\n"
        yield from repeat(line, BUFFER * 19 // 10 // len(line))
        raise ServerError("another connection failed")

    started = time.monotonic()
    with pytest.raises(ServerError, match="another connection failed"):
        loader.load(pieces(), DATABASE)
    assert time.monotonic() - started < 30
