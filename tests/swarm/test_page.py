"""Every command of Swarm's page works as it stands there, and does what is said there."""

from __future__ import annotations

import json
import subprocess
from functools import partial
from typing import Any

import pytest
from support.pages import blocks
from support.swarm import Node
from support.waiting import wait_for

from .conftest import (
    NAMES,
    PAGE,
    Fleet,
    command_of_the_page,
    commands_of_the_page,
    wait_until_none_waits,
)

SERVICES = ("dump-schedule", "send-to-s3", "drill-schedule", "status")
NEW_PASSWORD = "another password"
# Whoever deploys has to say these; without the other two of the page, Docker itself complains.
NEEDED = ("TAG", "DB_HOST", "DB_PASSWORD_FILE", "CREDENTIALS_FILE")
ALERT_URL = "ntfy://nobody.invalid/backups"
WATCH = "python3 /scripts/watch.py --all-prefixes"
STOPPED = [
    ("dump-schedule", "/scripts/database_dump.sh", "AGE_RECIPIENTS_FILE"),
    ("dump-schedule", "DB_TLS=verify /scripts/database_dump.sh", "DB_TLS_CA"),
    ("send-to-s3", "python3 /scripts/send-to-s3.py", "HEARTBEAT_URL_FILE"),
    ("send-to-s3", "python3 /scripts/send-to-s3.py", "AWS_CA_BUNDLE"),
    ("drill-schedule", "python3 /scripts/restore-drill.py", "AGE_IDENTITY_FILE"),
    ("status", WATCH, "ALERT_URLS_FILE"),
    ("status", WATCH, "MIRROR_CREDENTIALS_FILE"),
]


@pytest.fixture(scope="module")
def followed(fleet: Fleet) -> Fleet:
    """A person went through the page from its top, and changed a crontab and the password."""
    fleet.swarm.make_available(fleet.swarm.nodes[2], "active")
    for command in commands_of_the_page():
        if "mine.yml" in command and not (fleet.checkout.path / "mine.yml").exists():
            write_second_file(fleet)
        if command.startswith("sed"):
            change_crontab_and_password(fleet)
        wait_for(command, partial(ends_well, fleet, command), patience(command), poll=2)
    wait_for(
        "all services are as they were deployed", lambda: not being_updated(fleet), 180, poll=2
    )
    return fleet


def being_updated(fleet: Fleet) -> list[str]:
    """The services of db7 whose containers are being replaced: one after the other."""
    state = "{{if .UpdateStatus}}{{.UpdateStatus.State}}{{end}}"
    manager = fleet.swarm.manager
    return [
        service
        for service in SERVICES
        if manager.docker("service", "inspect", "--format", state, f"db7_{service}")
        not in {"", "completed"}
    ]


def write_second_file(fleet: Fleet) -> None:
    """With what it needs; not before, or the watch would stop for want of it."""
    (fleet.swarm.folder / "alert_urls.txt").write_text(ALERT_URL)
    fleet.write_settings("db7", ALERT_URLS_FILE=f"{fleet.swarm.folder}/alert_urls.txt")
    (second_file,) = blocks(PAGE, "yaml")
    (fleet.checkout.path / "mine.yml").write_text(second_file)


def change_crontab_and_password(fleet: Fleet) -> None:
    (fleet.swarm.folder / "dump-crontab").write_text("45 4 * * * /scripts/database_dump.sh\n")
    fleet.databases["db7"].run(f"SET PASSWORD FOR backup = PASSWORD('{NEW_PASSWORD}')".encode())
    (fleet.swarm.folder / "password.txt").write_text(NEW_PASSWORD)


def patience(command: str) -> float:
    """In seconds: the page is there from its first look on; all else is at once."""
    return 150 if "http://status" in command else 0


def ends_well(fleet: Fleet, command: str) -> bool:
    try:
        return fleet.run(command) is not None
    except AssertionError:
        if not patience(command):
            raise
        return False


def task(fleet: Fleet, service: str) -> tuple[Node, str]:
    """A container of db7's that runs this service, and its node."""
    tasks = partial(tasks_of, fleet, f"db7_{service}")
    return wait_for(f"a task of {service}", tasks, 60, poll=1)[0]


def tasks_of(fleet: Fleet, service: str) -> list[tuple[Node, str]]:
    return [(node, name) for node in fleet.swarm.nodes if (name := node.task(service))]


def inspected(fleet: Fleet, service: str) -> Any:
    node, name = task(fleet, service)
    return json.loads(node.docker("inspect", name))[0]


def test_changed_crontab_is_in_force(followed: Fleet) -> None:
    """The service says when it runs next, by it."""
    node, name = task(followed, "dump-schedule")
    assert " 04:45: 45 4 * * * /scripts/database_dump.sh" in node.docker("logs", name)


