"""What dockerfiles/kubernetes renders to, by kubectl, which reaches no cluster."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from support.onlookers import docker, image_of
from support.programs import ROOT

Manifest = dict[str, Any]
MANIFESTS = ROOT / "dockerfiles/kubernetes"
IMAGE = "tests/kubernetes/podman"
REGISTRY = "registry.example.com/backup"
VERSIONS = [f"1.{minor}" for minor in range(29, 38)]  # of Kubernetes, that the page names
NAMES = ("dump", "python", "watch")  # of the images


def kubectl(*arguments: str, folder: Path | None = None) -> str:
    """What it prints; it finds the manifests in /mnt/kubernetes, the folder in /mnt/folder."""
    volumes = [f"--volume={MANIFESTS}:/mnt/kubernetes:ro"]
    if folder:
        volumes.append(f"--volume={folder}:/mnt/folder:ro")
    return docker("run", "--rm", "--network=none", *volumes, image_of(IMAGE), "kubectl", *arguments)


def rendered() -> list[Manifest]:
    """What the example renders to."""
    return list(yaml.safe_load_all(kubectl("kustomize", "/mnt/kubernetes/example")))


def overlay(folder: Path, tag: str, settings: Mapping[str, str]) -> list[Manifest]:
    """The example with images of that tag, these settings beside its own, and a restore's pod."""
    kustomization = {
        "resources": ["../kubernetes/example"],
        "images": [{"name": f"{REGISTRY}/{name}", "newTag": tag} for name in NAMES],
        "configMapGenerator": [
            {
                "name": "settings",
                "namespace": "backup",
                "behavior": "merge",
                "literals": [f"{name}={value}" for name, value in settings.items()],
            }
        ],
        "replicas": [{"name": "db7-restore", "count": 1}],
    }
    folder.mkdir(exist_ok=True)
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    return list(yaml.safe_load_all(kubectl("kustomize", "/mnt/folder", folder=folder)))


def secret(folder: Path, files: Mapping[str, str]) -> Manifest:
    """The Secret as a person makes it, of files with these contents."""
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_text(content)
    made: Manifest = yaml.safe_load(
        kubectl(
            "create", "secret", "generic", "db7-secrets", "--namespace=backup",
            *(f"--from-file={name}=/mnt/folder/{name}" for name in files),
            "--dry-run=client", "--output=yaml", folder=folder,
        )
    )  # fmt: skip
    assert {name: base64.b64decode(value).decode() for name, value in made["data"].items()} == files
    return made


def of_kind(manifests: list[Manifest], *kinds: str) -> list[Manifest]:
    return [one for one in manifests if one["kind"] in kinds]


def workloads(manifests: list[Manifest]) -> list[Manifest]:
    """Those that make pods."""
    return of_kind(manifests, "CronJob", "Deployment")


def pods(manifests: list[Manifest]) -> list[Manifest]:
    """The spec of each, of every workload."""
    return [template_of(one)["spec"] for one in workloads(manifests)]


def template_of(manifest: Manifest) -> Manifest:
    """Of its pods."""
    spec = manifest["spec"]
    template: Manifest = spec.get("jobTemplate", {"spec": spec})["spec"]["template"]
    return template


def containers_of(pod: Manifest) -> Iterator[Manifest]:
    """Of a pod's spec, those that come first among them."""
    yield from pod.get("initContainers", [])
    yield from pod["containers"]


def ports(spec: Manifest, way: str) -> set[int]:
    """Of a NetworkPolicy: those that are open that way, "ingress" or "egress"."""
    return {port["port"] for rule in spec.get(way, []) for port in rule["ports"]}


def job_or_deployment(manifests: list[Manifest], name: str) -> Manifest:
    """What makes the pod: a Deployment, or of a CronJob the Job that its controller would make."""
    named = [one for one in manifests if one["metadata"]["name"] == name]
    (found,) = workloads(named)
    if found["kind"] == "Deployment":
        return found
    spec = found["spec"]["jobTemplate"]["spec"]
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": spec}
