"""What the tests of the way back share: an account that restores, and backups in a bucket."""

from __future__ import annotations

from pathlib import Path

from support.mariadb import Server, quoted
from support.programs import Workplace
from support.shop import PASSWORD, dump_settings
from support.store import Store, uploader_workplace


def restore_rights(server: Server, database: str) -> list[str]:
    """What the page of the restore has granted: the database, and those that are made beside it."""
    beside = quoted(database.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%") + "\\_%")
    both = [f"ALL PRIVILEGES ON {name}.*" for name in (pattern(database), beside)]
    version = tuple(int(part) for part in server.version().split("-")[0].split("."))
    old = [] if version >= (11, 3) else ["SELECT ON mysql.proc"]
    return [*both, "SET USER, PROCESS ON *.*", *old]


def pattern(database: str) -> str:
    """The name as GRANT takes it, where it is a pattern."""
    return quoted(database.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%"))


def make_restorer(server: Server, *databases: str) -> None:
    """The account that restores, made anew with no other right than these take."""
    password = PASSWORD.replace("\\", "\\\\").replace("'", "\\'")
    server.query("CREATE OR REPLACE USER restore@'%'")
    server.query(f"SET PASSWORD FOR restore@'%' = PASSWORD('{password}')")
    for database in databases:
        for right in restore_rights(server, database):
            server.query(f"GRANT {right} TO restore@'%'")


def workplace(path: Path, server: Server, store: Store, bucket: str) -> Workplace:
    """All programs, with one server, one bucket, and an account for each direction."""
    work = uploader_workplace(path, store, bucket)
    work.settings |= dump_settings(server, path / "password")
    work.settings |= {
        "RESTORE_USER": "restore",
        "RESTORE_PASSWORD_FILE": str(path / "password"),
    }
    return work


def back_up(work: Workplace, **settings: str) -> None:
    """A dump that has arrived in the bucket."""
    result = work.dump(**settings)
    assert result.returncode == 0, result.stdout
    assert work.tick(**settings).returncode == 0, work.messages()
