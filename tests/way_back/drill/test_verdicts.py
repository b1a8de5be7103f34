"""What a drill can't compare is no fault of the backup, and is said; so is each verdict, anyhow."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.mariadb import Server, running_server
from support.programs import Workplace, stand_in, today
from support.proxy import running_proxy
from support.restoring import back_up, workplace
from support.shop import DATABASE, ODDITIES, make_account, rights
from support.store import Store

KEY = f"{today()}/datadump1.sql"
# Views are made in the order of their names: the second stands before what it reads, the third not.
ELSEWHERE = f"""
{ODDITIES}
CREATE VIEW by_city AS SELECT name, city FROM parent JOIN crm.customers USING (id);
CREATE VIEW again AS SELECT name FROM by_city;
CREATE VIEW c AS SELECT city FROM by_city;
CREATE VIEW calls AS SELECT crm.score() AS a;
CREATE TABLE gone (a INT); CREATE VIEW broken AS SELECT a FROM gone; DROP TABLE gone;
CREATE TABLE one (id INT) ENGINE=MyISAM; INSERT INTO one VALUES (1), (2);
CREATE TABLE two LIKE one; INSERT INTO two VALUES (3);
CREATE TABLE both_of_them (id INT) ENGINE=MERGE UNION=(one, two);
"""
FOUND = [
    "table both_of_them 0 ok",
    "view again - not compared: it needs what can't be read here",
    "view by_city - not compared: it needs crm.customers, which isn't in this backup",
    "view c - not compared: it needs by_city, which can't be read here",
    "view calls - not compared: it needs crm.score, which isn't in this backup",
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Its database needs another one, which is in no backup of it."""
    with running_server(tmp_path_factory.mktemp("two")) as server:
        crm = b"CREATE TABLE customers (id INT, city VARCHAR(9));\n"
        server.load(crm + b"CREATE FUNCTION score() RETURNS INT RETURN 1;\n", "crm")
        server.load(ELSEWHERE.encode(), DATABASE)
        both = [*rights(server), *rights(server, "crm.*"), "EXECUTE ON crm.*"]
        make_account(server, both)
        yield server


@pytest.fixture
def work(tmp_path: Path, server: Server, store: Store, bucket: str) -> Workplace:
    """A backup of that database is in the bucket."""
    work = workplace(tmp_path / "work", server, store, bucket)
    back_up(work)
    return work


def lines_of(table: str) -> list[str]:
    """Whatever the widths of its columns."""
    return [" ".join(line.split()) for line in table.splitlines()]


def change(store: Store, bucket: str, old: bytes, new: bytes) -> None:
    """The backup, as if it had been uploaded so."""
    content = store.objects(bucket)[KEY]
    assert old in content
    content = content.replace(old, new, 1)
    told = store.metadata(bucket, KEY) | {"sha256": hashlib.sha256(content).hexdigest()}
    store.put(bucket, KEY, content, **told)


def test_what_is_not_in_the_backup_is_not_compared_and_fails_nothing(work: Workplace) -> None:
    """Each object says why; a table that shows others' rows holds none, as in the dump."""
    result = work.drill()
    lines = lines_of(result.stdout)
    assert work.messages()[-1] == f"restore verified: {KEY}"
    assert (result.returncode, result.stderr) == (0, "")
    assert [line for line in FOUND if line not in lines] == []
    (left_out,) = [line for line in lines if line.startswith("left out of the dump")]
    assert left_out.startswith("left out of the dump, since it was broken: view broken (")
    assert "shop.gone" in left_out


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"VIEW `by_city` AS select", b"VIEW `by_city` AS selec", "ERROR 1064: "),
        (
            b"join `crm`.`customers`",
            b"join `shop`.`absent`",
            "ERROR 1146: Table 'shop.absent' ",
        ),
    ],
    ids=["syntax", "its own table"],
)
def test_program_that_is_at_fault_itself_is_not_verified(
    work: Workplace, store: Store, bucket: str, old: bytes, new: bytes, reason: str
) -> None:
    """All else is compared, and what needs it isn't there either."""
    change(store, bucket, old, new)
    result = work.drill()
    assert result.returncode == 1
    message = work.messages()[-1]
    assert message.startswith("restore verification failed: view by_city could not be made: ")
    assert reason in message
    assert "table parent 3 ok" in lines_of(result.stdout)


