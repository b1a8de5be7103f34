"""Drills of several databases go round, and say at the end what is proven."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.mariadb import Server, running_server
from support.programs import Workplace, today
from support.restoring import workplace
from support.shop import make_account, rights
from support.store import Store

NAMES = ["a", "b", "c"]
SEVERAL = {"DB_NAMES": "*"}


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Databases on a server of their own."""
    with running_server(tmp_path_factory.mktemp("three")) as server:
        for name in NAMES:
            server.load(b"CREATE TABLE t (a INT PRIMARY KEY); INSERT INTO t VALUES (1);", name)
        make_account(server, rights(server, "*.*"))
        yield server


@pytest.fixture
def work(three: Server, store: Store, bucket: str, tmp_path: Path) -> Workplace:
    """With a backup of each in the bucket."""
    work = workplace(tmp_path / "work", three, store, bucket)
    assert work.dump(**SEVERAL).returncode == 0
    assert work.tick(**SEVERAL).returncode == 0
    return work


def verdicts(work: Workplace) -> list[str]:
    """The databases, in the order of the drills; small letters are proven, others not."""
    messages = [message for message in work.messages() if message.startswith("restore ver")]
    return [
        key[0] if message.startswith("restore verified: ") else key[0].upper()
        for message in messages
        for key in [message.rpartition(" ")[2].strip("()")]
    ]


def test_drill_a_night_goes_round(work: Workplace) -> None:
    """Though there is a newer backup of each, each night."""
    for _ in range(4):
        assert work.drill(**SEVERAL).returncode == 0
        assert work.dump(**SEVERAL).returncode == 0
        assert work.tick(**SEVERAL).returncode == 0
    assert verdicts(work) == ["a", "b", "c", "a"]


def test_drills_of_all_stop_at_none_that_fails(work: Workplace, store: Store, bucket: str) -> None:
    """And say so at the end. A proof says how long each phase took."""
    key = f"b/{today()}/datadump1.sql"
    damaged = store.objects(bucket)[key].replace(b"VALUES\n(1)", b"VALUES\n(2)")
    store.put(bucket, key, damaged, **store.metadata(bucket, key))
    result = work.drill("--all", **SEVERAL)
    assert result.returncode == 1
    assert sorted(verdicts(work)) == ["B", "a", "c"]
    assert result.stdout.splitlines()[-2:] == ["proven: a, c", "FAILED: b"]
    proof = json.loads(store.objects(bucket)[f"a/proofs/{today()}/datadump1.sql.json"])
    assert proof["verified"]
    assert set(proof["seconds"]) == {"fetch", "read", "load", "compare"}


def test_drills_for_a_time_are_of_what_waits(work: Workplace) -> None:
    """What is proven isn't drilled again."""
    assert work.drill("--database", "b", **SEVERAL).returncode == 0
    result = work.drill("--for", "1h", **SEVERAL)
    assert result.returncode == 0
    assert verdicts(work) == ["b", "a", "c"]
    assert result.stdout.splitlines()[-1] == "proven: a, c, b"


def test_time_that_is_none_is_a_wrong_setting(work: Workplace) -> None:
    for text in ("1", "h", "-1h", "0h", "1.5h", "2 h", "1w"):
        assert work.drill(f"--for={text}", **SEVERAL).returncode == 2
    assert "--for: '1w' is no time such as 30m, 26h or 8d" in work.messages()
