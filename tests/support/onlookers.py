"""Who looks at what the stack shows: a browser, and a Prometheus, each in a container."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from support.programs import ROOT
from support.waiting import free_port, is_listening, wait_for


def docker(*arguments: str, text: str | None = None) -> str:
    """Run docker; returns what it prints. A failure shows all of it."""
    result = subprocess.run(
        ["docker", *arguments], input=text, text=True, capture_output=True, timeout=600, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout.strip()


def image_of(folder: str) -> str:
    """The image that the Dockerfile there makes."""
    return docker("build", "--quiet", "--file", f"{ROOT / folder}/Dockerfile", str(ROOT))


@contextmanager
def running(image: str, *command: str, options: tuple[str, ...] = ()) -> Iterator[str]:
    """A container as long as it is needed, by its name."""
    name = docker("run", "--detach", "--init", *options, image, *command)
    try:
        yield name
    finally:
        docker("rm", "--force", name)


@contextmanager
def page_server(folder: Path) -> Iterator[str]:
    """The status service over the files in that folder; yields its address."""
    options = ("--volume", f"{folder}:/status:ro", "--publish", "127.0.0.1::8080")
    with running(image_of("dockerfiles/status"), options=options) as name:
        address = docker("port", name, "8080")
        wait_for("it listens", lambda: is_listening(int(address.rpartition(":")[2])))
        yield f"http://{address}/"


@contextmanager
def browser() -> Iterator[Browser]:
    """Debian's Chromium, as nobody; it sees the loopback interface of this machine."""
    port = free_port()
    command = (
        "chromium-headless-shell", "--no-sandbox", "--hide-scrollbars",
        "--user-data-dir=/tmp/profile", f"--remote-debugging-port={port}", "about:blank",
    )  # fmt: skip
    image = image_of("tests/compose/onlookers")
    with (
        running(image, *command, options=("--network", "host")),
        sync_playwright() as playwright,
    ):
        wait_for("the browser listens", lambda: is_listening(port))
        yield playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}")
