"""The page as it is written; how it looks is tried in a browser, in the compose suite."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import datetime
from xml.etree.ElementTree import Element

import html5lib
import pytest
from datadump.sight.seen import BackupSeen, PipelineSeen, ProofSeen
from datadump.status.page import as_page
from datadump.status.report import as_json, as_table
from datadump.watch.checks import WORST_FIRST
from support.pages import rows_of
from support.states import DAY, HOSTILE, HOUR, Found, database, day, look, states

NOW = 1_795_000_000.0
LARGEST = 200 * 1024  # bytes, for forty databases
XHTML = "{http://www.w3.org/1999/xhtml}"


def tree(found: Found) -> Element:
    """Raises for anything that isn't valid."""
    parsed: Element = html5lib.HTMLParser(strict=True).parse(as_page(*found))
    return parsed


def texts(root: Element, tag: str) -> list[str]:
    return [" ".join("".join(one.itertext()).split()) for one in root.iter(XHTML + tag)]


@pytest.mark.parametrize("state", states(NOW))
def test_page_is_valid_and_asks_for_nothing_else(state: str) -> None:
    """No script, no resource of anybody's."""
    root = tree(states(NOW)[state])
    tags = {one.tag.removeprefix(XHTML) for one in root.iter() if isinstance(one.tag, str)}
    assert tags & {"script", "img", "link", "iframe", "object", "form", "input"} == set()
    links = {one.get("href") for one in root.iter(XHTML + "a")}
    assert {link for link in links if link and link[0] != "#"} == {"status.json", "metrics"}


def test_page_of_forty_databases_is_small() -> None:
    """With the longest names; and with a drill of each backup that failed, for a long reason."""
    long = [database("n" * 62 + f"{number:02}", NOW, proven=range(90)) for number in range(40)]
    failed = [
        one._replace(
            proofs=[p._replace(verified=False, reason="a table " * 20) for p in one.proofs]
        )
        for one in (database(f"db_{number:02}", NOW, proven=range(90)) for number in range(40))
    ]
    for pipelines in (long, failed):
        assert len(as_page(*look(NOW, *pipelines)).encode()) < LARGEST


def test_hostile_names_stay_text() -> None:
    """Of databases, keys and the log's lines; for the browser, and for the server's directives."""
    page = as_page(*states(NOW)["hostile"])
    directives = set(re.findall(r"<!--.*?-->", page))
    assert directives == {'<!--#if expr="$STALE" -->', "<!--#else -->", "<!--#endif -->"}
    root = html5lib.parse(page)
    assert HOSTILE in texts(root, "h3")
    assert HOSTILE in texts(root, "pre")
    assert any(HOSTILE in text for text in texts(root, "th"))


def test_what_is_wrong_comes_first_with_what_to_do() -> None:
    found = states(NOW)["forty"]
    items = texts(tree(found), "li")
    assert [item.partition(" of ")[0] for item in items] == sorted(
        (check.name for check in found.checks if not check.passed), key=WORST_FIRST.index
    )
    assert all(check.text in item for check, item in zip(found.checks, items, strict=False))


def rows(found: Found) -> dict[str, list[str]]:
    """The cells of each database's row, by its name."""
    table = next(one for one in tree(found).iter(XHTML + "table"))
    found_rows = list(table.iter(XHTML + "tr"))[1:]
    return {texts(row, "th")[0].partition(" (")[0]: texts(row, "td") for row in found_rows}


def test_row_says_how_old_how_large_and_whether_proven() -> None:
    found = rows(states(NOW)["well"])
    assert found["shop"][0].startswith("3 hours ago (")
    assert found["shop"][1:] == ["200.0 MiB", "yes, 2 hours ago", "nothing", "7 minutes"]
    assert found["wiki"][2] == "○ no; an older backup was, 14 days ago"


