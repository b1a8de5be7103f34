"""What is in the images that a person builds: nothing of the clone but what they are made of."""

from __future__ import annotations

import io
import secrets
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePath

import pytest
from support.compose import Checkout

IMAGES = ("dump", "python", "watch", "status")
CONTEXTS = ("mysql-client", "python", "status")
# A person's, at the top of the clone and, by mistake, in the folders that images are built from.
OWN = ("credentials.txt", "identity.txt", "dumps/datadump.sql", "logs/2026-11-23.txt")
STRAYED = [f"dockerfiles/{context}/{name}" for context in CONTEXTS for name in (".env", *OWN)]
NAMES = {".env", *(PurePath(path).name for path in OWN)}


@pytest.fixture
def secret() -> str:
    return f"secret-{secrets.token_hex(16)}"


@pytest.fixture
def images(tmp_path: Path, secret: str) -> Iterator[list[str]]:
    """Built where the secret is in .env, in a person's files and in the shell."""
    checkout = Checkout.make(tmp_path / f"layers{secret[-8:]}")
    for path in map(checkout.path.joinpath, [*OWN, *STRAYED]):
        path.parent.mkdir(exist_ok=True)
        path.write_text(secret)
    settings = dict.fromkeys(("S3_BUCKET", "AWS_SECRET_ACCESS_KEY", "DB_USER"), secret)
    checkout.write_settings(CREDENTIALS_FILE="./credentials.txt", **settings)
    checkout.compose("--profile", "*", "build", AWS_SESSION_TOKEN=secret)
    built = [f"{checkout.path.name}-{image}" for image in IMAGES]
    yield built
    subprocess.run(["docker", "image", "rm", *built], check=True, stdout=subprocess.DEVNULL)


def test_no_secret_is_in_an_image(images: list[str], secret: str) -> None:
    """No file or text of a layer, of the base's neither, of the history, environment or labels."""
    layers, found = 0, []
    for name, content in saved(images):
        if not is_layer(content):
            found += [name] * (secret.encode() in content)
            continue
        layers += 1
        for path, text in files(content):
            if path.name in NAMES or secret.encode() in text:
                found.append(str(path))
    assert layers > len(images)
    assert found == []


def saved(images: list[str]) -> Iterator[tuple[str, bytes]]:
    """The files that make up the images: layers, each once, and what is told of them."""
    with (
        subprocess.Popen(["docker", "save", *images], stdout=subprocess.PIPE) as saving,
        tarfile.open(fileobj=saving.stdout, mode="r|") as archive,
    ):
        for member in archive:
            if member.isfile() and (file := archive.extractfile(member)):
                yield member.name, file.read()
    assert saving.returncode == 0


def is_layer(content: bytes) -> bool:
    return tarfile.is_tarfile(io.BytesIO(content))


def files(layer: bytes) -> Iterator[tuple[PurePath, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            yield PurePath(member.name), file.read() if file else b""
