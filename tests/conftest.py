"""Fixtures of all suites."""

from __future__ import annotations

import secrets
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest
from support.programs import Workplace
from support.proxy import Proxy, running_proxy
from support.store import STORES, Store, running_store, uploader_workplace


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the fault suite."""
    parser.addoption("--rounds", type=int, default=15, help="rounds of chance (default: 15)")
    parser.addoption(
        "--seed", default=f"{secrets.randbits(32):x}", help="seed of the rounds (default: random)"
    )
    parser.addoption("--all-stores", action="store_true", help="each test with each of the four")
    parser.addoption("--mebibytes", type=int, default=100, help="of the upload that is killed")
    parser.addoption("--kills", type=int, default=2, help="of that upload")


Stores = Callable[[str], Store]


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """Each of STORES by its name, started when it is first asked for."""
    with ExitStack() as running:

        @cache
        def start(name: str) -> Store:
            return running.enter_context(running_store(name, tmp_path_factory.mktemp(name)))

        yield start


# Where the suite was started in the background or by nohup, these are ignored, and so they would be
# by all that is started here: what is handled, unlike what is ignored, is not inherited.
signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, lambda *_: None)

BOTH = {"seaweedfs-http", "ministack-https"}  # each server and each scheme once


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without --all-stores, a test runs with one store of each kind; the rounds have all four."""
    if not config.getoption("all_stores"):
        items[:] = [item for item in items if store_of(item) in {*BOTH, None}]


def store_of(item: pytest.Item) -> str | None:
    callspec = getattr(item, "callspec", None)
    return callspec.params.get("store") if callspec else None


@pytest.fixture(scope="session", params=STORES)
def store(request: pytest.FixtureRequest, stores: Stores) -> Store:
    """An S3 server for the session; every test has a bucket of its own there."""
    return stores(request.param)


@pytest.fixture
def bucket(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A bucket's name that no other test uses; nobody has made it yet."""
    return f"b-{abs(hash((request.node.nodeid, str(tmp_path)))):x}"


@pytest.fixture
def uploads(tmp_path: Path, store: Store, bucket: str) -> Workplace:
    """Folders and settings for the uploader."""
    return uploader_workplace(tmp_path / "work", store, bucket)


@pytest.fixture
def proxy(store: Store, uploads: Workplace) -> Iterator[Proxy]:
    """The uploader's way to the store leads through it."""
    with running_proxy(store) as proxy:
        uploads.settings["AWS_ENDPOINT_URL_S3"] = proxy.url
        yield proxy
