"""What bash and Python each have to know by themselves is the same in both, rule and text."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest
from datadump.dumps.taken import parse_taken
from datadump.ground.names import FINISHED_NAMES
from datadump.settings.environment import SettingsError, check_time_zone
from datadump.settings.pipelines import Pipeline, read_pipeline
from support.programs import SCRIPTS

CLIENT = f". {SCRIPTS}/common/database_client.sh; "
DUMP = f". {SCRIPTS}/database_dump.sh; "
NOBODY = 1000  # a user without an account and without rights


def bash(
    script: str, *arguments: str, user: int | None = None, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run the script with nothing but these settings in its environment."""
    return subprocess.run(
        ["bash", "-c", script, "bash", *arguments], user=user,
        env={"PATH": os.environ["PATH"], "LOGS_DIR": "/nowhere", **settings},
        capture_output=True, text=True, errors="surrogateescape", check=False,
    )  # fmt: skip


def refusal(name: str, said: str) -> str:
    """What is said of this setting, without the day and the time in front; empty for nothing."""
    texts = [line.split(",", 2)[2] for line in said.splitlines() if f",{name}: " in line]
    return texts[0] if texts else ""


NAMES = {
    "FACULDADE": True,
    "a b": True,
    "naïve João": True,
    "🚌": True,
    "no-break\u00a0space": True,
    "no width: \u200b\ufeff": True,
    "private \ue000 and unassigned \u0378": True,
    "tab\t": False,
    "line\nend": False,
    "escape \x1b[2J": False,
    "delete \x7f": False,
    "C1: \x85": False,
    "C1, of a terminal: \x9b2J": False,
    "line separator \u2028": False,
    "paragraph separator \u2029": False,
    "no UTF-8: \udc9b": False,
    "no UTF-8, a character cut short: \udce2\udc82": False,
}


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_database_name_is_text_without_control_characters(name: str) -> None:
    """What one side takes and the other refuses would be dumped and never uploaded."""
    in_bash = bash(f'{CLIENT} is_plain_text "$1"', name).returncode == 0
    in_python = False
    with suppress(SettingsError):
        in_python = read_pipeline({"DB_NAME": name}).database == name
    assert (in_bash, in_python) == (NAMES[name], NAMES[name])


def test_default_of_the_database_is_one() -> None:
    """The dump's is the uploader's."""
    assert bash(f'{CLIENT} printf %s "$DB_NAME"').stdout == read_pipeline({}).database


FOLDERS = {
    "shop": "shop",
    "a b,c": "a b,c",
    "100%/\\": "100%25%2F%5C",
    "%2F": "%252F",
    ".": "%2E",
    "..": "%2E.",
    "naïve 学": "naïve 学",
    "proofs": "%70roofs",
    "Proofs": "Proofs",
    "lost+found": "%6Cost+found",
    "datadump.sql": "%64atadump.sql",
    "datadump.sql.zst": "%64atadump.sql.zst",
    "datadump.sqlite": "datadump.sqlite",
    "2026-11-23": "%32026-11-23",
}


@pytest.mark.parametrize("name", FOLDERS)
def test_folder_of_a_database_tells_its_name(name: str) -> None:
    """Bash makes it, and Python reads it; none is taken for a day, for proofs or a dot file."""
    folder = bash(f'{DUMP} folder_name "$1"', name).stdout
    assert folder == FOLDERS[name]
    alone = read_pipeline({"S3_PREFIX": "hosts/one"})
    assert alone.below([folder]) == [
        Pipeline(name, f"/dumps/{folder}", f"hosts/one/{folder}/", folder)
    ]


@pytest.mark.parametrize(
    "folder", [".hidden", "lost+found", "datadump.sql", "back\\slash", "no UTF-8: \udc9b", "tab\t"]
)
def test_folder_that_no_dump_of_ours_makes_is_no_pipeline(folder: str) -> None:
    """Somebody else's."""
    assert read_pipeline({}).below([folder]) == []


DUMP_ID, NOTE = "0123456789abcdef" * 2, "0123456789abcdef"
KEY = "bucket%2Fa%2525%2F2026-11-23%2Fdatadump7.sql"
TAKEN = f".send-to-s3.{DUMP_ID}"
NAMES_OF_DUMPS = {
    "datadump.sql": "waiting",
    "datadump.sql.gz": "waiting",
    f"{TAKEN}.datadump.sql": "waiting",
    f"{TAKEN}.datadump.sql.zst": "waiting",
    f"{TAKEN}.{NOTE}.{KEY}": "noted",
    f"{TAKEN}.{NOTE}.{KEY}.zst": "noted",
    f"{TAKEN}.{NOTE}.bucket%2Fdatadump.sql": "noted",
    f"{TAKEN}.{NOTE}.bucket%2Fdatadump.x%2Fdatadump1.sql.gz": "noted",
    "datadump.sql.bz2": "",
    "datadump1.sql": "",
    f"{TAKEN}.datadump.sql.part": "",
    f"{TAKEN}.datadump1.sql": "",
    f"{TAKEN.upper()}.datadump.sql": "",
    f"{TAKEN}0.datadump.sql": "",
    f"{TAKEN[:-1]}.datadump.sql": "",
    f"{TAKEN}.{NOTE[:-1]}.{KEY}": "",
    f"{TAKEN}.{NOTE}.{KEY}.part": "",
    ".database_dump.AbCdEf": "",
}


