"""What the example renders to is what API servers know, and asks for what it says."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import kubernetes_validate
import pytest
import yaml
from support.compose import settings_of_the_example
from support.manifests import (
    MANIFESTS,
    VERSIONS,
    Manifest,
    containers_of,
    of_kind,
    pods,
    ports,
    template_of,
    workloads,
)

WORKLOADS = {"db7-dump", "db7-drill", "db7-prune", "db7-status", "db7-restore"}
DAY = 24 * 3600
SECRETS = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}  # settings that are


@pytest.mark.parametrize("version", VERSIONS)
def test_an_api_server_knows_every_field(manifests: list[Manifest], version: str) -> None:
    """Of each of these versions."""
    namespace = yaml.safe_load((MANIFESTS / "example/namespace.yaml").read_text())
    for one in [namespace, *manifests]:
        assert kubernetes_validate.validate(one, version, strict=True) == version


@pytest.mark.parametrize(
    "change",
    [
        lambda job: job["spec"].update(concurencyPolicy="Forbid"),
        lambda job: job["spec"].update(concurrencyPolicy=1),
        lambda job: template_of(job)["spec"]["containers"][0].update(readOnly=True),
        lambda job: template_of(job)["spec"].pop("containers"),
    ],
)
def test_a_field_that_is_none_is_found(
    manifests: list[Manifest], change: Callable[[Manifest], object]
) -> None:
    """Or the test before would say nothing."""
    job = deepcopy(workloads(manifests)[-1])
    assert job["kind"] == "CronJob"
    change(job)
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(job, VERSIONS[-1], strict=True)


def test_no_secret_is_a_variable(manifests: list[Manifest]) -> None:
    """They are files; and each setting of the example is one that there is."""
    (settings,) = of_kind(manifests, "ConfigMap")
    names = set(settings["data"])
    for pod in pods(manifests):
        for container in containers_of(pod):
            assert container.get("envFrom", []) in (
                [], [{"configMapRef": {"name": settings["metadata"]["name"]}}],
            )  # fmt: skip
            assert all(set(one) == {"name", "value"} for one in container.get("env", []))
            names |= {one["name"] for one in container.get("env", [])} - {"STATUS_DIR"}
    assert names <= set(settings_of_the_example()) - SECRETS
    assert of_kind(manifests, "Secret") == []


def test_nobody_waits_for_what_never_ends(manifests: list[Manifest]) -> None:
    """No job that is under way for good forbids the next one, and no two are at work at once."""
    for job in of_kind(manifests, "CronJob"):
        assert job["spec"]["concurrencyPolicy"] == "Forbid"
        assert job["spec"]["jobTemplate"]["spec"]["activeDeadlineSeconds"] < DAY
        assert job["spec"]["timeZone"] == "America/Sao_Paulo"


def test_a_node_that_is_drained_costs_no_backup_and_no_proof(manifests: list[Manifest]) -> None:
    """Another pod begins anew, and that is no failure of the Job."""
    no_failure = {
        "action": "Ignore",
        "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}],
    }
    specs = {
        one["metadata"]["name"]: one["spec"]["jobTemplate"]["spec"]
        for one in of_kind(manifests, "CronJob")
    }
    for name in ("db7-dump", "db7-drill"):
        assert specs[name]["podFailurePolicy"]["rules"][0] == no_failure


def test_a_pod_asks_its_node_for_the_room_that_it_may_take(manifests: list[Manifest]) -> None:
    """Or a disk runs full, and what is put out by that begins anew, which counts as no failure."""
    found = {}
    for one in of_kind(manifests, "CronJob"):
        pod = template_of(one)["spec"]
        limits = {
            volume["name"]: volume["emptyDir"]["sizeLimit"]
            for volume in pod["volumes"]
            if volume.get("emptyDir")
        }
        requests = [
            container["resources"]["requests"]["ephemeral-storage"]
            for container in containers_of(pod)
            if "ephemeral-storage" in container["resources"]["requests"]
        ]
        found[one["metadata"]["name"]] = (limits, requests)
    assert found == {
        "db7-dump": ({"dumps": "10Gi"}, ["10Gi"]),
        "db7-drill": ({"scratch": "30Gi"}, ["30Gi"]),
        "db7-prune": ({}, []),
    }


def test_whoever_meets_a_row_has_memory_for_the_largest(manifests: list[Manifest]) -> None:
    """1 GiB: a dump that is killed takes those with it that had ended well."""
    limits = {
        container["name"]: container["resources"]["limits"]["memory"]
        for pod in pods(manifests)
        for container in containers_of(pod)
    }
    assert limits["dump"] == limits["drill"] == limits["restore"] == "2Gi"


def test_nothing_is_removed_before_somebody_says_so(manifests: list[Manifest]) -> None:
    """Nor is a restore at rest a pod; what it needs to go back is kept all the same."""
    spec = {one["metadata"]["name"]: one["spec"] for one in workloads(manifests)}
    assert spec["db7-prune"]["suspend"] is True
    assert spec["db7-restore"]["replicas"] == 0
    claims = [one["metadata"]["name"] for one in of_kind(manifests, "PersistentVolumeClaim")]
    volumes = spec["db7-restore"]["template"]["spec"]["volumes"]
    assert {"claimName": claims[0]} in [one.get("persistentVolumeClaim") for one in volumes]


def matched(selector: Manifest, manifests: list[Manifest]) -> set[str]:
    """Whose pods it finds."""
    wanted = selector.get("matchLabels", selector)
    assert wanted["app.kubernetes.io/instance"] == "db7"
    expressions = selector.get("matchExpressions", [])
    assert {one["operator"] for one in expressions} <= {"In"}
    labels = {
        one["metadata"]["name"]: template_of(one)["metadata"]["labels"]
        for one in workloads(manifests)
    }
    return {
        name
        for name, own in labels.items()
        if wanted.items() <= own.items()
        and all(own[one["key"]] in one["values"] for one in expressions)
    }


def test_selectors_find_pods_of_this_server_only(manifests: list[Manifest]) -> None:
    """So that several servers' backups may be in one namespace."""
    for one in of_kind(manifests, "Deployment"):
        assert matched(one["spec"]["selector"], manifests) == {one["metadata"]["name"]}
    (service,) = of_kind(manifests, "Service")
    assert matched(service["spec"]["selector"], manifests) == {"db7-status"}


def test_pods_reach_names_and_the_store_and_two_the_database(manifests: list[Manifest]) -> None:
    """And nobody reaches any, but the page."""
    found = {
        one["metadata"]["name"]: (
            matched(one["spec"]["podSelector"], manifests),
            one["spec"]["policyTypes"],
            ports(one["spec"], "ingress"),
            ports(one["spec"], "egress"),
        )
        for one in of_kind(manifests, "NetworkPolicy")
    }
    assert found == {
        "db7-store": (WORKLOADS, ["Ingress", "Egress"], set(), {53, 443}),
        "db7-database": ({"db7-dump", "db7-restore"}, ["Egress"], set(), {3306}),
        "db7-page": ({"db7-status"}, ["Ingress"], {8080}, set()),
    }
