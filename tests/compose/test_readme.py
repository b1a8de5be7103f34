"""Every command of the pages works as it stands there, and so do their figures of the stack."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest
from support.compose import Checkout
from support.pages import blocks, pages, rows_of
from support.waiting import wait_for

UPLOADED = "file successfully uploaded"
BYTES = {"MB": 1024**2, "GB": 1024**3}  # as Docker counts
# quickstart.sh starts the stack that all tests here use; tests/run is what runs them.
TRIED_ELSEWHERE = {
    "docker compose up",
    "scripts/quickstart.sh",
    "docker compose run --rm restore latest",
    "tests/run",
    "tests/run way_back faults swarm kubernetes sbom",
    "tests/run lint unit",
    "tests/run faults --rounds 1000 --seed 2026",
    'tests/run faults --mebibytes 2048 --kills 10 -k "killed_upload_goes_on and seaweedfs-http"',
}
# Of other engines than compose: tests/swarm runs those of its page.
PAGES_TRIED_ELSEWHERE = {"dockerfiles/swarm/README.md"}


def commands() -> list[str]:
    """The lines of the sh blocks of all other pages, each once."""
    here = [page for page in pages() if page not in PAGES_TRIED_ELSEWHERE]
    found = [block for page in here for block in blocks(page, "sh")]
    return list(dict.fromkeys("".join(found).splitlines()))


@pytest.mark.parametrize("command", [c for c in commands() if c not in TRIED_ELSEWHERE])
def test_command_of_a_page_ends_well(clone: Checkout, command: str) -> None:
    """With status 0, in the running stack."""
    result = clone.run("bash", "-c", command)
    assert result.returncode == 0, result.stdout + result.stderr


def test_commands_that_are_tried_elsewhere_stand_in_a_page() -> None:
    """Or nobody tries them for the pages' sake."""
    assert set(commands()) >= TRIED_ELSEWHERE


def test_memory_limits_of_the_page_are_those_of_the_stack(clone: Checkout) -> None:
    """Of each that has one."""
    table = [row for row in rows_of("dockerfiles/README.md") if len(row) == 2 and "B" in row[1]]
    config = json.loads(clone.compose("--profile", "*", "config", "--format", "json"))
    for name, limit in table:
        number, unit = limit.split()
        size = int(config["services"][name.strip("`")]["mem_limit"])
        assert size == int(number) * BYTES[unit], name
    assert table


def test_docker_compose_up_takes_a_dump_and_ends_with_ctrl_c(
    clone: Checkout, tmp_path: Path
) -> None:
    """From nothing to the object, as a new user watches it, and then cleanly down."""
    clone.compose("down", "--timeout", "5", "--volumes")
    told = tmp_path / "told"
    with told.open("w") as output:
        process = subprocess.Popen(
            ["docker", "compose", "up"], cwd=clone.path, stdout=output, stderr=output,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    try:
        wait_for("the dump is uploaded", lambda: UPLOADED in told.read_text(), 120)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=40)
    finally:
        process.kill()
    assert "database dump completed" in told.read_text()
    clone.compose("up", "--detach")
    wait_for("its dump", lambda: clone.container("dump")["State"]["Status"] == "exited")
