"""The figures for Prometheus."""

from __future__ import annotations

import re

from datadump.sight.seen import PipelineSeen
from datadump.status.metrics import as_metrics
from datadump.watch.checks import WORST_FIRST
from prometheus_client.parser import text_string_to_metric_families
from support.pages import rows_of
from support.programs import ROOT
from support.states import DAY, HOUR, Found, database, look, states

NOW = 1_795_000_000.0


def figures(found: Found) -> dict[tuple[str, ...], float]:
    """By name and labels, as Prometheus reads them."""
    families = text_string_to_metric_families(as_metrics(found.checks, found.seen))
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def test_figures_have_the_names_of_the_contract_and_base_units() -> None:
    found = figures(look(NOW, database("shop", NOW)))
    checks = {name: value for name, value in found.items() if name[0] == "datadump_check_passed"}
    assert set(checks.values()) == {1.0}
    assert {name: value for name, value in found.items() if name not in checks} == {
        ("datadump_last_look_timestamp_seconds",): NOW,
        ("datadump_last_backup_timestamp_seconds", "shop"): NOW - 3 * HOUR,
        ("datadump_last_backup_size_bytes", "shop"): 200 * 1024 * 1024,
        ("datadump_last_proof_timestamp_seconds", "shop"): NOW - 2 * HOUR,
        ("datadump_last_proof_verified", "shop"): 1.0,
        ("datadump_waiting_dumps", "shop"): 0.0,
        ("datadump_expected_restore_seconds", "shop"): 421.0,
    }


def test_page_of_the_figures_has_them_all() -> None:
    found = figures(look(NOW, database("shop", NOW)))
    documented = "".join(row[0] for row in rows_of("scripts/status.md"))
    assert {name[0] for name in found} == set(re.findall(r"`(datadump_\w+)`", documented))


def test_each_check_has_a_rule_that_tells_when_it_fails() -> None:
    rules = (ROOT / "dockerfiles/status/alerts.yml").read_text()
    told = re.findall(r'datadump_check_passed{check=~?"([a-z|]+)"} == 0$', rules, re.MULTILINE)
    assert sorted("|".join(told).split("|")) == sorted(WORST_FIRST)


def test_what_is_not_known_has_no_figure() -> None:
    """A 0 would be a backup of 1970; of a bucket that doesn't answer the check alone says so."""
    away = look(NOW, PipelineSeen("shop", waiting=[NOW - DAY]), trouble="no answer")
    found = figures(away)
    assert {name[0] for name in found} == {
        "datadump_check_passed", "datadump_last_look_timestamp_seconds", "datadump_waiting_dumps",
    }  # fmt: skip
    assert found["datadump_check_passed", "bucket", ""] == 0.0
    assert found["datadump_check_passed", "upload", "shop"] == 0.0
    assert ("datadump_check_passed", "backup", "shop") not in found


def test_figures_of_a_fleet_have_the_names_of_its_pipelines() -> None:
    """And none of what waits: nobody looked there."""
    found = figures(states(NOW)["fleet"])
    assert found["datadump_check_passed", "backup", "db01/shop_5"] == 0.0
    assert (
        found["datadump_last_backup_timestamp_seconds", "db01/shop_5"] == NOW - 2 * DAY - 3 * HOUR
    )
    assert "datadump_waiting_dumps" not in {name[0] for name in found}
    assert {name[1] for name in found if name[0] == "datadump_check_passed"} == {
        "bucket", "backup", "proof", "size",
    }  # fmt: skip


def test_name_of_a_database_is_escaped() -> None:
    """It may hold what ends a label, or a line."""
    name = 'a"} 1\\\nb'
    assert figures(look(NOW, database(name, NOW)))["datadump_waiting_dumps", name] == 0.0