def test_store_that_is_away_is_no_zero() -> None:
    """What the log tells is said, as that."""
    found = rows(states(NOW)["away"])
    newest, size, proof, waiting, restore = found["shop"]
    assert newest.startswith("not known; by the log, the last upload was 3 days ago (")
    assert (size, proof, waiting, restore) == (
        "-",
        "not known",
        "2 dumps, since 2 days",
        "not known",
    )


def test_page_of_a_fleet_says_nothing_of_what_its_hosts_alone_know() -> None:
    """Neither a column nor a section, nor a sign for what only a log tells of."""
    found = states(NOW)["fleet"]
    root = tree(found)
    assert texts(root, "h2") == ["What is wrong, worst first", "Pipelines", "Day by day"]
    assert [text for text in texts(root, "th") if "upload" in text] == []
    assert len(rows(found)["db00/shop_0"]) == 4
    said = " ".join(texts(root, "p"))
    assert "no longer kept" not in said
    assert "2 of 91 checks fail, of 30 pipelines in the bucket." in said
    assert "docker-compose.yml of that pipeline's host, or of any with its settings." in said


def test_pipelines_of_a_fleet_that_are_wrong_come_first() -> None:
    """In the table, too, and day by day."""
    root = tree(states(NOW)["fleet"])
    assert texts(root, "h3")[2:5] == ["db01/shop_5", "db02/shop_6", "db00/shop_0"]
    names = [one for one in root.iter(XHTML + "th") if one.get("scope") == "row"]
    assert [one.get("class") for one in names[:3]] == ["bad", "bad", "good"]


@pytest.mark.parametrize("trouble", ["", "no answer"])
def test_page_of_a_fleet_without_a_pipeline_is_not_well(trouble: str) -> None:
    found = look(NOW, bucket_alone=True, free=None, trouble=trouble)
    root = tree(found)
    assert texts(root, "h1")[-1] == "Wrong"
    assert any("are known again when the bucket answers" in p for p in texts(root, "p")) is (
        trouble != ""
    )


def test_table_of_a_fleet_is_brief_and_ends_with_how_many_there_are() -> None:
    """What fails is all there; the JSON has the rest."""
    found = states(NOW)["fleet"]
    lines = as_table(found.checks, found.failing, found.seen).splitlines()
    states_and_checks = Counter(tuple(line.split()[:2]) for line in lines[1:-1])
    assert states_and_checks == {
        ("FAILED", "backup"): 2, ("ok", "bucket"): 1, ("ok", "backup"): 28,
    }  # fmt: skip
    assert lines[-1] == "2 of 91 checks fail; 30 pipelines"
    one = database("a", NOW)
    failed = one._replace(proofs=[p._replace(verified=False) for p in one.proofs])
    table = as_table(*look(NOW, failed, bucket_alone=True))
    assert [line.split()[1] for line in table.splitlines() if "FAILED  " in line] == ["proof"]


def test_json_of_a_fleet_has_no_number_for_what_nobody_looked_at() -> None:
    """Null, and not nothing."""
    found = json.loads(as_json(*states(NOW)["fleet"]))
    assert found["version"] == 1
    one = found["databases"][0]
    assert one["database"] == "db00/shop_0"
    assert {name for name, value in one.items() if value is None} == {"waiting", "dump", "uploaded"}


def test_row_of_what_nobody_knows_is_not_called_well() -> None:
    """The folder and the log have nothing to say against it; nor does the bucket."""
    found = look(NOW, PipelineSeen("shop", uploaded=NOW - DAY), trouble="no answer")
    (name,) = (one for one in tree(found).iter(XHTML + "th") if one.get("scope") == "row")
    assert name.get("class") == ""


def test_what_failed_before_the_bucket_fell_silent_is_said() -> None:
    """It isn't over."""
    found = look(NOW, PipelineSeen("shop"), trouble="no answer")
    known = found._replace(failing=found.failing | {"backup of shop": NOW - DAY})
    assert texts(tree(known), "li")[-1].startswith("backup of shop found ")


