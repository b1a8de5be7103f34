"""What the pipelines that share a bucket are called, and which of them nobody is to watch."""

from __future__ import annotations

import pytest
from datadump.settings.pipelines import Pipeline
from datadump.settings.watching import read_wanted
from datadump.sight.fleet import exact_name_of, is_left_out, name_of
from datadump.sight.in_bucket import newest_known


def pipeline(prefix: str, database: str = "") -> Pipeline:
    return Pipeline(database, "", prefix)


@pytest.mark.parametrize(
    ("prefix", "database", "name"),
    [
        ("db7/shop/", "shop", "db7/shop"),
        ("db7/", "shop", "db7:shop"),
        ("hosts/one/db7/", "shop", "hosts/one/db7:shop"),
        ("a%2Fb/", "a/b", "a%252Fb"),
        ("db7/", "my, *shop\n", "db7:my%2C%20%2Ashop%0A"),
        ("db7/", "ação", "db7:ação"),
        ("db7/shop/", "", "db7/shop"),
        ("", "FACULDADE", "/:FACULDADE"),
        ("", "", "/"),
    ],
)
def test_pipeline_is_called_by_its_prefix(prefix: str, database: str, name: str) -> None:
    """And by its database where that isn't told by the last folder; by one word that is plain."""
    assert name_of(pipeline(prefix, database)) == name


def test_no_two_pipelines_have_one_name() -> None:
    """Whatever somebody calls a folder: each is a row, a label and the subject of a check."""
    found = [
        pipeline("db7/", "shop"), pipeline("db7:shop/"), pipeline("db7%3Ashop/"),
        pipeline("db7/shop/"), pipeline("", "shop"), pipeline("", "crm"), pipeline("shop/"),
    ]  # fmt: skip
    assert len({name_of(one) for one in found}) == len(found)


@pytest.mark.parametrize(
    "one",
    [
        pipeline("db1/", "shop"), pipeline("shop/", "shop"), pipeline("db1/shop/", "shop"),
        pipeline("", "shop"), pipeline("db7/", "my, shop"), pipeline("db 1/", "a*b"),
    ],
    ids=name_of,
)  # fmt: skip
def test_exact_name_leaves_out_that_pipeline_alone(one: Pipeline) -> None:
    """The word that an alarm tells silences no other host."""
    others = [
        pipeline("db1/", "crm"), pipeline("db10/", "shop"), pipeline("db1/shop/", "crm"),
        pipeline("db9/shop/", "shop"), pipeline("db8/", "shop"), pipeline("", "crm"),
        pipeline("db7/", "my own shop"), pipeline("dbx1/", "a*b"), pipeline("db 1/", "a_b"),
    ]  # fmt: skip
    wanted = read_wanted({"DB_EXCLUDE": f"old {exact_name_of(one)}"})
    assert is_left_out(one, wanted)
    assert [other for other in others if is_left_out(other, wanted)] == []


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        ("db7/shop", {"db7/crm", "db8/shop", "db9:shop", "/:old"}),
        ("shop", {"db7/crm", "/:old"}),
        ("db7/*", {"db8/shop", "db9:shop", "/:old"}),
        ("db9", {"db7/shop", "db7/crm", "db8/shop", "/:old"}),
        ("db9:*", {"db7/shop", "db7/crm", "db8/shop", "/:old"}),
        ("/", {"db7/shop", "db7/crm", "db8/shop", "db9:shop"}),
        ("sho", {"db7/shop", "db7/crm", "db8/shop", "db9:shop", "/:old"}),
        ("*", set()),
    ],
)
def test_exclusion_names_a_prefix_a_database_or_both(pattern: str, left: set[str]) -> None:
    found = [
        pipeline("db7/shop/", "shop"), pipeline("db7/crm/", "crm"), pipeline("db8/shop/", "shop"),
        pipeline("db9/", "shop"), pipeline("", "old"),
    ]  # fmt: skip
    wanted = read_wanted({"DB_EXCLUDE": pattern})
    assert {name_of(one) for one in found if not is_left_out(one, wanted)} == left


def test_facts_tell_which_pipelines_an_earlier_look_knew() -> None:
    """Each with the one of its newest backup, by day and number; those below a prefix alone."""
    facts = {
        "db7/shop/2026-11-23/datadump9.sql e1": [1.0, "shop"],
        "db7/shop/2026-11-23/datadump10.sql e2": [2.0, "shop"],
        "db7/shop/2026-11-22/datadump11.sql e3": [0.0, ""],
        "db7/shop/proofs/2026-11-23/datadump10.sql.json e4": None,
        "db7/crm/2026-11-20/datadump1.sql ": [0.0, ""],
        "db70/2026-11-20/datadump1.sql e": [0.0, "wiki"],
    }
    assert newest_known(facts, "db7/") == {
        pipeline("db7/shop/", "shop"): "db7/shop/2026-11-23/datadump10.sql e2",
        pipeline("db7/crm/"): "db7/crm/2026-11-20/datadump1.sql ",
    }
    assert pipeline("db70/", "wiki") in newest_known(facts, "")
