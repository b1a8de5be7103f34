"""An encrypted dump is opened by the private keys of its recipients alone, and whole or none."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.age import decrypted, make_key
from support.programs import Workplace, stand_in

OPEN = {"none": [], "zstd": ["zstd", "-dcq"], "gzip": ["gzip", "-dc"]}
SUFFIX = {"none": "", "zstd": ".zst", "gzip": ".gz"}


@pytest.fixture
def recipients(tmp_path: Path) -> Path:
    """Two keys of age's, and one of SSH's; each private one lies beside it."""
    keys = [make_key(tmp_path / name) for name in ("one", "other")]
    ssh = tmp_path / "ssh"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(ssh)], check=True)
    path = tmp_path / "recipients"
    path.write_text("# mine\n" + "\n".join(keys) + "\n" + (tmp_path / "ssh.pub").read_text())
    return path


@pytest.mark.parametrize("compression", OPEN)
def test_dump_is_opened_by_each_private_key(
    dumps: Workplace, recipients: Path, tmp_path: Path, compression: str
) -> None:
    """And by nothing else; what is in it is a whole dump."""
    result = dumps.dump(DUMP_COMPRESSION=compression, AGE_RECIPIENTS_FILE=str(recipients))
    assert (result.returncode, dumps.messages()) == (0, ["database dump completed"])
    ((name, content),) = dumps.files().items()
    assert name == f"datadump.sql{SUFFIX[compression]}.age"
    assert content.startswith(b"age-encryption.org/v1\n")
    assert b"CREATE TABLE" not in content
    for key in ("one", "other", "ssh"):
        inner = decrypted(content, tmp_path / key)
        if OPEN[compression]:
            inner = subprocess.run(
                OPEN[compression], input=inner, stdout=subprocess.PIPE, check=True
            ).stdout
        assert b"CREATE TABLE `parent`" in inner
        assert b"\n-- Dump completed" in inner[-200:]


@pytest.mark.parametrize(
    "ending", ["exit 3", "exit 0", "kill -9 $$"], ids=["error", "no last line", "kill"]
)
def test_dump_that_breaks_off_is_none_though_age_ends_well(
    dumps: Workplace, recipients: Path, tmp_path: Path, ending: str
) -> None:
    """Whatever ends the program before it in the stream."""
    path = stand_in(tmp_path, "mariadb-dump", f"echo 'CREATE TABLE t (a INT);'; {ending}")
    result = dumps.dump(AGE_RECIPIENTS_FILE=str(recipients), PATH=path)
    assert result.returncode == 1
    assert dumps.messages()[-1].startswith("database dump failed: ")
    assert dumps.files() == {}


def test_age_that_fails_is_a_failed_dump_in_its_own_words(
    dumps: Workplace, recipients: Path, tmp_path: Path
) -> None:
    path = stand_in(
        tmp_path, "age",
        "read -r -n 1 first || exit 0; cat >/dev/null; echo 'age: error: it broke' >&2; exit 1",
    )  # fmt: skip
    assert dumps.dump(AGE_RECIPIENTS_FILE=str(recipients), PATH=path).returncode == 1
    assert "age: error: it broke" in dumps.messages()[-1]
    assert dumps.files() == {}


WRONG = ("absent", "a folder", "empty", "no key", "a private key")


@pytest.mark.parametrize("what", WRONG)
def test_wrong_recipients_are_one_line_and_nothing_begins(
    dumps: Workplace, tmp_path: Path, what: str
) -> None:
    """A private key is never shown."""
    path = tmp_path / "recipients"
    if what == "a folder":
        path.mkdir()
    elif what == "a private key":
        make_key(path)
    elif what != "absent":
        path.write_text("age1nokey\n" if what == "no key" else "")
    result = dumps.dump(AGE_RECIPIENTS_FILE=str(path))
    assert result.returncode == 2
    (line,) = dumps.messages()
    assert line.startswith("AGE_RECIPIENTS_FILE: ")
    assert str(path) in line
    assert "AGE-SECRET-KEY" not in result.stdout + result.stderr
    assert dumps.files() == {}


def test_image_of_before_is_told_by_what_it_lacks(
    dumps: Workplace, recipients: Path, tmp_path: Path
) -> None:
    """Somebody has pulled, and not built."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for program in Path("/usr/bin").iterdir():
        if not program.name.startswith("age"):
            (programs / program.name).symlink_to(program)
    result = dumps.dump(AGE_RECIPIENTS_FILE=str(recipients), PATH=str(programs))
    assert result.returncode == 2
    (line,) = dumps.messages()
    assert line.endswith("there is no age here, as in an image of before: docker compose build")
