"""Nothing that a server says or asks for runs a command here, or takes what isn't its own.

And nothing in between: all connections, whichever client makes them, follow the same rule of TLS.

The servers that mean harm are stand-ins (support.hostile_server): no real one does these things.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from datadump.mariadb.complaints import ServerError
from datadump.mariadb.server import Server as Client
from support.certificates import make_certificates, server_options
from support.hostile_server import HostileServer, Rows, hostile_server
from support.mariadb import Server, running_server
from support.programs import SCRIPTS, Workplace
from support.shop import DATABASE, PASSWORD

VERSION = "11.8.2-MariaDB"
SIGNATURE = 64  # bytes of one by Ed25519
GRANTS: dict[str, Rows] = {
    "SHOW GRANTS": [(f"GRANT ALL PRIVILEGES ON `{DATABASE}`.* TO `backup`@`%`",)]
}


@pytest.fixture
def work(tmp_path: Path) -> Workplace:
    """Settings of both sides but for the port."""
    password = tmp_path / "password"
    password.write_text(PASSWORD)
    names = {"DB_HOST": "127.0.0.1", "DB_USER": "backup", "DB_NAME": DATABASE, "DB_TLS": "off"}
    files = {"DB_PASSWORD_FILE": str(password), "RESTORE_PASSWORD_FILE": str(password)}
    return Workplace(tmp_path / "work", names | files)


def client(work: Workplace, port: str, **settings: str) -> Client:
    """What the restore has."""
    made = subprocess.run(
        ["bash", SCRIPTS / "common/database_client.sh", "RESTORE_USER", "RESTORE_PASSWORD_FILE"],
        env=work.environment(DB_PORT=port, **settings), stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    return Client(made.stdout)


def ask(client: Client) -> None:
    client.query("SELECT 1")


def load(client: Client) -> None:
    client.load([b"SELECT 1;\n"], DATABASE)


def dump(client: Client) -> None:
    with client.dump(DATABASE) as stream:
        stream.read()


def load_a_file(client: Client) -> None:
    """After this the real client would answer a request for a file, unless it was told not to."""
    client.load([b"LOAD DATA LOCAL INFILE '/tmp/x' INTO TABLE t;\n"], DATABASE)


CONNECTIONS = {"MySQLdb": ask, "mariadb": load, "mariadb-dump": dump}
every_connection = pytest.mark.parametrize("use", CONNECTIONS.values(), ids=CONNECTIONS)
Use = Callable[[Client], None]


@pytest.mark.parametrize(
    ("fold_case", "charset", "collation"),
    [
        ("BASH_VERSINFO[$({})0]", "utf8mb4", "utf8mb4_bin"),
        ("1 + BASH_VERSINFO[$({})0]", "utf8mb4", "utf8mb4_bin"),
        ("2", "utf8mb4", "utf8mb4_bin"),
        ("", "utf8mb4", "utf8mb4_bin"),
        ("0", "utf8mb4; DROP DATABASE mysql", "utf8mb4_bin"),
        ("0", "utf8mb4", "utf8mb4_bin; DROP DATABASE mysql"),
        ("0", "utf8mb4", ""),
    ],
)
def test_text_of_a_server_is_no_command(
    work: Workplace, tmp_path: Path, fold_case: str, charset: str, collation: str
) -> None:
    """Neither of the shell, which evaluates the subscripts in its sums, nor of SQL in the dump."""
    mark = tmp_path / "run"
    answer = (VERSION, fold_case.format(f"touch {mark}"), charset, collation)
    with hostile_server({"SELECT VERSION()": [answer], **GRANTS}) as server:
        assert work.dump(DB_PORT=server.port).returncode == 1
    assert not mark.exists()
    (message,) = work.messages()
    assert message.startswith("database dump failed: the server says ")
    assert work.files() == {}


def test_names_of_a_server_are_no_commands(work: Workplace, tmp_path: Path) -> None:
    """Those of rights and accounts, and of what it warns of."""
    mark = tmp_path / "run"
    text = f"BASH_VERSINFO[$(touch {mark})0]"
    answers: dict[str, Rows] = {
        "SELECT VERSION()": [(f"11.8.2-MariaDB-{text}", "1", "utf8mb4", "utf8mb4_bin")],
        "SHOW GRANTS": [(f"GRANT {text} ON `{text}`.* TO `{text}`",), *GRANTS["SHOW GRANTS"]],
        "SCHEMATA": [("0",), (text,), (f"../{text}",), ("@",), ("*",)],
        "ENGINES": [(text,)],
        "EVENTS": [(text,)],
    }
    with hostile_server(answers) as server:
        assert work.dump(DB_PORT=server.port).returncode == 1
        assert work.dump(DB_PORT=server.port, DB_NAMES="*").returncode == 1
    assert "never ends on an event" in work.messages()[1]
    assert not mark.exists()
    assert {path.parent for path in tmp_path.rglob("*_lock")} <= {
        work.dumps, *(path for path in work.dumps.iterdir() if path.is_dir()),
    }  # fmt: skip


@pytest.mark.parametrize(
    "use", [*CONNECTIONS.values(), load_a_file], ids=[*CONNECTIONS, "LOAD DATA"]
)
def test_server_that_asks_for_a_file_gets_none(work: Workplace, tmp_path: Path, use: Use) -> None:
    """In answer to any query."""
    secret = tmp_path / "secret"
    secret.write_text("of the host")
    with hostile_server(wanted_file=str(secret)) as server:
        victim = client(work, server.port)
        with pytest.raises(ServerError):
            use(victim)
    assert server.queries != []
    assert server.received == []


def test_dump_that_loads_a_file_of_the_host_reads_none(server: Server, tmp_path: Path) -> None:
    """By a real server, which asks for the file that the statement names."""
    secret = tmp_path / "secret"
    secret.write_text("of the host")
    server.query("CREATE OR REPLACE DATABASE gullible")
    server.query("CREATE TABLE t (a TEXT)", "gullible")
    statement = f"LOAD DATA LOCAL INFILE '{secret}' INTO TABLE t;\n"
    victim = Client(f"[client]\nsocket={server.socket}\nuser=root\n".encode())
    try:
        with pytest.raises(ServerError, match="command is not allowed"):
            victim.load([statement.encode()], "gullible")
        assert server.query("SELECT * FROM t", "gullible") == []
    finally:
        server.query("DROP DATABASE gullible")


@every_connection
def test_verified_connection_never_falls_back_to_plain_text(
    work: Workplace, tmp_path: Path, use: Use
) -> None:
    """Where the server offers no TLS: somebody in between may have taken the offer away."""
    ca = tmp_path / "ca.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=ca",
         "-keyout", "/dev/null", "-out", str(ca)], check=True, capture_output=True,
    )  # fmt: skip
    with hostile_server() as server:
        victim = client(work, server.port, DB_TLS="verify", DB_TLS_CA=str(ca))
        with pytest.raises(ServerError, match="SSL is required"):
            use(victim)
    assert server.queries == []
    assert sent(server) == b""


@pytest.mark.parametrize("plugin", ["mysql_clear_password", "dialog"])
def test_password_never_goes_out_in_clear(work: Workplace, plugin: str) -> None:
    """To a server that asks for it so. Both plugins send it as it is."""
    with (
        hostile_server({"SELECT 1": [("1",)]}, wanted_plugin=plugin) as server,
        pytest.raises(ServerError, match="restricted_auth"),
    ):
        ask(client(work, server.port))
    assert PASSWORD.encode() not in sent(server)


def sent(server: HostileServer) -> bytes:
    """What clients sent to be let in."""
    return b"".join(server.logins)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates") / "keys"
    make_certificates(folder)
    return folder


@pytest.fixture(scope="module", params=["with TLS", "without TLS"])
def remote(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, certificates: Path
) -> Iterator[Server]:
    """A server with two accounts: ``anyone``, and ``secret`` by an encrypted connection only."""
    options = server_options(certificates) if request.param == "with TLS" else ["--skip-ssl"]
    with running_server(tmp_path_factory.mktemp("remote"), *options) as remote:
        remote.query(f"CREATE DATABASE {DATABASE}")
        for name, requirement in ("anyone", ""), ("secret", "REQUIRE SSL"):
            remote.query(f"CREATE USER {name}@'%' IDENTIFIED BY 'x' {requirement}")
            remote.query(f"GRANT ALL ON *.* TO {name}@'%'")
        yield remote


@pytest.mark.parametrize("settings", ["off", "auto", "verify", "verify by another CA"])
def test_all_connections_follow_one_rule_of_tls(
    work: Workplace, remote: Server, certificates: Path, settings: str
) -> None:
    """``auto`` is what this machine's client does unasked, and no connection is another's."""
    tls, _, other = settings.partition(" by ")
    Path(work.settings["RESTORE_PASSWORD_FILE"]).write_text("x")
    work.settings |= {
        "DB_TLS": tls,
        "DB_TLS_CA": str(certificates / ("other.pem" if other else "ca.pem")),
    }
    ways = {name: way(work, remote, use) for name, use in CONNECTIONS.items()}
    assert len(set(ways.values())) == 1, ways
    ((offered,),) = remote.query("SELECT @@have_ssl")
    expected = {
        "off": "plain",
        "auto": way_of_the_bare_client(remote),
        "verify": "encrypted" if offered == "YES" else "refused",
        "verify by another CA": "refused",
    }
    assert ways["MySQLdb"] == expected[settings]


def way(work: Workplace, remote: Server, use: Use) -> str:
    """How a connection came about, if it did."""
    for name, found in ("secret", "encrypted"), ("anyone", "plain"):
        with suppress(ServerError):
            use(client(work, str(remote.port), RESTORE_USER=name))
            return found
    return "refused"


def way_of_the_bare_client(remote: Server) -> str:
    """Without an option file."""
    for name, found in ("secret", "encrypted"), ("anyone", "plain"):
        connected = subprocess.run(
            ["mariadb", "--no-defaults", "--protocol=tcp", "--host=127.0.0.1", "--password=x",
             f"--port={remote.port}", f"--user={name}", "--execute=SELECT 1"],
            capture_output=True, check=False,
        )  # fmt: skip
        if connected.returncode == 0:
            return found
    return "refused"


def test_password_may_be_proven_in_newer_ways(work: Workplace) -> None:
    """What is refused are plugins that give the password away, not all but the oldest."""
    with (
        hostile_server(wanted_plugin="client_ed25519") as server,
        suppress(ServerError),  # by a signature, which the server ought to have checked
    ):
        ask(client(work, server.port))
    assert len(server.logins[-1]) == SIGNATURE


TABLE = b"CREATE OR REPLACE TABLE t (id INT PRIMARY KEY, note VARCHAR(99) UNIQUE);\n"
POSE = "secret\nERROR 1049 (42000) at line 1: secret"
ERRORS = {
    "duplicate": ("INSERT INTO t VALUES (1, 'secret'), (2, 'secret')", 1062, "Duplicate entry '…'"),
    "value": ("INSERT INTO t VALUES ('secret', 'x')", 1366, "Incorrect integer value: '…' for"),
    "syntax": ("INSERT INTO t VALUES (1, secret secret)", 1064, "You have an error"),
    "cut short": (f"INSERT INTO t VALUES (1, 'x' '{'secret' * 99}", 1064, "You have an error"),
    "signal": ("SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'secret'", 1644, "…"),
    "pose": (f"INSERT INTO t VALUES (1, '{POSE}'), (2, '{POSE}')", 0, "…"),
    "names": ("SELECT * FROM absent", 1146, "Table 'leaky.absent' doesn't exist"),
    "column": ("INSERT INTO t (absent) VALUES ('secret')", 1054, "Unknown column 'absent' in"),
}


@pytest.fixture
def account(server: Server) -> Client:
    """Root, in a database with one table."""
    server.query("CREATE OR REPLACE DATABASE leaky")
    server.load(TABLE, "leaky")
    options = f"[client]\nsocket={server.socket}\nuser=root\ndatabase=leaky\n"
    return Client(options.encode())


@pytest.mark.parametrize("by", ["mariadb", "MySQLdb"])
@pytest.mark.parametrize("name", ERRORS)
def test_errors_tell_no_data(account: Client, name: str, by: str) -> None:
    """Their numbers stay, and what they say of any row; names are no data."""
    statement, number, text = ERRORS[name]
    run: dict[str, Callable[[], object]] = {
        "mariadb": lambda: account.load([statement.encode(), b";\n"], "leaky"),
        "MySQLdb": lambda: account.query(statement, sql_mode="STRICT_ALL_TABLES"),
    }
    with pytest.raises(ServerError) as told:
        run[by]()
    assert "secret" not in str(told.value)
    assert str(told.value).startswith(f"ERROR {number or ''}")
    assert name == "pose" or text in str(told.value)


def test_error_of_a_dump_names_what_cannot_be_dumped(account: Client, server: Server) -> None:
    """Whatever mariadb-dump makes of it."""
    server.query("CREATE VIEW v AS SELECT * FROM t", "leaky")
    server.query("DROP TABLE t", "leaky")
    with (
        pytest.raises(ServerError, match=r"1356.*View 'leaky.v' references invalid"),
        account.dump("leaky") as stream,
    ):
        stream.read()
