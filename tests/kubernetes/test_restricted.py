"""A namespace of the level "restricted" takes the pods of the example."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from support.manifests import Manifest, containers_of, of_kind, pods, template_of

KINDS_OF_VOLUMES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim",
    "projected", "secret",
}  # fmt: skip
SECCOMP = {"RuntimeDefault", "Localhost"}
# https://kubernetes.io/docs/concepts/security/pod-security-standards/, "restricted"; what that
# allows and no pod here needs is forbidden, too. Of a pod's spec; of a container, in its context.
RULES_OF_PODS: dict[str, Callable[[Manifest], object]] = {
    "a namespace of the host's": lambda pod: (
        pod.get("hostNetwork") or pod.get("hostPID") or pod.get("hostIPC")
    ),
    "sysctls": lambda pod: pod["securityContext"].get("sysctls"),
    "volumes": lambda pod: (
        {kind for one in pod["volumes"] for kind in one} - {"name", *KINDS_OF_VOLUMES}
    ),
}
RULES_OF_CONTAINERS: dict[str, Callable[[Manifest, Manifest], object]] = {
    "capabilities": lambda _, context: context.get("capabilities") != {"drop": ["ALL"]},
    "privileged": lambda _, context: context.get("privileged"),
    "procMount": lambda _, context: context.get("procMount"),
    "allowPrivilegeEscalation": lambda _, context: (
        context.get("allowPrivilegeEscalation") is not False
    ),
    "runAsNonRoot": lambda _, context: context.get("runAsNonRoot") is not True,
    "runAsUser": lambda _, context: context.get("runAsUser") == 0,
    "seccompProfile": lambda _, context: (
        context.get("seccompProfile", {}).get("type") not in SECCOMP
    ),
    "other profiles": lambda _, context: (
        {"seLinuxOptions", "appArmorProfile", "windowsOptions"} & set(context)
    ),
    "hostPort": lambda one, _: any("hostPort" in port for port in one.get("ports", [])),
    "host of a probe": lambda one, _: any(
        f'"{way}": {{"host"' in json.dumps(one, sort_keys=True) for way in ("httpGet", "tcpSocket")
    ),
}


def violations(pod: Manifest) -> list[str]:
    """What keeps a namespace of that level from taking the pod."""
    found = [name for name, breaks in RULES_OF_PODS.items() if breaks(pod)]
    for container in containers_of(pod):
        context = {**pod["securityContext"], **container["securityContext"]}
        found += [
            name for name, breaks in RULES_OF_CONTAINERS.items() if breaks(container, context)
        ]
    return found


def test_pods_are_of_the_level_restricted(manifests: list[Manifest]) -> None:
    """The file systems of their images are read-only, too, and no token lies in them."""
    for pod in pods(manifests):
        assert violations(pod) == []
        assert pod["automountServiceAccountToken"] is False
        for container in containers_of(pod):
            assert container["securityContext"]["readOnlyRootFilesystem"] is True


@pytest.mark.parametrize(
    ("found", "change"),
    [
        ("a namespace of the host's", lambda pod: pod.update(hostNetwork=True)),
        ("volumes", lambda pod: pod["volumes"][-1].update(hostPath={"path": "/"})),
        ("seccompProfile", lambda pod: pod["securityContext"].pop("seccompProfile")),
        ("runAsUser", lambda pod: pod["securityContext"].update(runAsUser=0)),
        ("runAsNonRoot", lambda pod: pod["securityContext"].pop("runAsNonRoot")),
        ("capabilities", lambda pod: first(pod)["securityContext"].pop("capabilities")),
        ("privileged", lambda pod: first(pod)["securityContext"].update(privileged=True)),
        (
            "allowPrivilegeEscalation",
            lambda pod: first(pod)["securityContext"].pop("allowPrivilegeEscalation"),
        ),
        ("hostPort", lambda pod: first(pod).update(ports=[{"containerPort": 1, "hostPort": 1}])),
        (
            "host of a probe",
            lambda pod: first(pod).update(livenessProbe={"tcpSocket": {"host": "h", "port": 1}}),
        ),
    ],
)
def test_a_pod_that_is_not_is_found(
    manifests: list[Manifest], found: str, change: Callable[[Manifest], object]
) -> None:
    """Or the test before would say nothing."""
    pod = deepcopy(template_of(of_kind(manifests, "Deployment")[0])["spec"])
    change(pod)
    assert violations(pod) == [found]


def first(pod: Manifest) -> Any:
    return pod["containers"][0]


def test_requests_and_limits_are_set_for_each(manifests: list[Manifest]) -> None:
    """Memory has both; the processor's time none: what is throttled runs longer."""
    for pod in pods(manifests):
        for container in containers_of(pod):
            asked = set(container["resources"]["requests"])
            assert asked - {"ephemeral-storage"} == {"cpu", "memory"}
            assert set(container["resources"]["limits"]) == {"memory"}
