"""A MariaDB server with a database that has one of everything, and folders for its dumps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.mariadb import Server, running_server
from support.programs import Workplace
from support.shop import DATABASE, ODDITIES, PASSWORD, rights


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
        server.query("CREATE OR REPLACE USER backup@'%'")
        server.query(f"SET PASSWORD FOR backup@'%' = PASSWORD('{sql_escape(PASSWORD)}')")
        for text in grants:
            server.query(f"GRANT {text} TO backup@'%'")

    make(*rights(server))
    yield make
    server.query("DROP USER IF EXISTS backup@'%'")


def sql_escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")


@pytest.fixture
def dumps(
    tmp_path: Path,
    server: Server,
    grant: Grant,  # noqa: ARG001 - makes the account
) -> Workplace:
    """Folders and settings for the dump script, and an account with just the rights it needs."""
    password = tmp_path / "password"
    password.write_text(PASSWORD + "\n")
    settings = {
        "DB_HOST": "127.0.0.1",
        "DB_PORT": str(server.port),
        "DB_USER": "backup",
        "DB_NAME": DATABASE,
        "DB_PASSWORD_FILE": str(password),
    }
    # Before 11.4 a server has no certificate unless it is given one.
    if server.query("SHOW VARIABLES LIKE 'have_ssl'")[0][1] != "YES":
        settings["DB_TLS"] = "off"
    return Workplace(tmp_path / "work", settings)
