"""What would end a restore badly is told before its first statement; --check changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from support.mariadb import Server, contents, quoted, running_server
from support.programs import Workplace, today
from support.restoring import back_up, make_restorer, workplace
from support.shop import DATABASE, ODDITIES, make_account, rights
from support.store import Store

ALL = [
    *("SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "REFERENCES", "INDEX", "ALTER"),
    *("LOCK TABLES", "CREATE VIEW", "SHOW VIEW", "CREATE ROUTINE", "ALTER ROUTINE", "EVENT"),
    "TRIGGER",
]
# Those that the restore of the shop over itself takes, at the database and those beside it.
NEEDED = sorted(set(ALL) - {"UPDATE", "DELETE", "REFERENCES", "INDEX"})
MODES = (["--overwrite"], ["--overwrite", "--check"])
KEY = f"{today()}/datadump1.sql"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that writes a binary log, and trusts whoever makes a function."""
    options = ("--log-bin", "--log-bin-trust-function-creators=1", "--server-id=1")
    with running_server(tmp_path_factory.mktemp("check"), *options) as server:
        server.load(ODDITIES.encode(), DATABASE)
        make_account(server, rights(server))
        yield server


@pytest.fixture(scope="module")
def backed_up(server: Server, store: Store, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A bucket with a backup, to which no test adds one."""
    name = "looked-at"
    back_up(workplace(tmp_path_factory.mktemp(name) / "work", server, store, name))
    return name


@pytest.fixture
def work(tmp_path: Path, server: Server, store: Store, backed_up: str) -> Iterator[Workplace]:
    """The database is as it is in the backup, and the account has its rights."""
    server.load(ODDITIES.encode(), DATABASE)
    make_restorer(server, DATABASE)
    yield workplace(tmp_path / "work", server, store, backed_up)
    for (name,) in server.query(f"SHOW DATABASES LIKE '{DATABASE}\\_%'"):
        server.query(f"DROP DATABASE {quoted(name)}")


def in_a_bucket_of_its_own(work: Workplace, bucket: str) -> None:
    """For a test that takes another backup."""
    credentials = Path(work.settings["CREDENTIALS_FILE"])
    keys = credentials.read_text().splitlines()[:2]
    credentials.write_text("\n".join([*keys, bucket]) + "\n")
    back_up(work)


def refused(work: Workplace, server: Server, *words: str) -> str:
    """What it says; nothing has changed."""
    before, databases = contents(server, DATABASE), server.query("SHOW DATABASES")
    lines = work.messages()
    result = work.restore("latest", *words)
    assert result.returncode == 1
    assert contents(server, DATABASE) == before
    assert server.query("SHOW DATABASES") == databases
    if "--check" in words:
        assert work.messages() == lines
        start = "this restore would fail: "
        (line,) = [line for line in result.stdout.splitlines() if line.startswith(start)]
    else:
        start, line = "restore failed: ", work.messages()[-1]
    assert line.endswith(f"; {DATABASE} is as it was")
    return line.removeprefix(start)


@pytest.mark.parametrize("right", NEEDED)
def test_each_right_that_is_missing_is_told_by_its_name(
    work: Workplace, server: Server, right: str
) -> None:
    for database in (DATABASE, f"{DATABASE}\\_%"):
        server.query(f"REVOKE ALL PRIVILEGES ON {quoted(database)}.* FROM restore@'%'")
        others = ", ".join(one for one in ALL if one != right)
        server.query(f"GRANT {others} ON {quoted(database)}.* TO restore@'%'")
    assert right in refused(work, server, "--overwrite")


@pytest.mark.parametrize("mode", MODES, ids=" ".join)
def test_missing_set_user_is_told_with_what_it_is_for(
    work: Workplace, server: Server, mode: list[str]
) -> None:
    """It would show when all is loaded."""
    server.query("REVOKE SET USER ON *.* FROM restore@'%'")
    said = refused(work, server, *mode)
    assert said.startswith("the account restore lacks SET USER (for ")
    assert "which belongs to root@localhost" in said


def test_server_that_trusts_no_function_is_told_with_the_remedy(
    work: Workplace, server: Server
) -> None:
    server.query("SET GLOBAL log_bin_trust_function_creators = 0")
    try:
        said = refused(work, server, "--overwrite")
    finally:
        server.query("SET GLOBAL log_bin_trust_function_creators = 1")
    assert "SET GLOBAL log_bin_trust_function_creators = 1" in said


def test_statement_that_the_server_will_not_take_is_told_with_both_sizes(
    work: Workplace, server: Server, bucket: str
) -> None:
    """It would end the connection amid the load."""
    server.query("CREATE TABLE large (v LONGTEXT)", DATABASE)
    server.query("INSERT INTO large VALUES (REPEAT('x', 3000000))", DATABASE)
    in_a_bucket_of_its_own(work, bucket)
    server.query("SET GLOBAL max_allowed_packet = 1048576")
    try:
        said = refused(work, server, "--overwrite")
    finally:
        server.query("SET GLOBAL max_allowed_packet = 67108864")
    assert said.startswith(
        "the dump has a statement of 2.9 MiB, and the server's max_allowed_packet is"
    )
    assert "SET GLOBAL max_allowed_packet = 3145728 lets it in" in said


def test_who_holds_the_tables_is_told_before_the_load(work: Workplace, server: Server) -> None:
    """By connection, user and host, where the account may see that."""
    with closing(server.connect(DATABASE)) as connection:
        connection.autocommit(False)
        cursor = connection.cursor()
        cursor.execute("SELECT CONNECTION_ID() FROM parent")
        number = cursor.fetchall()[0][0]
        result = work.restore("latest", "--overwrite", "--check")
    assert result.returncode == 0
    (line,) = [line for line in result.stdout.splitlines() if "in use by" in line]
    assert line.startswith(
        f"warning: tables of {DATABASE} are in use by connection {number} of root@localhost, for "
    )
    assert line.endswith("the exchange waits 30 seconds for them")
    last = f"nothing but the above stands in the way of {KEY} into {DATABASE}"
    assert result.stdout.splitlines()[-1] == last


@pytest.mark.parametrize(
    "words",
    [["--overwrite"], ["--into", "shop_look"], ["--table", "child", "--overwrite"]],
    ids=" ".join,
)
def test_nothing_in_the_way_is_said_and_nothing_changes(
    work: Workplace, server: Server, words: list[str]
) -> None:
    """What was fetched stays: the restore itself doesn't fetch it again."""
    before, databases = contents(server, DATABASE), server.query("SHOW DATABASES")
    lines = work.messages()
    result = work.restore("latest", *words, "--check")
    target = "shop_look" if "--into" in words else DATABASE
    assert result.returncode == 0, result.stdout
    assert result.stdout.splitlines()[-1] == f"nothing stands in the way of {KEY} into {target}"
    assert (contents(server, DATABASE), server.query("SHOW DATABASES")) == (before, databases)
    assert work.messages() == lines
    (part,) = work.scratch.glob("*.part")
    modified = part.stat().st_mtime_ns
    assert work.restore("latest", *words, "--check").returncode == 0
    assert part.stat().st_mtime_ns == modified


def test_view_that_will_be_left_out_is_told_and_stops_nothing(
    work: Workplace, server: Server, bucket: str
) -> None:
    server.load(b"CREATE TABLE t (id INT);\n", "other")
    server.query("GRANT SELECT ON other.* TO backup@'%'")
    server.query("CREATE VIEW reads_other AS SELECT id FROM other.t", DATABASE)
    in_a_bucket_of_its_own(work, bucket)
    result = work.restore("latest", "--overwrite", "--check")
    assert result.returncode == 0
    assert "warning: view reads_other reads other.t, on which this account has no right" in (
        result.stdout
    )
    server.query("DROP DATABASE other")


def test_table_that_the_dump_lacks_is_told(work: Workplace, server: Server) -> None:
    said = refused(work, server, "--table", "Child", "--check")
    assert said.startswith("the dump has no table Child; it has child; ")


def test_what_the_two_lack_of_each_other_is_told(work: Workplace, server: Server) -> None:
    """So a person sees which tables are gone, and which a restore would set aside."""
    server.query("DROP TABLE past", DATABASE)
    server.query("CREATE TABLE newer (id INT)", DATABASE)
    result = work.restore("latest", "--overwrite", "--check")
    for line in (
        f"{DATABASE} lacks, and the dump has: table past",
        f"{DATABASE} has, and the dump lacks: table newer",
    ):
        assert line in result.stdout.splitlines()
    server.query(f"DROP DATABASE {DATABASE}")
    result = work.restore("latest", "--check")
    assert f"it goes to {DATABASE}, which is empty, or isn't there" in result.stdout.splitlines()
