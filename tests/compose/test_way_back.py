"""The way back in the running stack: the sample database dropped, restored and proven."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from support.compose import Checkout, ask
from support.waiting import wait_for

TABLES = 26
FAILED = "restore verification failed: "


def rows(clone: Checkout, database: str = "FACULDADE") -> dict[str, int]:
    """Of each of its tables."""
    tables = ask(
        clone,
        "SELECT TABLE_NAME FROM information_schema.TABLES "
        f"WHERE TABLE_SCHEMA = '{database}' AND TABLE_TYPE = 'BASE TABLE'",
    ).split()
    counts = [f"SELECT '{table}', COUNT(*) FROM {database}.{table}" for table in tables]
    lines = ask(clone, " UNION ALL ".join(counts)).splitlines()
    return {table: int(count) for table, _, count in (line.partition("\t") for line in lines)}


def back_up(clone: Checkout) -> str:
    """A new backup's key."""
    clone.compose("run", "--rm", "dump")
    clone.tick()
    return clone.objects()[-1]


def test_dropped_database_comes_back(clone: Checkout) -> None:
    """All 26 tables with their rows."""
    key = back_up(clone)
    before = rows(clone)
    ask(clone, "DROP DATABASE FACULDADE")
    clone.compose("run", "--rm", "restore", "latest")
    assert len(before) == TABLES
    assert rows(clone) == before
    assert clone.count(f"restore completed: {key} into FACULDADE") == 1


def test_way_back_needs_nothing_to_be_built(clone: Checkout, tmp_path: Path) -> None:
    """What `docker compose up` has built is all: no registry is asked at night, and no packages."""
    key = back_up(clone)
    dockerfile = clone.path / "dockerfiles/python/Dockerfile"
    original = dockerfile.read_text()
    dockerfile.write_text("FROM registry.invalid/none\n")
    run = ("docker", "compose", "run", "--rm", "-T", "--no-deps")
    scratch = {"SCRATCH_DIR": str(tmp_path / "scratch")}  # on another disk, say; Docker makes it
    try:
        for arguments in (
            ("restore", "--list"),
            ("restore", "latest", "--into", "FACULDADE_night"),
            ("restore-drill",),
        ):
            result = clone.run(*run, *arguments, **scratch)
            assert result.returncode == 0, result.stdout + result.stderr
            assert not {"Building", "Pulling"} & set(result.stderr.split()), result.stderr
    finally:
        dockerfile.write_text(original)
        ask(clone, "DROP DATABASE IF EXISTS FACULDADE_night")
    assert clone.count(f"restore completed: {key} into FACULDADE_night") == 1
    assert (tmp_path / "scratch").stat().st_uid == 0


def test_database_in_use_stays_beside_the_restored_one(clone: Checkout) -> None:
    """By --overwrite only, with the rights of the sample's account."""
    back_up(clone)
    refused = clone.run("docker", "compose", "run", "--rm", "restore", "latest")
    assert refused.returncode == 1
    before = rows(clone)
    ask(clone, "DELETE FROM FACULDADE.ALUNO_AULA_XREF")
    told = clone.compose("run", "--rm", "restore", "latest", "--overwrite")
    (old,) = set(re.findall(r"FACULDADE_before_\w+", told))
    assert rows(clone) == before
    assert rows(clone, old) == before | {"ALUNO_AULA_XREF": 0}
    ask(clone, f"DROP DATABASE {old}")


def test_account_that_looks_needs_no_right_on_the_database(clone: Checkout) -> None:
    """Where .env names one, --into takes it."""
    back_up(clone)
    (clone.path / "look.txt").write_text("look's own\n")
    ask(clone, "CREATE USER look IDENTIFIED BY 'look''s own'")
    ask(clone, "GRANT ALL PRIVILEGES ON `FACULDADE\\_%`.* TO look")
    account = {"LOOK_USER": "look", "LOOK_PASSWORD_FILE": "./look.txt"}
    try:
        clone.compose("run", "--rm", "restore", "latest", "--into", "FACULDADE_seen", **account)
        assert rows(clone, "FACULDADE_seen") == rows(clone)
        views = "SELECT DISTINCT DEFINER FROM information_schema.VIEWS WHERE TABLE_SCHEMA = "
        assert ask(clone, f"{views}'FACULDADE_seen'").split() == ["look@%"]
    finally:
        ask(clone, "DROP DATABASE IF EXISTS FACULDADE_seen; DROP USER look")
        (clone.path / "look.txt").unlink()


