"""What bash and Python each have to know by themselves is the same in both, rule and text."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from datadump.settings.environment import SettingsError, check_time_zone
from datadump.settings.pipelines import read_pipeline
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
