"""Podman, which runs pods where there is no cluster, beside a database and a store."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from support.compose import Checkout
from support.manifests import IMAGE, Manifest, job_or_deployment, of_kind, overlay, template_of
from support.onlookers import docker, image_of
from support.programs import ROOT, noon_zone
from support.waiting import wait_for

START = ROOT / IMAGE / "start.sh"
CLAIM = "claim"  # the label of volumes that outlive a pod
# What it takes to run containers in a container. None of it reaches the pods.
RIGHTS = (
    "--cap-add=ALL", "--cap-drop=SYS_RESOURCE", "--cgroupns=private", "--tmpfs=/run",
    *(f"--security-opt={kind}=unconfined" for kind in ("seccomp", "apparmor", "systempaths")),
)  # fmt: skip


@dataclass
class Podman:
    """A container with podman in it."""

    name: str

    def run(self, *arguments: str, text: str | None = None) -> str:
        """What podman prints; it has to end well."""
        return docker("exec", "--interactive", self.name, "podman", *arguments, text=text)

    def load(self, *images: str) -> None:
        """From the outer engine."""
        with subprocess.Popen(["docker", "save", *images], stdout=subprocess.PIPE) as saved:
            subprocess.run(
                ["docker", "exec", "--interactive", self.name, "podman", "load", "--quiet"],
                stdin=saved.stdout, check=True, stdout=subprocess.DEVNULL,
            )  # fmt: skip

    def play(self, made: Manifest, *others: Manifest) -> None:
        """Start the pod; what comes first in it has ended by then."""
        pod = template_of(made)["spec"]
        group = pod["securityContext"]["fsGroup"]
        for volume in pod["volumes"]:
            if "persistentVolumeClaim" in volume:
                self.make_folder(volume["persistentVolumeClaim"]["claimName"], group, CLAIM)
            elif "emptyDir" in volume:
                self.make_folder(volume["name"], group)
        self.run("kube", "play", "-", text=yaml.safe_dump_all([*others, made]))

    def make_folder(self, name: str, group: int, label: str = "folder") -> None:
        """Root's, and the group's, as a kubelet would make it; podman would make it the user's."""
        options = (f"--opt=o=uid=0,gid={group}", f"--label={label}")
        self.run("volume", "create", "--ignore", *options, name)
        folder = self.run("volume", "inspect", "--format={{.Mountpoint}}", name)
        docker("exec", self.name, "chmod", "2777", folder)

    def clear(self) -> None:
        """Remove all pods, and what was claimed."""
        self.remove_pods()
        self.run("volume", "rm", "--all", "--force")

    def remove_pods(self) -> None:
        """With all that goes with a pod."""
        self.run("pod", "rm", "--all", "--force", "--time=0")
        self.run("volume", "prune", "--force", f"--filter=label!={CLAIM}")
        self.run("secret", "rm", "--all")

    def container(self, name: str) -> Any:
        """What podman knows of it."""
        return json.loads(self.run("container", "inspect", name))[0]

    def log(self, name: str) -> str:
        """What it said, on either way."""
        logs = ["docker", "exec", self.name, "podman", "logs", name]
        result = subprocess.run(
            logs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True
        )
        return result.stdout

    def daily_log(self) -> str:
        """Of the only pod: podman removes a container that came first and has ended well."""
        folder = self.run("volume", "inspect", "--format={{.Mountpoint}}", "logs")
        return docker("exec", self.name, "sh", "-c", f"cat {folder}/*.txt")

    def fetched(self, pod: str, port: int, path: str) -> str:
        """What the pod answers there, once it does; within a minute."""
        infra = json.loads(self.run("pod", "inspect", pod))[0]["InfraContainerID"]
        networks = self.container(infra)["NetworkSettings"]["Networks"]
        (address,) = [network["IPAddress"] for network in networks.values()]
        return docker(
            "exec", self.name, "curl", "--silent", "--fail", "--retry", "60", "--retry-delay", "1",
            "--retry-all-errors", f"http://{address}:{port}/{path}",
        )  # fmt: skip

    def status(self, name: str, seconds: float = 120) -> int:
        """The container's exit status, once it has ended."""
        wait_for(
            f"{name} has ended",
            lambda: self.container(name)["State"]["Status"] == "exited", seconds, 0.5,
        )  # fmt: skip
        return int(self.container(name)["State"]["ExitCode"])


@contextmanager
def running_podman(*networks: str) -> Iterator[Podman]:
    """A container with podman in these networks of the outer engine; gone with its pods at last."""
    name = docker(
        "run", "--detach", "--init", *RIGHTS, f"--volume={START}:/start.sh:ro", image_of(IMAGE),
        "/start.sh",
    )  # fmt: skip
    try:
        for network in networks:
            docker("network", "connect", network, name)
        wait_for("podman may start", lambda: "started" in docker("exec", name, "ls", "/run"))
        yield Podman(name)
    finally:
        docker("rm", "--force", "--volumes", name)


@dataclass
class Place:
    """The sample database, the embedded store, and podman in their networks."""

    checkout: Checkout
    podman: Podman
    folder: Path
    tag: str  # of the images
    secret: Manifest

    def address(self, service: str, network: str) -> str:
        networks = self.checkout.container(service)["NetworkSettings"]["Networks"]
        return str(networks[f"{self.checkout.path.name}_{network}"]["IPAddress"])

    def settings(self) -> dict[str, str]:
        """What leads to this database and this store; what failed is not tried again."""
        return {
            "DB_HOST": self.address("database", "database"),
            "DB_NAMES": "FACULDADE",
            "DUMP_TRIES": "1",
            "AWS_ENDPOINT_URL_S3": f"http://{self.address('s3', 'store')}:8333",
            "TZ": noon_zone(),
        }

    def play(self, name: str, **settings: str) -> None:
        """Start a pod of db7's CronJob or Deployment of that name, with these settings and ours."""
        manifests = overlay(self.folder, self.tag, self.settings() | settings)
        maps = of_kind(manifests, "ConfigMap")
        self.podman.play(job_or_deployment(manifests, f"db7-{name}"), *maps, self.secret)

    def backups(self) -> list[str]:
        """The keys of those in the bucket."""
        return [key for key in self.checkout.objects() if "/proofs/" not in key]
