"""What the stack renders to: no file that a setting names is passed over, no key lies open."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.pages import blocks
from support.programs import ROOT

from .conftest import PAGE

STACK = "dockerfiles/swarm/stack.yml"
# What is the same in both has one name, but for this.
OF_COMPOSE = {
    "dump-schedule": "dump-schedule", "send-to-s3": "send-to-s3",
    "drill-schedule": "drill-schedule", "status": "watch",
}  # fmt: skip
FILES = {
    name: f"/nowhere/{name}"
    for name in re.findall(
        r"^    file: \$\{([A-Z0-9_]+):-", (ROOT / "docker-compose.yml").read_text(), re.MULTILINE
    )
}
NEEDED = {"STACK": "db7", "REGISTRY": "registry.example.com", "TAG": "1", "DB_HOST": "db7"}
OTHER_NAMES = {"AWS_CA_BUNDLE": "S3_CA_FILE"}


def config(*words: str, **settings: str) -> dict[str, Any]:
    """The services, as docker renders them with these settings."""
    result = subprocess.run(
        ["docker", *words], cwd=ROOT, env={"PATH": os.environ["PATH"], "HOME": "/root", **settings},
        text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    services: dict[str, Any] = yaml.safe_load(result.stdout)["services"]
    return services


def compose(**settings: str) -> dict[str, Any]:
    words = ("compose", "--env-file=/dev/null", "--profile=*", "config")
    return config(*words, **settings)


def stack(*more: str, **settings: str) -> dict[str, Any]:
    """With a file after the first, where one is named."""
    files = [f"--compose-file={file}" for file in (STACK, *more)]
    return config("stack", "config", *files, **NEEDED, **settings)


def names_of_files(service: str) -> set[str]:
    """The variables by which compose tells this service of files that somebody set."""
    name = OF_COMPOSE[service]
    unset, given = compose()[name]["environment"], compose(**FILES)[name]["environment"]
    return {name for name, value in given.items() if value != unset.get(name)}


@pytest.mark.parametrize("service", OF_COMPOSE)
def test_file_that_a_setting_names_is_told_to_the_service(service: str) -> None:
    """By its path: without the second file there is none, and the program stops, and says so."""
    names = names_of_files(service) - {"CREDENTIALS_FILE"}
    assert names >= {"AWS_CA_BUNDLE"} or names == {"AGE_RECIPIENTS_FILE", "DB_TLS_CA"}
    environment = stack(**FILES)[service]["environment"]
    for name in names:
        setting = OTHER_NAMES.get(name, name)
        value = environment[name]  # None: the shell's, when it deploys
        assert (FILES[name] if value is None else value) == FILES[setting]


def test_second_file_of_the_page_says_where_the_secret_is(tmp_path: Path) -> None:
    """Whatever the setting says; and the web server beside it can read no secret."""
    (block,) = blocks(PAGE, "yaml")
    (tmp_path / "mine.yml").write_text(block)
    status = stack(str(tmp_path / "mine.yml"), **FILES)["status"]
    assert status["environment"]["ALERT_URLS_FILE"] == "/run/secrets/alert_urls"
    modes = {secret["source"]: secret.get("mode") for secret in status["secrets"]}
    assert modes == dict.fromkeys(("credentials", "alert_urls"), 0o400)