FOREIGN = [
    (b"-- Server version", b"SELECT 'x' INTO OUTFILE '/x';\n", "SELECT '…' INTO OUTFILE '…'"),
    (b"(3,NULL)", b"(4,LOAD_FILE('/x')),\n", "LOAD_FILE(…"),
    (b"/*!50003 CREATE*/", b"/*!50003 SET GLOBAL general_log=1 */;;\n", "/*!50003 SET GLOBAL"),
    (b"/*!40101 SET SQL_MODE=@OLD", b"INSTALL SONAME 'ha_archive';\n", "INSTALL SONAME '…'"),
]


def test_statement_that_mariadb_dump_does_not_write_is_not_run(
    work: Workplace, store: Store, bucket: str
) -> None:
    """Nor is anything of that dump: no server is started for it."""
    content = store.objects(bucket)[KEY]
    for at, statement, shown in FOREIGN:
        line = content.partition(at)[0].count(b"\n") + 1
        store.put(bucket, KEY, content, **store.metadata(bucket, KEY))
        change(store, bucket, at, statement + at)
        result = work.drill(PATH=stand_in(work.path / "bin", "mariadb-install-db", "exit 1"))
        assert result.returncode == 1
        told = "restore verification failed: the dump holds what mariadb-dump doesn't write"
        assert work.messages()[-1].startswith(f"{told}: line {line}, ")
        assert f": {shown}" in work.messages()[-1]
        (proof,) = [key for key in store.objects(bucket) if "proofs/" in key]
        assert f": line {line}, " in json.loads(store.objects(bucket)[proof])["reason"]


REMOTE = b"""--
-- Table structure for table `%b`
--

DROP TABLE IF EXISTS `%b`;
CREATE TABLE `%b` (
  `id` int(11) DEFAULT NULL
) ENGINE=%b DEFAULT CHARSET=utf8mb4 %b;

"""


REACHING_OUT = {
    b"FEDERATED": b"CONNECTION='mysql://root@127.0.0.1/x/y'",
    b"CONNECT": b"`TABLE_TYPE`='DOS' `FILE_NAME`='/etc/passwd'",
}


def test_table_whose_rows_are_elsewhere_is_not_made(
    work: Workplace, store: Store, bucket: str
) -> None:
    """As mariadb-dump writes it. A view that reads it isn't made either; all else is proven."""
    tables = b"".join(REMOTE % (name.lower(), name.lower(), name.lower(), name, options)
                      for name, options in REACHING_OUT.items())  # fmt: skip
    at = b"--\n-- Temporary table structure for view `a_view`"
    change(store, bucket, at, tables + at)
    change(store, bucket, b" join `crm`.`customers`", b" join `shop`.`federated`")
    result = work.drill()
    assert work.messages()[-1] == f"restore verified: {KEY}"
    lines = lines_of(result.stdout)
    for name in ("FEDERATED", "CONNECT"):
        told = f"not compared: what {name} shows is outside of its server"
        assert f"table {name.lower()} 0 {told}" in lines
    assert "view by_city - not compared: it needs federated, which can't be read here" in lines


def test_dump_of_another_database_than_its_object_says_is_not_verified(
    work: Workplace, store: Store, bucket: str
) -> None:
    """Both are named."""
    change(store, bucket, b"    Database: shop\n", b"    Database: crm\n")
    assert work.drill().returncode == 1
    assert work.messages()[-1] == (
        "restore verification failed: the object's metadata say a backup of shop, the dump itself "
        f"says of crm ({KEY})"
    )


@pytest.mark.parametrize(
    ("damage", "verdict"),
    [
        (b"Database: shop", "restore verified: "),
        (b"Database: crm", "restore verification failed: "),
    ],
    ids=["sound", "unsound"],
)
def test_verdict_that_cannot_be_stored_is_said_beside_it(
    work: Workplace, store: Store, bucket: str, damage: bytes, verdict: str
) -> None:
    """With status 1: the next listing won't show it."""
    change(store, bucket, b"Database: shop", damage)
    with running_proxy(store) as proxy:
        proxy.choose = lambda request: 403 if request.method == "PUT" else None
        result = work.drill(AWS_ENDPOINT_URL_S3=proxy.url)
    assert result.returncode == 1
    said, not_stored = work.messages()[-2:]
    assert said.startswith(verdict)
    assert not_stored.startswith("proof not stored: An error occurred (AccessDenied)")
    assert "proofs" in not_stored
