"""Keys of age, by its own program, and what it makes of bytes."""

from __future__ import annotations

import subprocess
from pathlib import Path


def make_key(path: Path) -> str:
    """A new private key in that file; returns the public one."""
    subprocess.run(["age-keygen", "-o", str(path)], check=True, stderr=subprocess.DEVNULL)
    shown = subprocess.run(
        ["age-keygen", "-y", str(path)], check=True, stdout=subprocess.PIPE, text=True
    )
    return shown.stdout.strip()


def decrypted(content: bytes, identity: Path) -> bytes:
    """What the private key makes of it."""
    return subprocess.run(
        ["age", "-d", "-i", str(identity)], input=content, stdout=subprocess.PIPE, check=True
    ).stdout


def encrypted(content: bytes, recipient: str) -> bytes:
    return subprocess.run(
        ["age", "-r", recipient], input=content, stdout=subprocess.PIPE, check=True
    ).stdout
