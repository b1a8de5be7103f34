"""What the line of a failed dump says beside the programs' own words."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from support.programs import SCRIPTS

QUOTA = "zstd: error 70 : Write error : cannot write block : Disk quota exceeded"
SERVER_S_DISK = (
    "mariadb-dump: Got error: 3: \"Error writing file '/tmp/x' (Errcode: 28 \"No space left"
)
SERVER_S_DISK += ' on device")"'
DENIED = "ERROR 1045 (28000): Access denied for user 'backup'@'db' (using password: YES)"
OTHER_DATABASE = "ERROR 1044 (42000): Access denied for user 'backup'@'%' to database 'nowhere'"
UNREACHABLE = "ERROR 2002 (HY000): Can't connect to server on 'db' (115)"
NO_TLS = "ERROR 2026 (HY000): TLS/SSL error: SSL is required, but the server does not support it"


def reason(said: str, folder: Path) -> str:
    """Of a dump whose file has 3 KiB."""
    (folder / "partial").write_bytes(b"x" * 3072)
    script = (
        f'. {SCRIPTS}/database_dump.sh; partial=$DUMPS_DIR/partial; with_remedy "$(plainly "$1")"'
    )
    settings = {"DUMPS_DIR": str(folder), "DB_HOST": "db", "DB_PASSWORD_FILE": "/secret"}
    return subprocess.run(
        ["bash", "-c", script, "bash", said], env={"PATH": os.environ["PATH"], **settings},
        stdout=subprocess.PIPE, text=True, check=True,
    ).stdout  # fmt: skip


REMEDIES = {
    DENIED: f"{DENIED} (DB_USER backup, with the password in DB_PASSWORD_FILE /secret)",
    UNREACHABLE: f"{UNREACHABLE} (DB_HOST db, DB_PORT 3306)",
    NO_TLS: f"{NO_TLS} (DB_TLS auto)",
    OTHER_DATABASE: OTHER_DATABASE,
    SERVER_S_DISK: SERVER_S_DISK,
    "gzip: stdout: Input/output error": "{folder}/partial: gzip: stdout: Input/output error",
    "/x/scripts/dump/folder.sh: line 31: /d/lock: Read-only file system": (
        "/d/lock: Read-only file system"
    ),
    "mktemp: failed to create directory via template '/tmp/tmp.X': No space left on device": (
        "mktemp: failed to create directory via template '/tmp/tmp.X': No space left on device"
    ),
}


@pytest.mark.parametrize("said", REMEDIES)
def test_reason_names_what_it_is_about(tmp_path: Path, said: str) -> None:
    """The settings behind a refusal, the file behind an error; nothing where nothing is known."""
    assert reason(said, tmp_path) == REMEDIES[said].replace("{folder}", str(tmp_path))


def test_quota_is_no_room_either(tmp_path: Path) -> None:
    """With what this dump took; there is no last one here."""
    said = reason(QUOTA, tmp_path)
    assert said.startswith(f"no room in {tmp_path}: ")
    end = f" are free, and the dump took 3.0 KiB until then: {tmp_path}/partial: {QUOTA}"
    assert said.endswith(end)


SIZES = {0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1536: "1.5 KiB", 3 * 1024**3: "3.0 GiB"}


@pytest.mark.parametrize("size", SIZES)
def test_sizes_are_said_as_a_person_does(size: int) -> None:
    """In the units of the restore and the drill."""
    script = f". {SCRIPTS}/database_dump.sh; human_size {size}"
    said = subprocess.run(["bash", "-c", script], stdout=subprocess.PIPE, text=True, check=True)
    assert said.stdout.strip() == SIZES[size]
