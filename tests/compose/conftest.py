"""The stack, up once for all tests here, by the command that a new user runs."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from support.compose import Checkout
from support.mariadb import Server, running_server

LOOK = ("exec", "-T", "watch", "python3", "/scripts/watch.py")


@dataclass
class Stack:
    """A checkout whose stack is up, and what quickstart.sh said and took."""

    checkout: Checkout
    quickstart: subprocess.CompletedProcess[str]


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Started by quickstart.sh, and gone afterwards with its volumes."""
    checkout = Checkout.make(tmp_path_factory.mktemp("home") / "clone")
    try:
        yield Stack(checkout, checkout.run("scripts/quickstart.sh"))
    finally:
        checkout.write_settings()
        checkout.compose("--profile", "*", "down", "--volumes", "--timeout", "5")


@pytest.fixture
def clone(stack: Stack) -> Iterator[Checkout]:
    """The running checkout; its settings are the defaults before and after the test."""
    yield stack.checkout
    if (stack.checkout.path / ".env").exists():
        (stack.checkout.path / ".env").unlink()
        stack.checkout.compose("up", "--detach", "--no-deps", "send-to-s3")


@pytest.fixture
def backed_up(clone: Checkout) -> Iterator[Checkout]:
    """With a backup of just now; the store runs afterwards."""
    clone.compose("run", "--rm", "dump")
    clone.tick()
    yield clone
    clone.compose("up", "--detach", "--wait", "s3")


@pytest.fixture(scope="session")
def empty_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The machine's own MariaDB, to load dumps into."""
    with running_server(tmp_path_factory.mktemp("mariadb")) as server:
        yield server