@pytest.mark.parametrize("name", NAMES_OF_DUMPS)
def test_names_of_dumps_that_wait_are_the_same_to_both(name: str) -> None:
    """One that Python takes for noted, and bash for none, might make room."""
    tell = 'if is_noted "$1"; then echo noted; elif is_waiting "$1"; then echo waiting; fi'
    in_bash = bash(f"{DUMP} {tell}", name).stdout.strip()
    taken = parse_taken(name)
    in_python = "waiting" if taken or name in FINISHED_NAMES else ""
    if taken and taken.destination:
        in_python = "noted"
    assert (in_bash, in_python) == (NAMES_OF_DUMPS[name],) * 2


@pytest.mark.parametrize("finished_name", FINISHED_NAMES)
def test_dump_is_handed_over_under_a_name_of_the_uploader_s(finished_name: str) -> None:
    """With an id of its own, and nothing noted."""
    made = [bash(f'{DUMP} taken_name "$1"', finished_name).stdout for _ in range(2)]
    for name in made:
        dump = parse_taken(name)
        assert dump is not None
        assert (dump.name, dump.finished_name, dump.destination) == (name, finished_name, None)
    assert made[0] != made[1]


@pytest.mark.parametrize("zone", ["UTC", "America/Sao_Paulo", "Asia/Kathmandu"])
@pytest.mark.parametrize("seconds", [0, 1795776000, 951782400])
def test_time_of_a_dump_is_written_alike(zone: str, seconds: int) -> None:
    """In the line of one that was dropped as in an object's metadata."""
    written = datetime.fromtimestamp(seconds, ZoneInfo(zone)).isoformat(timespec="seconds")
    assert bash(f"{DUMP} dumped_at {seconds}", TZ=zone).stdout == written


ZONES = ["Europe/Berlin", "UTC", "Nowhere/Land", "zone.tab", "Europe", "../zoneinfo/UTC", "UTC "]


@pytest.mark.parametrize("zone", ZONES)
def test_time_zones_are_those_of_the_system(zone: str) -> None:
    """Taken or refused, in the same words."""
    in_python = ""
    try:
        check_time_zone(zone)
    except SettingsError as error:
        in_python = str(error)
    assert refusal("TZ", bash(f"{DUMP} check_settings", TZ=zone).stderr) == in_python
    assert (in_python == "") == (zone in ZONES[:2])


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that everybody can get to; pytest's own are root's alone."""
    with TemporaryDirectory(dir="/tmp") as path:
        os.chmod(path, 0o755)
        yield Path(path)


@pytest.mark.parametrize("name", ["", "nowhere"], ids=["not to be written", "not there"])
def test_dumps_folder_that_cannot_be_used_is_refused(folder: Path, name: str) -> None:
    """In the same words."""
    dumps = str(folder / name)
    checks = (
        "import os, sys; from datadump.settings.environment import *\n"
        f"os.setuid({NOBODY})\n"
        "try: check_folder('DUMPS_DIR', sys.argv[1]); check_access('DUMPS_DIR', sys.argv[1])\n"
        "except SettingsError as error: print(error)"
    )
    python = subprocess.run(
        [sys.executable, "-c", checks, dumps], env={"PYTHONPATH": str(SCRIPTS)},
        stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    said = bash(f"{DUMP} check_settings", user=NOBODY, DUMPS_DIR=dumps, TZ="UTC").stderr
    assert refusal("DUMPS_DIR", said) == python.stdout.rstrip("\n")
    assert dumps in python.stdout


def test_file_that_this_user_cannot_read_is_named_with_the_user(folder: Path) -> None:
    """Also one with the keys."""
    (folder / "keys").touch(mode=0o600)
    read = (
        "import os, sys; from datadump.settings.store import *\n"
        f"os.setuid({NOBODY})\n"
        "try: read_file('CREDENTIALS_FILE', sys.argv[1])\n"
        "except SettingsError as error: print(error)"
    )
    said = subprocess.run(
        [sys.executable, "-c", read, folder / "keys"], env={"PYTHONPATH": str(SCRIPTS)},
        stdout=subprocess.PIPE, text=True, check=True,
    ).stdout  # fmt: skip
    assert said == (
        f"CREDENTIALS_FILE: '{folder}/keys' can't be read by user id {NOBODY}: let that user read "
        "it\n"
    )


@pytest.mark.parametrize("owner", [0, NOBODY])
@pytest.mark.parametrize("by", ["path", "link"])
def test_root_becomes_the_owner_of_a_folder(folder: Path, owner: int, by: str) -> None:
    """With the folder's group, and none of root's."""
    (folder / "path").mkdir()
    (folder / "link").symlink_to(folder / "path")
    os.chown(folder / "path", owner, owner)
    tell = 'printf "%s %s %s" "$(id -u)" "$(id -g)" "$(id -G)"'
    in_bash = subprocess.run(
        [SCRIPTS / "common/as-owner-of.sh", folder / by, "bash", "-c", tell],
        stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    become = "import sys; from datadump.ground.owner import *; become_owner_of(sys.argv[1], '/')"
    in_python = subprocess.run(
        [sys.executable, "-c", f"{become}; import os; os.system({tell!r})", folder / by],
        env={"PYTHONPATH": str(SCRIPTS), "PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    assert in_bash.stdout == in_python.stdout
    assert in_bash.stdout.startswith(f"{owner} {owner} ")
