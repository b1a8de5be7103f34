"""Fixtures of all suites."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.programs import Workplace
from support.proxy import Proxy, running_proxy
from support.store import ADMIN, Store, running_store


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the fault suite's rounds."""
    parser.addoption("--rounds", type=int, default=15, help="rounds of chance (default: 15)")
    parser.addoption(
        "--seed", default=f"{secrets.randbits(32):x}", help="seed of the rounds (default: random)"
    )


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One S3 server for the session; every test has a bucket of its own there."""
    with running_store(tmp_path_factory.mktemp("store") / "weed") as store:
        yield store


@pytest.fixture
def bucket(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A bucket's name that no other test uses; nobody has made it yet."""
    return f"b-{abs(hash((request.node.nodeid, str(tmp_path)))):x}"


@pytest.fixture
def uploads(tmp_path: Path, store: Store, bucket: str) -> Workplace:
    """Folders and settings for the uploader."""
    credentials = tmp_path / "credentials.txt"
    credentials.write_text(f"{ADMIN[0]}\n{ADMIN[1]}\n{bucket}\n")
    settings = {
        "CREDENTIALS_FILE": str(credentials),
        "AWS_ENDPOINT_URL_S3": store.endpoint_url,
        "DB_NAME": "FACULDADE",
    }
    return Workplace(tmp_path / "work", settings)


@pytest.fixture
def proxy(store: Store, uploads: Workplace) -> Iterator[Proxy]:
    """The uploader's way to the store leads through it."""
    with running_proxy(store.endpoint_url) as proxy:
        uploads.settings["AWS_ENDPOINT_URL_S3"] = proxy.url
        yield proxy