def test_drill_of_the_newest_counts_before_that_of_an_older_one() -> None:
    """Whose object may be gone."""
    one = database("shop", NOW, proven=[])
    newest = one.backups[0]
    proofs = [
        ProofSeen(f"shop/{day(NOW + DAY)}/datadump1.sql", NOW, True, "", 7200.0, "gone"),
        ProofSeen(newest.key, NOW - HOUR, False, "t is missing", 3.0, newest.etag),
    ]
    cells = rows(look(NOW, one._replace(proofs=proofs)))["shop"]
    assert cells[2] == "failed 60 minutes ago"


def test_time_of_a_restore_is_that_of_a_drill_that_went_well() -> None:
    """One that failed may have ended early."""
    one = database("shop", NOW, proven=[0, 7])
    newest, older = one.proofs
    failed = one._replace(proofs=[newest._replace(verified=False, seconds=3.0), older])
    assert rows(look(NOW, failed))["shop"][4] == "7 minutes"


def test_time_to_come_is_no_young_backup() -> None:
    one = database("shop", NOW + 2 * DAY)
    assert rows(look(NOW, one))["shop"][0].startswith("in a time to come (")


def test_day_of_a_backup_is_that_of_its_dump() -> None:
    """Although it was uploaded on the next one, which its key has."""
    midnight = datetime.fromtimestamp(NOW).astimezone().replace(hour=0, minute=5).timestamp()
    backup = BackupSeen(f"{day(midnight)}/datadump1.sql", 1, midnight - 600)
    cells = texts(tree(look(midnight, PipelineSeen("shop", [backup]))), "td")
    assert any(cell.endswith(", yesterday") for cell in cells)
    assert not any(cell.endswith(", today") for cell in cells)


def test_newest_ten_have_their_commands() -> None:
    """Ready for a shell, whatever the database is called."""
    one = database("it's", NOW)
    commands = texts(tree(look(NOW, one)), "code")[2:]
    assert commands[0] == (
        f"""docker compose run --rm restore 'it'"'"'s/{day(NOW)}/datadump1.sql.zst'"""
    )
    assert len(commands) == 10
    dash = look(NOW, database("-x", NOW))
    assert " restore -- -x/" in texts(tree(dash), "code")[2]


def test_newest_that_is_proven_is_offered_too() -> None:
    """Where it is none of the newest ten."""
    one = database("shop", NOW, proven=[21, 28, 35])
    commands = texts(tree(look(NOW, one)), "code")[2:]
    assert len(commands) == 11
    assert commands[-1].endswith(f"shop/{day(NOW - 3 * HOUR - 28 * DAY)}/datadump1.sql.zst")


@pytest.mark.parametrize(("silent", "missed"), [(0, False), (1, True)])
def test_gap_of_today_stands_out(silent: int, missed: bool) -> None:
    found = look(NOW, database("shop", NOW, silent=silent))
    assert ("Today: no backup yet." in texts(tree(found), "p")) is missed


def test_json_has_the_fields_that_its_page_documents() -> None:
    """All, and no others; null for what isn't known."""
    plain = json.loads(as_json(*look(NOW, database("shop", NOW, silent=2))))
    assert plain["version"] == 1
    assert plain["well"] is False
    failing = [check for check in plain["checks"] if not check["passed"]]
    assert [(check["name"], check["since"]) for check in failing] == [("backup", NOW - 3600)]
    (one,) = plain["databases"]
    assert one["backup"]["dumped_at"] == NOW - 2 * DAY - 3 * 3600
    documented = {
        name for row in rows_of("scripts/status.md") for name in re.findall("`(.+?)`", row[0])
    }
    assert documented >= plain.keys() | one.keys()
    fresh = json.loads(as_json(*states(NOW)["fresh"]))["databases"][0]
    assert fresh == {
        "database": "FACULDADE", "backup": None, "proof": None, "waiting": [], "dump": None,
        "uploaded": None, "expected_restore_seconds": None,
    }  # fmt: skip
