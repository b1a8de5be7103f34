"""A backup goes to no database that isn't its own unasked, nor does one without any table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.mariadb import Server, contents, running_server
from support.programs import Workplace, today
from support.restoring import back_up, make_restorer, workplace
from support.shop import DATABASE, ODDITIES, make_account, rights
from support.store import Store

OTHER = "crm"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """To this one, names that differ in the case of letters are one database's."""
    options = ("--lower-case-table-names=1",)
    with running_server(tmp_path_factory.mktemp("target"), *options) as server:
        server.load(ODDITIES.encode(), DATABASE)
        server.load(b"CREATE TABLE customers (id INT);\n", OTHER)
        make_account(server, [*rights(server), *rights(server, f"{OTHER}.*")])
        make_restorer(server, DATABASE, OTHER)
        yield server


@pytest.fixture
def work(tmp_path: Path, server: Server, store: Store, bucket: str) -> Iterator[Workplace]:
    yield workplace(tmp_path / "work", server, store, bucket)
    for (name,) in server.query("SHOW DATABASES"):
        if name.startswith(f"{DATABASE}_"):
            server.query(f"DROP DATABASE {name}")


@pytest.mark.parametrize("told", ["another's", "its own", "none"])
def test_dump_of_another_database_is_refused_whatever_its_object_says(
    work: Workplace, server: Server, store: Store, bucket: str, told: str
) -> None:
    """The dump's own head says it. By another name it goes where it is told to."""
    back_up(work, DB_NAME=OTHER)
    key = f"{today()}/datadump1.sql"
    metadata = store.metadata(bucket, key)
    changed = {"another's": metadata | {"database": DATABASE}, "its own": metadata, "none": {}}
    store.put(bucket, key, store.objects(bucket)[key], **changed[told])
    before = contents(server, DATABASE)
    result = work.restore(key, "--overwrite")
    assert result.returncode == 1
    says = "is" if told == "its own" else "says itself that it is"
    assert work.messages()[-1] == (
        f"restore failed: {key} {says} a backup of {OTHER}, not of {DATABASE}: --into says where "
        f"it is to go; {DATABASE} is as it was"
    )
    assert contents(server, DATABASE) == before
    assert work.restore(key, "--into", f"{DATABASE}_look").returncode == 0
    assert contents(server, f"{DATABASE}_look") == contents(server, OTHER)


def test_name_in_other_letters_is_its_own_where_the_server_says_so(
    work: Workplace, server: Server
) -> None:
    """As it does on other systems than Linux, and where it is set to."""
    back_up(work, DB_NAME=DATABASE.upper())
    before = contents(server, DATABASE)
    key = f"{today()}/datadump1.sql"
    assert work.restore(key, "--overwrite").returncode == 0, work.messages()
    assert contents(server, DATABASE) == before


def test_dump_without_a_table_replaces_none_unasked(
    work: Workplace, server: Server, store: Store, bucket: str
) -> None:
    """As that of a database which somebody emptied; and each replacement is announced."""
    server.load(b"CREATE VIEW alone AS SELECT 1 AS a;\n", DATABASE)
    back_up(work)
    key = f"{today()}/datadump1.sql"
    server.load(ODDITIES.encode(), DATABASE)
    before = contents(server, DATABASE)
    refused = work.restore("latest", "--overwrite")
    size = f"{len(store.objects(bucket)[key]) / 1024:.1f} KiB"
    announced = [
        f"the dump holds 0 tables and 1 other objects, 0 rows, {size} of SQL",
        f"it is to replace {DATABASE}, which holds 3 tables and 6 other objects",
    ]
    assert refused.stdout.splitlines()[:2] == announced
    assert refused.returncode == 1
    assert work.messages()[-1] == (
        f"restore failed: the dump holds no table, and {DATABASE} holds 3: if it is to be replaced "
        f"by that, say --even-if-empty; {DATABASE} is as it was"
    )
    assert contents(server, DATABASE) == before
    replaced = work.restore("latest", "--overwrite", "--even-if-empty")
    assert (replaced.returncode, replaced.stderr) == (0, "")
    assert replaced.stdout.splitlines()[:2] == announced
    assert server.query("SELECT a FROM alone", DATABASE) == [(1,)]


REFUSALS = {
    "the password": (
        {"RESTORE_PASSWORD_FILE": "{file}"},
        "ERROR 1045: Access denied for user 'restore'@",
        "(RESTORE_USER restore, with the password in RESTORE_PASSWORD_FILE {file})",
    ),
    "the looking account's password": (
        {"LOOK_USER": "restore", "LOOK_PASSWORD_FILE": "{file}"},
        "ERROR 1045: Access denied for user 'restore'@",
        "(LOOK_USER restore, with the password in LOOK_PASSWORD_FILE {file})",
    ),
    "the port": ({"DB_PORT": "1"}, "ERROR 2002: Can't connect", "(DB_HOST 127.0.0.1, DB_PORT 1)"),
    "the host": (
        {"DB_HOST": "nowhere.invalid"},
        "ERROR 2005: Unknown ",
        "(DB_HOST nowhere.invalid, DB_PORT {port})",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_connection_that_is_refused_names_the_settings_it_was_made_by(
    work: Workplace, server: Server, tmp_path: Path, name: str
) -> None:
    """After the server's own words."""
    back_up(work)
    file = tmp_path / "wrong"
    file.write_text("wrong\n")
    changes, error, remedy = REFUSALS[name]
    words = ["--into", f"{DATABASE}_look"] if "looking" in name else []
    settings = {setting: value.format(file=file) for setting, value in changes.items()}
    assert work.restore("latest", *words, **settings).returncode == 1
    message = work.messages()[-1]
    assert message.startswith(f"restore failed: {error}")
    assert message.endswith(remedy.format(file=file, port=server.port))
