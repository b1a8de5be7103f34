"""Podman beside a database and a store, once for all tests here."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest
from support.compose import Checkout
from support.manifests import IMAGE, NAMES, REGISTRY, Manifest, rendered, secret
from support.onlookers import docker, image_of
from support.podman import Place, running_podman
from support.programs import ROOT
from support.waiting import free_port

TAG = "of-the-tests"


@pytest.fixture(scope="session", autouse=True)
def image() -> Iterator[str]:
    """With podman and kubectl; the last one to go."""
    built = image_of(IMAGE)
    yield built
    docker("image", "rm", "--force", built)


@pytest.fixture(scope="session")
def manifests() -> list[Manifest]:
    """What the example renders to."""
    return rendered()


@pytest.fixture(scope="session")
def images() -> Iterator[list[str]]:
    """What the pods are made of, as it is committed."""
    built = subprocess.run(
        ["scripts/build-images.sh"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True,
        env={"PATH": "/usr/bin:/bin", "HOME": "/root", "REGISTRY": REGISTRY, "TAG": TAG},
    )  # fmt: skip
    images = built.stdout.split()
    assert images == [f"{REGISTRY}/{name}:{TAG}" for name in NAMES]
    yield images
    subprocess.run(["docker", "image", "rm", *images], check=True, stdout=subprocess.DEVNULL)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory, images: list[str]) -> Iterator[Place]:
    """The sample database and the embedded store of a checkout, and podman."""
    folder = tmp_path_factory.mktemp("place")
    checkout = Checkout.make(folder / "kubernetes-tests")
    checkout.write_settings(S3_PORT=str(free_port()))
    networks = (f"{checkout.path.name}_{name}" for name in ("database", "store"))
    try:
        checkout.compose("up", "--detach", "--wait", "database", "s3")
        checkout.store().create_bucket(Bucket=checkout.credentials()[2])
        with running_podman(*networks) as podman:
            podman.load(*images)
            files = {
                "db_password": (checkout.path / "db_data/sample_password.txt").read_text(),
                "restore_password": (
                    checkout.path / "db_data/sample_restore_password.txt"
                ).read_text(),
                "credentials": "\n".join(checkout.credentials()),
            }
            made = secret(folder / "secret", files)
            yield Place(checkout, podman, folder / "overlay", TAG, made)
    finally:
        checkout.compose("--profile", "*", "down", "--volumes", "--timeout", "5")


@pytest.fixture
def place(running: Place) -> Iterator[Place]:
    """Without a pod before the test and after it."""
    yield running
    running.podman.clear()
