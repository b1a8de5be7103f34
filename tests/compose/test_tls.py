"""DB_TLS in the images: MariaDB 11.8's client, and MySQLdb with a library of the same age."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.certificates import make_certificates
from support.compose import Checkout
from support.waiting import wait_for

from .conftest import Stack

NAME = "db.test"
# Of a server, by its certificate. Its own clients, which set it up, know no other name of it than
# localhost, and no authority.
OPTIONS = {
    "by a CA": (
        "[client]\nskip-ssl\n[mariadbd]\nssl-cert=/keys/server.pem\nssl-key=/keys/server.key\n"
    ),
    "self-signed": "",
    "no TLS": "[client-server]\nskip-ssl\n",
}
PLAIN = {"MySQLdb": "", "mariadb": "", "mariadb-dump": "dumped"}
# Run in the restore's container: the cipher of each connection, or why there is none. What cipher
# mariadb-dump has it doesn't tell: it dumps.
PROGRAM = """
import json, subprocess, sys
sys.path.insert(0, "/scripts")
from datadump.mariadb.complaints import ServerError
from datadump.mariadb.server import Server

OPTIONS = ["bash", "/scripts/common/database_client.sh", "RESTORE_USER", "RESTORE_PASSWORD_FILE"]
STATUS = "information_schema.SESSION_STATUS WHERE VARIABLE_NAME = 'Ssl_cipher'"
CIPHER = f"SELECT VARIABLE_VALUE FROM {STATUS}"
server = Server(subprocess.run(OPTIONS, stdout=subprocess.PIPE, check=True).stdout)

def by_query():
    return server.query(CIPHER)[0][0]

def by_load():
    server.load([f"CREATE OR REPLACE TABLE cipher AS {CIPHER};".encode()], "FACULDADE")
    return server.query("SELECT * FROM FACULDADE.cipher")[0][0]

def by_dump():
    with server.dump("FACULDADE") as stream:
        return "dumped" if b"Dump completed" in stream.read() else "cut short"

def outcome(way):
    try:
        return way()
    except ServerError as error:
        return f"refused: {error}"

ways = {"MySQLdb": by_query, "mariadb": by_load, "mariadb-dump": by_dump}
print(json.dumps({name: outcome(way) for name, way in ways.items()}))
"""


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates for the server."""
    folder = tmp_path_factory.mktemp("tls") / "keys"
    make_certificates(folder, f"DNS:{NAME}")
    for path in (folder, *folder.iterdir()):
        path.chmod(0o755)
    for parent in folder.parents:
        parent.chmod(parent.stat().st_mode | 0o055)
    return folder


@pytest.fixture(scope="module", params=OPTIONS)
def server(request: pytest.FixtureRequest, stack: Stack, keys: Path) -> Iterator[str]:
    """A server in the database's network, by the kind of its certificate."""
    options = keys / "options.cnf"
    options.write_text(OPTIONS[request.param])
    options.chmod(0o644)
    password = (stack.checkout.path / "db_data/sample_restore_password.txt").read_text().strip()
    started = subprocess.run(
        ["docker", "run", "--detach", "--rm", "--network=clone_database", f"--network-alias={NAME}",
         f"--volume={keys}:/keys:ro", f"--volume={options}:/etc/mysql/conf.d/options.cnf:ro",
         "--env=MARIADB_ROOT_PASSWORD=x", "--env=MARIADB_USER=restore",
         f"--env=MARIADB_PASSWORD={password}", "--env=MARIADB_DATABASE=FACULDADE", "mariadb:11.8"],
        check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    container = started.stdout.strip()
    ping = ["docker", "exec", container, "mariadb-admin", "--skip-ssl", "--protocol=tcp",
            "--user=restore", f"--password={password}", "ping"]  # fmt: skip
    try:
        wait_for(
            "the server answers",
            lambda: subprocess.run(ping, capture_output=True, check=False).returncode == 0,
            60,
        )
        yield request.param
    finally:
        subprocess.run(["docker", "rm", "--force", container], check=True, capture_output=True)


@pytest.mark.parametrize("tls", ["auto", "off", "verify", "verify by another CA"])
def test_all_connections_follow_one_rule_of_tls(
    clone: Checkout, server: str, keys: Path, tls: str
) -> None:
    """What is refused is refused to all, and what is encrypted to one is to all."""
    mode, _, other = tls.partition(" by ")
    found = outcomes(clone, mode, keys / ("other.pem" if other else "ca.pem"))
    if tls == "off":
        assert found == PLAIN
    elif (tls == "auto" and server != "no TLS") or (tls == "verify" and server == "by a CA"):
        assert found["MySQLdb"] == found["mariadb"] != ""
        assert not found["MySQLdb"].startswith("refused")
        assert found["mariadb-dump"] == "dumped"
    else:
        assert all(outcome.startswith("refused: ") for outcome in found.values()), found
        assert all("SSL" in outcome for outcome in found.values()), found


def outcomes(clone: Checkout, tls: str, ca: Path) -> dict[str, Any]:
    """Of each kind of connection."""
    told: dict[str, Any] = json.loads(
        clone.compose(
            "run", "--rm", "-T", "--no-deps", "--entrypoint", "python3", "restore", "-c", PROGRAM,
            DB_HOST=NAME, DB_TLS=tls, DB_TLS_CA=str(ca) if tls == "verify" else "",
        )
    )  # fmt: skip
    return told
