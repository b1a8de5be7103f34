"""A small database that has one of everything, and the account that dumps it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from support.mariadb import Server

PASSWORD = "pass word#'\"\\;é"
DATABASE = "shop"
ODDITIES = """
CREATE TABLE parent (id INT PRIMARY KEY, name VARCHAR(40), UNIQUE (name)) ENGINE=InnoDB;
CREATE TABLE child (
  id BIGINT AUTO_INCREMENT PRIMARY KEY, parent INT, bits BIT(7), raw VARBINARY(300), price FLOAT,
  born DATE, at DATETIME(6), note TEXT, twice INT AS (parent * 2) STORED,
  FOREIGN KEY (parent) REFERENCES parent (id)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE past (id INT PRIMARY KEY, v INT) ENGINE=InnoDB WITH SYSTEM VERSIONING;
CREATE SEQUENCE numbers START WITH 10;
CREATE VIEW a_view AS SELECT p.name, c.note FROM parent p JOIN child c ON c.parent = p.id;
INSERT INTO parent VALUES (1, 'João'), (2, ''), (3, NULL);
INSERT INTO child (parent, bits, raw, price, born, at, note) VALUES
  (1, b'1010101', x'00ff0a0d275c1a', 0.1, '2024-02-29',
    '2024-02-29 23:59:59.999999', '🚌 -- Dump completed'),
  (NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO past VALUES (1, 1); UPDATE past SET v = 2; DELETE FROM past;
DELIMITER ;;
CREATE TRIGGER before_child BEFORE UPDATE ON child FOR EACH ROW BEGIN SET NEW.note = 'x;y'; END;;
CREATE FUNCTION one() RETURNS INT DETERMINISTIC BEGIN RETURN 1; END;;
CREATE PROCEDURE nothing() BEGIN SELECT ';;'; END;;
CREATE EVENT yearly ON SCHEDULE EVERY 1 YEAR DO BEGIN SET @x = 1; END;;
DELIMITER ;
"""


def rights(server: Server, scope: str = f"{DATABASE}.*") -> list[str]:
    """What a full dump needs to be granted; the README prints it for 11.3 and later."""
    version = tuple(int(part) for part in server.version().split("-")[0].split("."))
    on_database = ["SELECT", "SHOW VIEW", "TRIGGER", "EVENT"]
    if version >= (11, 3):
        return [f"{right} ON {scope}" for right in [*on_database, "SHOW CREATE ROUTINE"]]
    return [*(f"{right} ON {scope}" for right in on_database), "SELECT ON mysql.proc"]


def make_account(server: Server, grants: Iterable[str]) -> None:
    """Make the account anew with exactly these GRANTs."""
    password = PASSWORD.replace("\\", "\\\\").replace("'", "\\'")
    server.query("CREATE OR REPLACE USER backup@'%'")
    server.query(f"SET PASSWORD FOR backup@'%' = PASSWORD('{password}')")
    for text in grants:
        server.query(f"GRANT {text} TO backup@'%'")


def dump_settings(server: Server, password_file: Path) -> dict[str, str]:
    """Settings of the dump script, for that account; the file is written."""
    password_file.write_text(PASSWORD + "\n")
    settings = {
        "DB_HOST": "127.0.0.1",
        "DB_PORT": str(server.port),
        "DB_USER": "backup",
        "DB_NAME": DATABASE,
        "DB_PASSWORD_FILE": str(password_file),
    }
    # Before 11.4 a server has no certificate unless it is given one.
    if server.query("SHOW VARIABLES LIKE 'have_ssl'")[0][1] != "YES":
        settings["DB_TLS"] = "off"
    return settings
