"""The page of dockerfiles/kubernetes says what the example is."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import kubernetes_validate
import yaml
from support.manifests import (
    MANIFESTS,
    VERSIONS,
    Manifest,
    containers_of,
    kubectl,
    of_kind,
    pods,
    ports,
    template_of,
    workloads,
)
from support.pages import blocks, rows_of

PAGE = "dockerfiles/kubernetes/README.md"


def keys_of(pod: Manifest) -> dict[str, set[str]]:
    """Of the Secret: those that each container finds."""
    volumes = {one["name"]: one["secret"] for one in pod["volumes"] if "secret" in one}
    assert {one["secretName"] for one in volumes.values()} == {"db7-secrets"}
    return {
        container["name"]: {
            item["key"]
            for mount in container["volumeMounts"]
            for item in volumes.get(mount["name"], {}).get("items", [])
        }
        for container in containers_of(pod)
    }


def test_each_container_has_the_secrets_that_the_page_says(manifests: list[Manifest]) -> None:
    """Who dumps has no keys of the store, who uploads and who drills no password."""
    found: dict[str, set[str]] = {}
    for pod in pods(manifests):
        for container, keys in keys_of(pod).items():
            for key in keys:
                found.setdefault(key, set()).add(container)
    told = {
        row[0].strip("`"): set(re.findall(r"`(\w+)`", row[2]))
        for row in rows_of(PAGE)
        if len(row) == 3 and row[0].startswith("`")
    }
    assert found == told
    assert not found["credentials"] & found["db_password"]


def test_patches_of_the_page_do_what_it_says(tmp_path: Path) -> None:
    """In a copy of the example, to which a person has added them."""
    shutil.copytree(MANIFESTS / "example", tmp_path, dirs_exist_ok=True)
    kustomization = yaml.safe_load((tmp_path / "kustomization.yaml").read_text())
    kustomization["resources"] = ["../kubernetes/base"]
    (block,) = blocks(PAGE, "yaml")
    kustomization["patches"] += yaml.safe_load(block)
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    patched = list(yaml.safe_load_all(kubectl("kustomize", "/mnt/folder", folder=tmp_path)))
    for one in patched:
        kubernetes_validate.validate(one, VERSIONS[0], strict=True)
    named = {one["metadata"]["name"]: one for one in workloads(patched)}
    assert named["db7-prune"]["spec"]["suspend"] is False
    dump = template_of(named["db7-dump"])["spec"]
    assert [set(one) for one in dump["volumes"] if one["name"] == "dumps"] == [
        {"name", "ephemeral"}
    ]
    requests = [set(one["resources"]["requests"]) for one in containers_of(dump)]
    assert requests == [{"cpu", "memory"}] * 2  # a node needs no room for it
    (watch, _) = template_of(named["db7-status"])["spec"]["containers"]
    environment = {one["name"]: one["value"] for one in watch["env"]}
    assert environment == {"S3_PREFIX": "", "DB_EXCLUDE": "", "STATUS_DIR": "/status"}
    policies = {one["metadata"]["name"]: one for one in of_kind(patched, "NetworkPolicy")}
    assert ports(policies["db7-store"]["spec"], "egress") == {53, 443, 8333}


def test_page_names_the_versions_that_are_tried() -> None:
    """The earliest and the latest."""
    text = (MANIFESTS / "README.md").read_text()
    assert re.findall(r"(1\.\d+) to\s+(1\.\d+)", text) == [(VERSIONS[0], VERSIONS[-1])]
    assert f"Kubernetes {VERSIONS[0]} or later" in text


def test_page_names_what_there_is(manifests: list[Manifest]) -> None:
    """In its commands and in its table."""
    text = (MANIFESTS / "README.md").read_text()
    told = set(re.findall(r"\b(cronjob|deployment|service)/(db7-\w+)", text))
    there = {(one["kind"].lower(), one["metadata"]["name"]) for one in manifests}
    assert told == {
        ("cronjob", "db7-dump"), ("deployment", "db7-restore"), ("deployment", "db7-status"),
        ("service", "db7-status"),
    } <= there  # fmt: skip
    names = set(re.findall(r"`(db7-\w+)`", text)) - {"db7-secrets"}
    assert names == {one["metadata"]["name"] for one in workloads(manifests)} | {"db7-scratch"}
    assert (
        {"backup"}
        == set(re.findall(r"kubectl -n (\w+)", text))
        == {one["metadata"]["namespace"] for one in manifests}
    )


def test_page_names_containers_of_those_pods(manifests: list[Manifest]) -> None:
    """Of the Job that a person starts by hand, those of the CronJob that it is made from."""
    text = (MANIFESTS / "README.md").read_text().replace("job/db7-first", "cronjob/db7-dump")
    told = set(re.findall(r"kubectl .*?/(db7-\w+) -c (\w+)", text))
    there = {
        (one["metadata"]["name"], container["name"])
        for one in workloads(manifests)
        for container in containers_of(template_of(one)["spec"])
    }
    assert told == {("db7-dump", "dump"), ("db7-dump", "upload"), ("db7-status", "watch")} <= there