def test_drill_proves_the_newest_backup(clone: Checkout) -> None:
    """Without the database's service; the listing shows it."""
    key = back_up(clone)
    clone.compose("stop", "--timeout", "5", "database")
    try:
        table = clone.compose("run", "--rm", "restore-drill")
    finally:
        clone.compose("up", "--detach", "--wait", "--no-recreate", "database")
    assert clone.count(f"restore verified: {key}") == 1
    assert table.count("  ok\n") > TABLES
    listing = json.loads(clone.compose("run", "--rm", "restore", "--list", "--json"))
    assert listing[0]["key"] == key
    assert listing[0]["proof"]["verified"] is True


@pytest.mark.parametrize("damage", ["flipped", "truncated", "row changed", "table missing"])
def test_drill_says_what_is_wrong(clone: Checkout, damage: str) -> None:
    """The object's metadata is left as it was."""
    key = back_up(clone)
    bucket = clone.credentials()[2]
    head = clone.store().head_object(Bucket=bucket, Key=key)
    content = damaged(clone.object(key), damage)
    clone.store().put_object(Bucket=bucket, Key=key, Body=content, Metadata=head["Metadata"])
    try:
        result = clone.run("docker", "compose", "run", "--rm", "restore-drill")
        assert result.returncode == 1
        line = [line for line in clone.log_lines() if FAILED in line and key in line][-1]
        assert f"{FAILED}the object in the bucket is not what was uploaded" in line
        assert "FAILED" in clone.compose("run", "--rm", "restore", "--list").splitlines()[1]
    finally:
        clone.store().delete_object(Bucket=bucket, Key=key)


def damaged(content: bytes, damage: str) -> bytes:
    middle = len(content) // 2
    if damage == "flipped":
        return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    if damage == "truncated":
        return content[:middle]
    if damage == "row changed":
        assert b"\n(1,'" in content
        return content.replace(b"\n(1,'", b"\n(1,'x", 1)
    start = content.index(b"--\n-- Table structure for table `TURNO`")
    return content[:start] + content[content.index(b"--\n-- ", start + 100) :]


def test_drill_runs_by_cron_where_its_profile_is_on(clone: Checkout) -> None:
    """By the same arrangement as the uploader."""
    back_up(clone)
    crontab: Path = clone.path / "dockerfiles/python/drill-crontab"
    original = crontab.read_text()
    before = sum(",restore verified: " in line for line in clone.log_lines())
    crontab.write_text("* * * * * python3 /scripts/restore-drill.py\n")
    try:
        clone.compose("up", "--detach", "--wait", "drill-schedule")
        wait_for(
            "a drill by cron",
            lambda: sum(",restore verified: " in line for line in clone.log_lines()) > before,
            100,
        )
    finally:
        crontab.write_text(original)
        clone.compose("rm", "--stop", "--force", "drill-schedule")


@pytest.mark.parametrize(
    "profile", ["drill-schedule", "dump-schedule", "prune-schedule", "mirror-schedule"]
)
def test_profile_of_a_schedule_keeps_the_sample_and_the_store(
    clone: Checkout, profile: str
) -> None:
    """COMPOSE_PROFILES in .env turns it on beside all the rest."""
    services = clone.compose("config", "--services", COMPOSE_PROFILES=profile).split()
    by_default = ["database", "dump", "s3", "send-to-s3", "status", "watch"]
    assert sorted(services) == sorted([profile, *by_default])
    for setting in ({"DB_HOST": "db.example.com"}, {"AWS_ENDPOINT_URL_S3": ""}):
        services = clone.compose(
            "config", "--services", COMPOSE_PROFILES=profile, **setting
        ).split()
        assert ("database" in services) == ("DB_HOST" not in setting)
        assert ("s3" in services) == ("AWS_ENDPOINT_URL_S3" not in setting)
