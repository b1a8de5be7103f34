"""What mariadb-dump and the real client bring back of databases that break dumps elsewhere.

The dump is loaded onto another server, whose settings are other ones and where no definer exists.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from datadump.load.survey import survey
from datadump.sql.reading import DumpFile
from support.mariadb import CHARACTER_SETS, Server, contents, running_server
from support.programs import Workplace
from support.round_trip import (
    DATABASE,
    EMPTY_DATABASE,
    NAMED_DATABASE,
    SOURCE_OPTIONS,
    TARGET_OPTIONS,
    add_zone,
    fill,
    grants,
)
from support.shop import dump_settings, make_account

NO_TABLE = f"warning: there is no table in the database: {EMPTY_DATABASE}"
DECOMPRESS = {
    "none": ("", ["cat"]),
    "zstd": (".zst", ["zstd", "-dc"]),
    "gzip": (".gz", ["gzip", "-dc"]),
}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server that is dumped, by an account with just the rights it needs."""
    with running_server(tmp_path_factory.mktemp("source"), *SOURCE_OPTIONS) as server:
        fill(server)
        make_account(server, grants(server))
        yield server


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server that the dump is loaded onto."""
    with running_server(tmp_path_factory.mktemp("target"), *TARGET_OPTIONS) as server:
        add_zone(server)
        yield server


@pytest.fixture
def work(tmp_path: Path, source: Server) -> Workplace:
    return Workplace(tmp_path / "work", dump_settings(source, tmp_path / "password"))


def dump(work: Workplace, database: str, compression: str = "none") -> bytes:
    """The SQL of a dump by the project's own script; it warns where there is no table."""
    result = work.dump(DB_NAME=database, DUMP_COMPRESSION=compression)
    said = f"{NO_TABLE}\n" if database == EMPTY_DATABASE else ""
    assert (result.returncode, result.stderr) == (0, said), result.stdout
    suffix, command = DECOMPRESS[compression]
    file = work.dumps / f"datadump.sql{suffix}"
    return subprocess.run([*command, str(file)], stdout=subprocess.PIPE, check=True).stdout


def difference(one: dict[str, object], other: dict[str, object]) -> list[str]:
    """The names of what differs: the values may be long."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


@pytest.mark.parametrize(
    ("database", "into", "compression"),
    [
        (DATABASE, "other é.`name`", "zstd"),
        (NAMED_DATABASE, NAMED_DATABASE, "gzip"),
        (EMPTY_DATABASE, "other", "none"),
    ],
    ids=["everything", "bound to its name", "empty"],
)
def test_dump_brings_all_of_it_back_onto_another_server(
    work: Workplace, source: Server, target: Server, database: str, into: str, compression: str
) -> None:
    """Definitions, rows and the state of sequences; the source is as it was."""
    before = contents(source, database)
    target.load(dump(work, database, compression), into)
    assert difference(contents(target, into), before) == []
    assert difference(contents(source, database), before) == []


@pytest.mark.parametrize("database", [DATABASE, NAMED_DATABASE, EMPTY_DATABASE])
def test_dump_has_an_outline(work: Workplace, database: str) -> None:
    """Without, it would be loaded over one connection, and nobody would notice."""
    dump(work, database)
    assert survey(DumpFile(str(work.dumps / "datadump.sql"))).outline is not None


CHANGES = {
    "one byte of a row": (
        "UPDATE bytes SET b = INSERT(b, 9000000, 1, '!') WHERE id = 3",
        "rows of bytes",
    ),
    "a trailing blank": ("UPDATE texts SET v = 'trail ' WHERE id = 3", "rows of texts"),
    "the case of a letter": ("UPDATE no_key SET b = 'X' LIMIT 1", "rows of no_key"),
    "an empty text for NULL": ("UPDATE texts SET t = '' WHERE id = 2", "rows of texts"),
    "one of equal rows": ("DELETE FROM no_key WHERE a = 1 LIMIT 1", "rows of no_key"),
    "the seventh digit of a FLOAT": (
        "UPDATE numbers SET floating = 0.10000001 WHERE id = 4",
        "rows of numbers",
    ),
    "a microsecond": (
        "UPDATE times SET stamp6 = stamp6 + INTERVAL 1 MICROSECOND WHERE id = 3",
        "rows of times",
    ),
    "an invisible column": ("UPDATE made SET hidden = 1 WHERE id = 0", "rows of made"),
    "history": ("DELETE HISTORY FROM versioned", "rows of versioned"),
    "the state of a sequence": ("SELECT SETVAL(z_sequence, 5000)", "rows of z_sequence"),
    "a trigger": ("DROP TRIGGER on_delete", "TRIGGER on_delete"),
    "an event's status": ("ALTER EVENT disabled ENABLE", "EVENT disabled"),
    "a comment": ("ALTER TABLE rules COMMENT ''", "BASE TABLE rules"),
    "a routine": ("DROP PROCEDURE carriage_returns", "PROCEDURE carriage_returns"),
    "the database's collation": (
        "ALTER DATABASE COLLATE utf8mb4_bin",
        f"{CHARACTER_SETS}the database",
    ),
}


def test_every_change_is_seen_by_the_comparison(source: Server) -> None:
    """Otherwise it would prove nothing."""
    before = contents(source, DATABASE)
    try:
        for name, (change, place) in CHANGES.items():
            source.query(change, DATABASE)
            after = contents(source, DATABASE)
            assert place in difference(after, before), name
            before = after
    finally:
        fill(source)
