"""Encryption in the running stack, by the lines of .env that its page has."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from support.age import make_key
from support.compose import USER, Checkout, ask

ENCRYPT = {"DUMP_COMPRESSION": "zstd", "AGE_RECIPIENTS_FILE": "./recipients.txt"}
OPEN = {"AGE_IDENTITY_FILE": "./identity.txt"}


@pytest.fixture
def encrypted(clone: Checkout) -> Iterator[str]:
    """The key of a backup that was just taken, encrypted to a fresh key of that user's own."""
    public = make_key(clone.path / "identity.txt")
    (clone.path / "recipients.txt").write_text(f"{public}\n")
    for name in ("identity.txt", "recipients.txt"):
        clone.run("chown", f"{USER}:{USER}", name)
        clone.run("chmod", "600", name)
    clone.compose("run", "--rm", "dump", **ENCRYPT)
    clone.tick()
    yield clone.objects()[-1]
    for name in re.findall(r"^(FACULDADE_\w+)$", ask(clone, "SHOW DATABASES"), re.MULTILINE):
        ask(clone, f"DROP DATABASE {name}")
    clone.compose("run", "--rm", "dump")  # what is newest can be opened by other tests, too
    clone.tick()


def test_encrypted_backup_comes_back_and_is_proven_by_the_private_key_alone(
    clone: Checkout, encrypted: str
) -> None:
    """Without it a restore is refused in one line, before anything is touched."""
    assert re.fullmatch(r"\d{4}-\d\d-\d\d/datadump\d+\.sql\.zst\.age", encrypted)
    assert clone.object(encrypted).startswith(b"age-encryption.org/v1\n")
    tables = "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'FACULDADE_look'"
    look = ("docker", "compose", "run", "--rm", "restore", "latest", "--into", "FACULDADE_look")
    refused = clone.run(*look)
    assert refused.returncode == 1
    (line,) = [line for line in refused.stdout.splitlines() if "restore failed: " in line]
    assert f"{encrypted} is encrypted: AGE_IDENTITY_FILE has to name the private key" in line
    assert ask(clone, tables).strip() == "0"
    clone.compose(*look[2:], **OPEN)
    assert ask(clone, tables).strip() == "27"  # and a view
    clone.compose("run", "--rm", "restore-drill", **OPEN)
    assert clone.count(f"restore verified: {encrypted}") == 1
