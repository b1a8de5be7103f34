"""The images that hold the scripts: what scripts/build-images.sh makes of a commit."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.programs import ROOT

NAMES = ("dump", "python", "watch")
# What holds the scripts is built again; what is of Debian's packages differs with the day anyway.
ANEW = ("--no-cache-filter", "scripts,dump-release,python-release")
AUTHOR = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.com")
REGISTRY = "registry.example.com/of-the-tests"


def told(*command: str, **options: Any) -> str:
    """What the command prints; it has to end well."""
    result: subprocess.CompletedProcess[str] = subprocess.run(
        command, capture_output=True, text=True, check=False, **options
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout.strip()


def inspected(image: str) -> Any:
    return json.loads(told("docker", "image", "inspect", image))[0]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of what is committed, by somebody who keeps files private."""
    path = tmp_path_factory.mktemp("one") / "clone"
    told("git", "clone", "--quiet", str(ROOT), str(path), umask=0o077)
    return path


@pytest.fixture(scope="module")
def commit(clone: Path) -> str:
    return told("git", "rev-parse", "HEAD", cwd=clone)


@pytest.fixture(scope="module")
def images(clone: Path, commit: str) -> Iterator[list[str]]:
    """As they are named where no TAG is set; a secret strayed into the clone meanwhile."""
    (clone / "scripts/credentials.txt").write_text("secret")
    (clone / "scripts/watch.py").write_text("edited")
    built = build(clone)
    assert built == [f"{REGISTRY}/{name}:{commit[:12]}" for name in NAMES]
    yield built
    told("docker", "image", "rm", *built)


def build(clone: Path, *options: str, **settings: str) -> list[str]:
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/root", "REGISTRY": REGISTRY, **settings}
    return told("scripts/build-images.sh", *options, cwd=clone, env=environment).splitlines()


def test_labels_tell_the_commit(images: list[str], commit: str) -> None:
    """And its time, not that of the build."""
    labels = [inspected(image)["Config"]["Labels"] for image in images]
    prefix = "org.opencontainers.image."
    assert [one[f"{prefix}title"] for one in labels] == list(NAMES)
    assert {one[f"{prefix}revision"] for one in labels} == {commit}
    assert {one[f"{prefix}version"] for one in labels} == {commit[:12]}
    committed = told("git", "log", "-1", "--format=%ct", commit, cwd=ROOT)
    for one in labels:
        assert told("date", f"--date={one[f'{prefix}created']}", "+%s") == committed


def test_images_hold_the_scripts_as_committed(images: list[str], commit: str) -> None:
    """Each file, and no other: neither what strayed into the clone nor what was edited there."""
    tree = told("git", "ls-tree", "-r", "--name-only", commit, "scripts", cwd=ROOT).splitlines()
    wanted = []
    for name in tree:
        content = subprocess.check_output(["git", "cat-file", "blob", f"{commit}:{name}"], cwd=ROOT)
        wanted.append(f"{hashlib.sha256(content).hexdigest()}  /{name}")
    for image in images:
        sums = told(
            "docker", "run", "--rm", "--network", "none", "--entrypoint", "find", image,
            "/scripts", "-type", "f", "-exec", "sha256sum", "{}", "+",
        )  # fmt: skip
        assert sorted(sums.splitlines()) == sorted(wanted)


def test_same_scripts_make_the_same_layers(images: list[str], commit: str, tmp_path: Path) -> None:
    """In another clone, by another commit, at another time."""
    another = tmp_path / "clone"
    told("git", "clone", "--quiet", str(ROOT), str(another))
    told("git", "checkout", "--quiet", commit, cwd=another)
    told("git", *AUTHOR, "commit", "--quiet", "--allow-empty", "--message=later", cwd=another)
    built = build(another, *ANEW, TAG="again")
    try:
        layers = [inspected(image)["RootFS"]["Layers"] for image in built]
        assert layers == [inspected(image)["RootFS"]["Layers"] for image in images]
    finally:
        told("docker", "image", "rm", *built)


# crond's place is taken, so that it ends there.
STARTS_CROND = """
    mkdir /tmp/bin && ln -s /bin/true /tmp/bin/busybox
    echo "* * * * * true" >/tmp/crontab
    PATH=/tmp/bin:$PATH exec /scripts/common/start-crond.sh /tmp/crontab
"""


@pytest.mark.parametrize("number", [1, 2], ids=NAMES[1:])
def test_bytecode_of_the_scripts_is_there(images: list[str], number: int) -> None:
    """The start of crond would compile what is missing, and can write nothing there."""
    told(
        "docker", "run", "--rm", "--network", "none", "--read-only", "--tmpfs", "/tmp",
        "--tmpfs", "/logs", images[number], "bash", "-c", STARTS_CROND,
    )  # fmt: skip


def test_without_a_registry_nothing_is_built(clone: Path) -> None:
    """And one line says what is missing."""
    result = subprocess.run(
        ["scripts/build-images.sh"], cwd=clone, env={"PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("REGISTRY: ")
    assert result.stderr.count("\n") == 1
