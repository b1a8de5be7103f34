"""A MariaDB server with a database that has one of everything, and folders for its dumps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from datadump.settings.pipelines import Pipeline, read_pipeline
from datadump.settings.store import StoreAccess, read_store
from support.mariadb import Server, running_server
from support.programs import Workplace
from support.shop import DATABASE, ODDITIES, dump_settings, make_account, rights
from support.store import Store


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The machine's own MariaDB."""
    with running_server(tmp_path_factory.mktemp("mariadb")) as server:
        server.load(ODDITIES.encode(), DATABASE)
        yield server


Grant = Callable[..., None]


@pytest.fixture
def grant(server: Server) -> Iterator[Grant]:
    """Make the account anew with exactly these GRANTs."""

    def make(*grants: str) -> None:
        make_account(server, grants)

    make(*rights(server))
    yield make
    server.query("DROP USER IF EXISTS backup@'%'")


@pytest.fixture
def dumps(
    tmp_path: Path,
    server: Server,
    grant: Grant,  # noqa: ARG001 - makes the account
) -> Workplace:
    """Folders and settings for the dump script, and an account with just the rights it needs."""
    settings = dump_settings(server, tmp_path / "password")
    return Workplace(tmp_path / "work", settings | {"DB_EXCLUDE": "*"})  # those of other tests


@pytest.fixture
def access(
    uploads: Workplace, store: Store, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> StoreAccess:
    """What connects to the bucket, which is there."""
    store.client().create_bucket(Bucket=bucket)
    if store.certificate:
        monkeypatch.setenv("AWS_CA_BUNDLE", str(store.certificate.path))
    return read_store(uploads.environment())._replace(endpoint_url=store.endpoint_url)


@pytest.fixture
def pipeline(uploads: Workplace) -> Pipeline:
    """Whose backups are in the bucket."""
    return read_pipeline(uploads.environment())
