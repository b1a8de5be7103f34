"""Several databases in the running stack, by the settings of the page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from support.compose import Checkout, ask
from support.waiting import wait_for

NAMES = [f"db_{number}" for number in range(1, 6)]
BROKEN = NAMES[-1]  # its event can't be dumped
WELL = NAMES[:-1]
ALL_RIGHTS = "SELECT, SHOW VIEW, TRIGGER, EVENT, SHOW CREATE ROUTINE ON *.*"


@pytest.fixture
def several(clone: Checkout) -> Iterator[Checkout]:
    """The stack with DB_NAMES=*, and some databases more in the sample's server."""
    for number, name in enumerate(NAMES):
        ask(clone, f"CREATE DATABASE {name}; CREATE TABLE {name}.t AS SELECT {number} AS a")
    ask(clone, f"CREATE EVENT {BROKEN}.e ON SCHEDULE EVERY 1 DAY DO SELECT ';;'")
    ask(clone, f"GRANT {ALL_RIGHTS} TO backup")
    ask(clone, "GRANT ALL PRIVILEGES ON `db\\_%`.* TO restore")
    clone.write_settings(DB_NAMES="*", DB_EXCLUDE="FACULDADE*")
    clone.compose("up", "--detach", "--no-deps", "send-to-s3")
    yield clone
    for name in [*NAMES, "db_2_look"]:
        ask(clone, f"DROP DATABASE IF EXISTS {name}")
        shutil.rmtree(clone.path / "dumps" / name, ignore_errors=True)
    ask(clone, f"REVOKE {ALL_RIGHTS} FROM backup")


def test_all_databases_are_dumped_shipped_listed_restored_and_proven(several: Checkout) -> None:
    """One that is broken keeps no other; crond's next tick ships them."""
    dumped = several.run("docker", "compose", "run", "--rm", "dump")
    assert dumped.returncode == 1
    assert [several.count(f"database dump completed: {name}") for name in WELL] == [1] * 4
    failure = f"database dump failed: {BROKEN}: mariadb-dump never ends on an event"
    assert [failure in line for line in several.log_lines()].count(True) == 1

    for name in WELL:
        several.wait_for_message(f"file successfully uploaded: {name}", more_than=0)
    keys = [key for key in several.objects() if key.startswith("db_")]
    assert sorted(key.split("/")[0] for key in keys) == WELL
    wait_for("no dump waits", lambda: not list(several.path.glob("dumps/db_*/datadump.sql")))

    listed = several.compose("run", "--rm", "restore", "--list")
    assert set(keys) <= {line.split()[0] for line in listed.splitlines()}
    several.compose("run", "--rm", "restore", "latest", "--database", "db_2", "--into", "db_2_look")
    assert ask(several, "SELECT a FROM db_2_look.t").split() == ["1"]
    proven = several.compose("run", "--rm", "restore-drill", "--all")
    assert set(WELL) <= set(proven.splitlines()[-1].removeprefix("proven: ").split(", "))
