"""Whatever mariadb-dump writes is taken for its own: by any option that leaves a dump of one."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from datadump.load.survey import survey
from datadump.mariadb.server import DUMP_OPTIONS
from datadump.sql.reading import DumpFile
from support.mariadb import Server
from support.shop import DATABASE

RICH = r"""
CREATE TABLE geo (id INT PRIMARY KEY, g GEOMETRY NOT NULL, SPATIAL KEY (g)) ENGINE=InnoDB;
INSERT INTO geo VALUES (1, POINT(1, 2));
CREATE TABLE types (
  id INT PRIMARY KEY, j JSON, u UUID, i INET6, f FLOAT, d DOUBLE, n DECIMAL(30,10), y YEAR,
  s SET('a','b'), e ENUM('x''y','z'), b BIT(9), bl BLOB, bn BINARY(3), t TIME(3),
  c TEXT COMPRESSED, v INT AS (length(j)) VIRTUAL, w VARCHAR(9) AS (concat('a',"b\\'")) STORED,
  k INT CHECK (k between 1 and 5), z INT INVISIBLE DEFAULT 3, m VARCHAR(40) DEFAULT uuid(),
  dd DATE DEFAULT (curdate() + interval 1 day),
  CONSTRAINT x CHECK (n <> 5 - -1 and s <> '%;%')) COMMENT='it''s; -- "x" \\ /*';
INSERT INTO types (id, f, d, n, y, s, e, b, bl, bn, t, k) VALUES
  (1, 1e30, -1e-300, -1.5, 2024, 'a,b', 'x''y', b'101', 'a''\\b"\n', x'00', '-10:00:00.5', 2);
INSERT INTO types (id) VALUES (2);
CREATE TABLE mi (id INT, t TEXT, FULLTEXT KEY (t)) ENGINE=MyISAM CHECKSUM=1 PACK_KEYS=1;
CREATE TABLE ar (id INT) ENGINE=Aria PAGE_CHECKSUM=1; CREATE TABLE me (id INT) ENGINE=MEMORY;
CREATE TABLE one (id INT) ENGINE=MyISAM; CREATE TABLE two LIKE one;
CREATE TABLE both_of_them (id INT) ENGINE=MERGE UNION=(one, two) INSERT_METHOD=LAST;
CREATE TABLE dd (id INT) ROW_FORMAT=DYNAMIC STATS_SAMPLE_PAGES=4 PAGE_COMPRESSED=1;
CREATE TABLE ranges (id INT, d DATE) PARTITION BY RANGE COLUMNS (d)
  SUBPARTITION BY HASH (id) SUBPARTITIONS 2 (
  PARTITION a VALUES LESS THAN ('2020-01-01') COMMENT='x', PARTITION b VALUES LESS THAN (MAXVALUE));
CREATE TABLE lists (id INT) PARTITION BY LIST (id % 3 + 1) (
  PARTITION a VALUES IN (1,2), PARTITION b DEFAULT);
CREATE TABLE `select` (`values` INT, `a;b` INT); INSERT INTO `select` VALUES (1, 2);
CREATE SEQUENCE s2 START WITH -5 INCREMENT BY -2 MINVALUE -900 MAXVALUE -1 CYCLE NOCACHE
  ENGINE=Aria COMMENT='x;y';
CREATE SEQUENCE s3 CONNECTION='x' PAGE_COMPRESSED=1;
CREATE TABLE odd (a INT DEFAULT (-(-(1 + @@timestamp) + @x)));
create trigger`t`before insert on odd for each row set new.a = 1;
CREATE VIEW vv AS SELECT id, 'a;b' AS `x``y` FROM types WHERE j LIKE '%''%' WITH CHECK OPTION;
CREATE ALGORITHM=MERGE SQL SECURITY INVOKER VIEW ww AS SELECT * FROM vv;
SET sql_mode = ORACLE;
DELIMITER ;;
CREATE FUNCTION f RETURN INT AS BEGIN RETURN 1; END;;
CREATE PACKAGE k AS PROCEDURE q; END;;
CREATE PACKAGE BODY k AS PROCEDURE q AS BEGIN NULL; END; END;;
"""
OPTIONS = [
    "",
    "--skip-hex-blob",
    "--skip-extended-insert --complete-insert --no-autocommit --add-locks",
    "--insert-ignore --skip-dump-date --order-by-primary --add-drop-trigger",
    "--replace --skip-disable-keys --skip-add-drop-table",
    "--no-data",
]


@pytest.fixture(scope="module")
def rich(server: Server) -> Iterator[Server]:
    """With a database of all kinds of types, tables and programs, too."""
    server.load(RICH.encode(), "rich")
    yield server
    server.query("DROP DATABASE rich")


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("database", ["rich", DATABASE])
def test_dump_of_any_options_is_mariadb_dumps(
    rich: Server, tmp_path: Path, database: str, options: str
) -> None:
    """As this machine's version writes it; of the others, see the unit tests."""
    command = ["mariadb-dump", f"--defaults-file={DUMP_OPTIONS}", f"--socket={rich.socket}"]
    path = tmp_path / "dump.sql"
    with path.open("wb") as file:
        subprocess.run(
            [*command, "--user=root", *options.split(), database], stdout=file, check=True
        )
    assert survey(DumpFile(str(path))).outline is not None
