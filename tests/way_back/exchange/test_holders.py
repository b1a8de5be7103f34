"""Who holds a database's tables is told at once, and nobody waits for the question."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import MySQLdb
import pytest
from datadump.exchange.holders import NO_PROCESS, holders
from datadump.mariadb.complaints import ServerError
from datadump.mariadb.objects import Schema
from datadump.mariadb.server import Server as Client
from support.mariadb import Server, running_server
from support.shop import DATABASE, ODDITIES
from support.waiting import wait_for

OTHER = "elsewhere"
# The server takes its list of transactions anew where nobody has read it for a tenth of a second.
UNREAD = 0.15
SEEING = ("SELECT, LOCK TABLES ON shop.*", "PROCESS ON *.*")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With an account of a program that uses the shop."""
    with running_server(tmp_path_factory.mktemp("holding")) as server:
        server.load(ODDITIES.encode(), DATABASE)
        server.load(b"CREATE TABLE t (id INT PRIMARY KEY) ENGINE=InnoDB", OTHER)
        server.query("CREATE USER app@localhost")
        server.query("GRANT ALL PRIVILEGES ON *.* TO app@localhost")
        yield server


@contextmanager
def connected(server: Server, database: str = DATABASE) -> Iterator[Any]:
    """The program, in a transaction."""
    connection = MySQLdb.connect(unix_socket=server.socket, user="app", database=database)
    with closing(connection):
        connection.cursor().execute("BEGIN")
        yield connection


def run(connection: Any, sql: str) -> None:
    connection.cursor().execute(sql)


def asked(server: Server, *grants: str) -> list[str]:
    """Who holds the shop's tables, as an account with these rights is told."""
    server.query("CREATE OR REPLACE USER small@localhost")
    for grant in grants:
        server.query(f"GRANT {grant} TO small@localhost")
    options = f"[client]\nsocket={server.socket}\nuser=small\nskip-ssl\n"
    client = Client(options.encode())
    tables = Schema(Client(options.replace("small", "root").encode()), DATABASE).tables()
    return holders(client, Schema(client, DATABASE), tables)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM shop.parent",
        "UPDATE shop.parent SET name = 'x' WHERE id = 1",
        "LOCK TABLES shop.past READ",
        "LOCK TABLES shop.numbers WRITE",
    ],
)
@pytest.mark.parametrize("database", [DATABASE, OTHER])
def test_connection_that_holds_a_table_is_told(server: Server, sql: str, database: str) -> None:
    """By number, account and host. Without a transaction it can be told in its database only."""
    with connected(server, database) as connection:
        assert asked(server, *SEEING) == []
        run(connection, sql)
        number = connection.thread_id()
        time.sleep(UNREAD)
        (who,) = asked(server, *SEEING)
    assert re.fullmatch(rf"connection {number} of app@localhost, for \d+ seconds", who)


def test_connection_elsewhere_without_a_transaction_cannot_be_told(server: Server) -> None:
    """One that is in the database can."""
    server.query("CREATE TABLE counters (n INT) ENGINE=MyISAM", DATABASE)
    try:
        for database in (OTHER, DATABASE):
            with connected(server, database) as connection:
                connection.autocommit(True)
                run(connection, "LOCK TABLES shop.counters WRITE")
                time.sleep(UNREAD)
                (who,) = asked(server, *SEEING)
                told = "somebody; no connection in shop, and no transaction, can be told"
                if database == DATABASE:
                    told = f"connection {connection.thread_id()} of app@localhost, for 0 seconds"
                assert who == told
    finally:
        server.query("DROP TABLE counters", DATABASE)


def test_of_those_in_the_database_one_in_a_transaction_is_told(server: Server) -> None:
    """Not one that only is there."""
    with connected(server), connected(server) as holder:
        run(holder, "SELECT * FROM shop.child")
        time.sleep(UNREAD)
        (who,) = asked(server, *SEEING)
        assert who.startswith(f"connection {holder.thread_id()} of app@")


def test_without_process_only_that_somebody_holds_them_is_told(server: Server) -> None:
    """With what it takes to tell more."""
    with connected(server) as connection:
        run(connection, "SELECT * FROM shop.parent")
        assert asked(server, SEEING[0]) == [NO_PROCESS]
    assert "PROCESS" in NO_PROCESS


def test_nobody_waits_for_the_question(server: Server) -> None:
    """A lock that is waited for would hold up whoever comes after it."""
    with connected(server) as connection, connected(server) as other:
        run(connection, "SELECT * FROM shop.parent")
        asked(server, *SEEING)
        run(other, "SET lock_wait_timeout = 0")
        run(other, "SELECT * FROM shop.parent")


def test_database_without_tables_is_held_by_nobody(server: Server) -> None:
    """Nothing is asked."""
    client = Client(f"[client]\nsocket={server.socket}\nuser=root\nskip-ssl\n".encode())
    assert holders(client, Schema(client, "absent"), []) == []


def test_account_that_may_not_lock_is_an_error(server: Server) -> None:
    """And nobody's fault."""
    with pytest.raises(ServerError, match="1044"):
        asked(server, "SELECT ON shop.*")


def test_held_tables_are_free_again(server: Server) -> None:
    """Once the connection is gone."""
    with connected(server) as connection:
        run(connection, "SELECT * FROM shop.parent")
        assert asked(server, *SEEING) != []
    wait_for("its end", lambda: asked(server, *SEEING) == [])
