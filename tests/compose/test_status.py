"""What the running stack shows: a page and figures; and what Prometheus makes of them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from datadump.status.metrics import as_metrics
from support.compose import Checkout
from support.onlookers import docker, image_of, running
from support.programs import ROOT
from support.states import states
from support.waiting import free_port, wait_for

from .conftest import LOOK, Stack

ADDRESS = "http://127.0.0.1:8334/"
RULES = ("--volume", f"{ROOT}/dockerfiles/status:/rules:ro")


@pytest.fixture(scope="module")
def onlookers() -> str:
    """The image."""
    return image_of("tests/compose/onlookers")


def read(path: str = "", **options: str) -> tuple[int, str, str]:
    """Status, content type and text of what the server answers."""
    try:
        with urlopen(Request(ADDRESS + path, **options)) as answer:  # type: ignore[arg-type]
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except HTTPError as error:
        return error.code, "", ""


def word() -> str:
    """Whether all is well, as the page says it."""
    found = re.search("<h1>(.*?)</h1>", read()[2])
    assert found
    return found[1]


def test_quickstart_ends_with_the_address_of_the_page(stack: Stack, backed_up: Checkout) -> None:
    """Which is green after its look."""
    assert stack.quickstart.stdout.splitlines()[-1].endswith(f" {ADDRESS}")
    backed_up.compose(*LOOK)
    assert word() == "Well"


def test_store_that_is_away_makes_the_page_red_until_it_is_back(backed_up: Checkout) -> None:
    """It says what to do, and the figures say 0."""
    figure, away = 'datadump_check_passed{check="bucket",database=""}', ""
    for action, expected, value in (("stop", "Wrong", "0.0"), ("up", "Well", "1.0")):
        options = ("--timeout", "5") if action == "stop" else ("--detach", "--wait")
        backed_up.compose(action, *options, "s3")
        backed_up.run("docker", "compose", *LOOK)
        assert word() == expected
        away = read()[2] if action == "stop" else away
        assert f"{figure} {value}\n" in read("metrics")[2]
        assert ("<h3>bucket</h3>" in read()[2]) is (action == "stop")
    assert "is the store at http://s3:8333 (AWS_ENDPOINT_URL_S3) up" in away


def test_server_shows_three_files_and_no_others(backed_up: Checkout) -> None:
    """With the types that Prometheus and browsers ask for; nobody can send it anything."""
    backed_up.compose(*LOOK)
    assert read()[:2] == (200, "text/html; charset=utf-8")
    assert read("status.json")[:2] == (200, "application/json")
    assert read("metrics")[:2] == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert json.loads(read("status.json")[2])["databases"][0]["database"] == "FACULDADE"
    for path in ("metrics.new", ".hidden", "../etc/passwd", "index.html/", "etc/status/stale.lua"):
        assert read(path)[0] in {403, 404}
    assert read("metrics", method="POST")[0] == 403


def test_server_holds_nothing_and_reaches_nothing(clone: Checkout) -> None:
    """No secret, no capability, no folder but the files, which it can't write."""
    found = clone.container("status")
    host = found["HostConfig"]
    assert host["ReadonlyRootfs"] is True
    assert (host["CapDrop"], host["CapAdd"]) == (["ALL"], None)
    assert [(mount["Destination"], mount["RW"]) for mount in found["Mounts"]] == [
        ("/status", False)
    ]
    assert found["Config"]["User"] == "33"  # www-data
    assert host["PortBindings"] == {"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8334"}]}
    (network,) = found["NetworkSettings"]["Networks"]
    (options,) = json.loads(
        docker("network", "inspect", "--format", "[{{json .Options}}]", network)
    )
    assert options["com.docker.network.bridge.enable_ip_masquerade"] == "false"


@pytest.mark.parametrize("state", states())
def test_figures_are_as_prometheus_wants_them(onlookers: str, state: str) -> None:
    """By promtool's own rules, whatever the databases are called."""
    found = states()[state]
    docker("run", "--rm", "--interactive", onlookers, "promtool", "check", "metrics",
           text=as_metrics(found.checks, found.seen))  # fmt: skip


def test_alert_rules_fire_for_what_they_are_for(onlookers: str) -> None:
    """And not before: alerts_test.yml."""
    tests = ("--volume", f"{ROOT}/tests/compose:/tests:ro")
    docker("run", "--rm", *RULES, onlookers, "promtool", "check", "rules", "--lint-fatal",
           "/rules/alerts.yml")  # fmt: skip
    docker("run", "--rm", *RULES, *tests, onlookers, "promtool", "test", "rules",
           "/tests/alerts_test.yml")  # fmt: skip


def test_prometheus_scrapes_the_figures_and_has_the_rules(
    backed_up: Checkout, onlookers: str, tmp_path: Path
) -> None:
    backed_up.compose(*LOOK)
    (tmp_path / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s}\n"
        "rule_files: [/rules/alerts.yml]\n"
        "scrape_configs:\n"
        "  - {job_name: datadump, static_configs: [{targets: ['127.0.0.1:8334']}]}\n"
    )
    tmp_path.chmod(0o755)
    port = free_port()
    command = (
        "prometheus", "--config.file=/config/prometheus.yml", "--storage.tsdb.path=/tmp/data",
        f"--web.listen-address=127.0.0.1:{port}",
    )  # fmt: skip
    options = ("--network", "host", *RULES, "--volume", f"{tmp_path}:/config:ro")

    def ask(path: str) -> list[dict[str, object]]:
        try:
            with urlopen(f"http://127.0.0.1:{port}/api/v1/{path}") as answer:
                data = json.load(answer)["data"]
        except OSError:
            return []  # it isn't ready yet
        found: list[dict[str, object]] = data.get("result") or data.get("groups") or []
        return found

    with running(onlookers, *command, options=options):
        (passed,) = wait_for(
            "it has scraped",
            lambda: ask("query?query=min(datadump_check_passed)"),
            60,
        )
        assert passed["value"][1] == "1"  # type: ignore[index]
        (size,) = ask("query?query=datadump_last_backup_size_bytes")
        assert size["metric"]["database"] == "FACULDADE"  # type: ignore[index]
        (group,) = ask("rules")
        rules = (ROOT / "dockerfiles/status/alerts.yml").read_text().count("- alert: ")
        assert len(group["rules"]) == rules  # type: ignore[arg-type]