def test_changed_password_is_in_force(followed: Fleet) -> None:
    """A dump of now ends well, and arrives."""
    node, name = task(followed, "dump-schedule")
    wait_until_none_waits(node, "db7")
    before = len(followed.objects_of("db7"))
    told = node.docker("exec", name, "/scripts/database_dump.sh")
    assert told.endswith(f",database dump completed: {NAMES['db7']}")
    wait_until_none_waits(node, "db7")
    assert len(followed.objects_of("db7")) == before + 1


def test_drill_proves_the_newest_backup(followed: Fleet) -> None:
    """Its server runs with the few capabilities that are left."""
    if not followed.objects_of("db7"):
        test_changed_password_is_in_force(followed)
    node, name = task(followed, "drill-schedule")
    told = node.docker("exec", name, "python3", "/scripts/restore-drill.py")
    assert "verified" in told.splitlines()


def test_second_file_adds_its_secret(followed: Fleet) -> None:
    """Of the page's example: the watch knows whom to tell."""
    node, name = task(followed, "status")
    script = 'cat "$ALERT_URLS_FILE"'
    assert node.docker("exec", name, "sh", "-c", script) == ALERT_URL


@pytest.mark.parametrize("service", SERVICES)
def test_containers_may_do_little(followed: Fleet, service: str) -> None:
    """What compose's may; the engines of the nodes let nobody gain more."""
    host = inspected(followed, service)["HostConfig"]
    assert (host["ReadonlyRootfs"], host["Init"], host["CapDrop"]) == (True, True, ["ALL"])
    assert sorted(host["CapAdd"]) == ["CAP_SETGID", "CAP_SETUID"]
    assert host["Memory"] == (2048 if service == "drill-schedule" else 512) * 1024**2
    assert {mount["Target"] for mount in host["Mounts"] if mount["Type"] == "tmpfs"} >= {
        "/tmp", "/run",
    }  # fmt: skip
    node, name = task(followed, service)
    assert "NoNewPrivs:\t1\n" in node.docker("exec", name, "cat", "/proc/1/status")


def test_nothing_is_published(followed: Fleet) -> None:
    """The page has no login."""
    listed = followed.swarm.manager.docker("stack", "services", "--format", "{{.Ports}}", "db7")
    assert listed.split() == []


def test_server_of_the_page_is_nobody(followed: Fleet) -> None:
    """It shares a container with the keys of the store, and can't become who reads them."""
    node, name = task(followed, "status")
    script = "grep -l lighttpd /proc/[0-9]*/comm | xargs dirname | xargs -I {} cat {}/status"
    told = node.docker("exec", name, "sh", "-c", script)
    assert "\nUid:\t33\t33\t33\t33\n" in told
    assert "\nCapEff:\t0000000000000000\n" in told


@pytest.mark.parametrize("secret", ["credentials", "alert_urls"])
def test_server_of_the_page_reads_no_secret(followed: Fleet, secret: str) -> None:
    """Somebody who took it over has no key of the store, and knows no target of the alarms."""
    node, name = task(followed, "status")
    path = f"/run/secrets/{secret}"
    assert node.docker("exec", name, "cat", path)
    become = ("setpriv", "--reuid=33", "--regid=33", "--clear-groups")
    with pytest.raises(AssertionError, match="Permission denied"):
        node.docker("exec", name, *become, "cat", path)


@pytest.mark.parametrize(("service", "program", "setting"), STOPPED)
def test_file_without_a_secret_stops_the_program(
    followed: Fleet, service: str, program: str, setting: str
) -> None:
    """Before it does anything, by one line: what the second file lacks goes nowhere unencrypted."""
    node, name = task(followed, service)
    result = subprocess.run(
        ["docker", "exec", node.container,
         "docker", "exec", f"--env={setting}=/nowhere", name, "sh", "-c", program],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 2
    (line,) = result.stdout.splitlines()
    assert f"{setting}: " in line
    assert "/nowhere" in line


@pytest.mark.parametrize("name", NEEDED)
def test_without_a_setting_nothing_is_deployed(fleet: Fleet, name: str) -> None:
    """And the complaint names it, and this page."""
    settings = fleet.checkout.path / "lacking.env"
    lines = (fleet.checkout.path / "db7.env").read_text().splitlines(keepends=True)
    settings.write_text("".join(line for line in lines if not line.startswith(f"{name}=")))
    command = command_of_the_page("stack deploy").replace("db7.env", "lacking.env")
    result = subprocess.run(
        ["docker", "exec", "--workdir", str(fleet.checkout.path), fleet.swarm.manager.container,
         "bash", "-c", command], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode != 0
    assert f"required variable {name} is missing a value: see {PAGE}" in result.stderr
