"""Databases that have what breaks dumps elsewhere, and servers that hardly agree."""

from __future__ import annotations

import subprocess
from pathlib import Path

from support.mariadb import Server, quoted
from support.shop import rights

# (No apostrophe: mariadb-dump fails on the events of a database that has one in its name.)
DATABASE = "round `trip`. é漢%"
# What mariadb-dump can only write with the database's name in it: a dump of this one loads into a
# database of the same name, and nowhere else.
NAMED_DATABASE = "bound-to its.name"
EMPTY_DATABASE = "nothing in it"
DATABASES = (DATABASE, NAMED_DATABASE, EMPTY_DATABASE)

SOURCE_OPTIONS = ("--default-time-zone=+05:30", "--character-set-server=koi8r")
TARGET_OPTIONS = (
    "--default-time-zone=-03:00", "--character-set-server=utf8mb4",
    "--collation-server=utf8mb4_unicode_520_ci",
    "--sql-mode=TRADITIONAL,ANSI_QUOTES,NO_BACKSLASH_ESCAPES",
)  # fmt: skip

# A server knows a named zone when somebody has put it there; a dump with an event of such a zone
# loads onto no other server.
ZONE = "Asia/Kathmandu"

# An editor might change its line ends.
CARRIAGE_RETURNS = (
    "CREATE PROCEDURE carriage_returns() BEGIN\r\n -- c\r\n SELECT 'x\r\ny', '\r';\r\nEND"
)
# Also what an object remembers of the collation that its database had; and a view whose definer is
# gone on the server that is dumped.
NAMED = """
ALTER DATABASE CHARACTER SET latin1 COLLATE latin1_german2_ci;
CREATE SEQUENCE counter START WITH 5;
CREATE TABLE counted (id BIGINT PRIMARY KEY DEFAULT NEXTVAL(counter), v VARCHAR(5)) ENGINE=InnoDB;
INSERT INTO counted (v) VALUES ('a'), ('b');
CREATE FUNCTION early(a VARCHAR(5)) RETURNS VARCHAR(5) DETERMINISTIC RETURN CONCAT(a, 'ß');
CREATE TRIGGER early BEFORE INSERT ON counted FOR EACH ROW SET NEW.v = 'x';
CREATE EVENT early ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DISABLE DO SET @x = 1;
ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE DEFINER=gone@nowhere SQL SECURITY DEFINER VIEW of_gone AS SELECT id FROM counted;
"""


def add_zone(server: Server) -> None:
    if server.query(f"SELECT 1 FROM time_zone_name WHERE Name = '{ZONE}'"):
        return
    made = subprocess.run(
        ["mariadb-tzinfo-to-sql", f"/usr/share/zoneinfo/{ZONE}", ZONE],
        stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    server.run(made.stdout, "mysql")


def fill(server: Server) -> None:
    """Make the databases anew."""
    add_zone(server)
    server.load(Path(__file__).with_suffix(".sql").read_bytes(), DATABASE)
    server.query(CARRIAGE_RETURNS, DATABASE)
    server.load(NAMED.encode(), NAMED_DATABASE)
    server.load(b"", EMPTY_DATABASE)


def grants(server: Server) -> list[str]:
    """What an account needs to dump them: a view that calls a function can't be read without it."""
    of_databases = [right for name in DATABASES for right in rights(server, f"{quoted(name)}.*")]
    return [*of_databases, f"EXECUTE ON FUNCTION {quoted(DATABASE)}.z_function"]
