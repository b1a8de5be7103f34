"""watch.py --all-prefixes: of every pipeline that shares a bucket, by what is in it alone."""

from __future__ import annotations

import hashlib
import json
import re
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from datadump.backups.proofs import Proof, encode
from datadump.sight.in_bucket import MOST_ASKED
from datadump.watch.memory import NONE, MemoryFolder
from support.policies import PREFIX, make_account
from support.programs import Workplace, noon_zone
from support.proxy import Answer, Proxy
from support.store import Store

ALL = "--all-prefixes"
AWAY = {"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1"}
PIPELINES, DAYS, SILENT = 100, 90, "db04/shop_4"


@pytest.fixture
def fleet(uploads: Workplace, store: Store, bucket: str, tmp_path: Path) -> Workplace:
    """A watch on a host that dumps nothing and has no log, and a bucket that is empty."""
    store.client().create_bucket(Bucket=bucket)
    for name in ("watch", "status"):
        (tmp_path / name).mkdir()
    uploads.settings |= {
        "WATCH_DIR": str(tmp_path / "watch"),
        "STATUS_DIR": str(tmp_path / "status"),
        "DUMPS_DIR": "/nowhere/dumps",
        "LOGS_DIR": "/nowhere/logs",
    }
    return uploads


def moment(ago: int) -> datetime:
    """An hour before now, so many days ago, in the zone of the keys."""
    return datetime.now(ZoneInfo(noon_zone())) - timedelta(ago, hours=1)


def key_of(prefix: str, ago: int, number: int = 1) -> str:
    return f"{prefix}{moment(ago).date()}/datadump{number}.sql"


def put(
    store: Store, bucket: str, prefix: str, *days: int, database: str = "", number: int = 1
) -> None:
    """A backup of each of these days."""
    for ago in days:
        told = {"dumped-at": moment(ago).isoformat(timespec="seconds")}
        if database:
            told["database"] = database
        store.put(bucket, key_of(prefix, ago, number), b"dump", **told)


def look(fleet: Workplace, *below: str, **settings: str) -> tuple[list[str], dict[str, str]]:
    """The pipelines that are seen, and what fails: text by subject."""
    result = fleet.watch(ALL, *below, "--json", **settings)
    found = json.loads(result.stdout)
    wrong = {
        f"{check['name']} of {check['database']}": check["text"]
        for check in found["checks"]
        if not check["passed"]
    }
    assert result.returncode == (1 if wrong else 0), result.stderr
    return [one["database"] for one in found["databases"]], wrong


def page(fleet: Workplace) -> str:
    return Path(fleet.settings["STATUS_DIR"], "index.html").read_text()


def test_every_pipeline_of_the_bucket_is_seen_by_its_name(
    fleet: Workplace, store: Store, bucket: str
) -> None:
    """And nothing else that is there; no folder of dumps and no log need be."""
    put(store, bucket, "", 0, database="FACULDADE")
    put(store, bucket, "db7/shop/", 0, database="shop")
    put(store, bucket, "a%2Fb/", 0, database="a/b")
    put(store, bucket, "hosts/one/", 0, database="crm")
    put(store, bucket, "hosts/one/", 0, database="shop", number=2)
    put(store, bucket, "unnamed/", 0)
    foreign = ("photos/2026/1.jpg", "photos/2026-11-23/1.jpg", "proofs/notes.json", "datadump1.sql")
    for key in foreign:
        store.put(bucket, key)
    assert look(fleet) == (
        ["/:FACULDADE", "a%252Fb", "db7/shop", "hosts/one:crm", "hosts/one:shop", "unnamed"],
        {},
    )
    result = fleet.watch(ALL)
    assert result.stdout.splitlines()[-1] == "0 of 19 checks fail; 6 pipelines"
    assert result.stderr == ""


def test_silent_one_does_not_hide_behind_another_of_its_prefix(
    fleet: Workplace, store: Store, bucket: str
) -> None:
    """However long it has been silent, while a look remembers it: for 90 days, and beyond."""
    put(store, bucket, "db7/", 0, 95, database="shop")
    put(store, bucket, "db7/", 95, 96, database="crm", number=2)
    assert look(fleet)[0] == ["db7:shop"]  # who never looked before
    store.client().delete_object(Bucket=bucket, Key=key_of("db7/", 0))
    assert look(fleet)[0] == ["db7:crm", "db7:shop"]
    put(store, bucket, "db7/", 0, database="shop")
    for _ in range(2):
        names, wrong = look(fleet)
        assert names == ["db7:crm", "db7:shop"]
        assert list(wrong) == ["backup of db7:crm"]
        assert wrong["backup of db7:crm"].startswith("the newest backup is 95 days old")


def test_pipeline_of_which_nothing_is_left_is_told_of_until_it_is_named(
    fleet: Workplace, store: Store, bucket: str
) -> None:
    """By the word that is said. Whoever loses the memory loses that."""
    put(store, bucket, "db7/", 0, 1, database="shop")
    put(store, bucket, "db8/", 0, database="crm")
    assert look(fleet)[1] == {}
    for ago in (0, 1):
        store.client().delete_object(Bucket=bucket, Key=key_of("db7/", ago))
    assert list(look(fleet, **AWAY)[1]) == ["bucket of "]
    for _ in range(2):
        names, wrong = look(fleet)
        assert names == ["db7:shop", "db8:crm"]
        (text,) = wrong.values()
        assert text.startswith("there is no backup at all: take one (")
        assert text.endswith(". If it is gone for good, add db7:shop to DB_EXCLUDE")
    assert "<h3>backup of db7:shop</h3>" in page(fleet)
    assert look(fleet, DB_EXCLUDE="db7:shop") == (["db8:crm"], {})
    assert "<h1>Well</h1>" in page(fleet)
    assert look(fleet) == (["db8:crm"], {})


def test_proof_whose_backups_are_gone_is_of_a_pipeline(
    fleet: Workplace, store: Store, bucket: str
) -> None:
    """There was one; that needs no memory."""
    store.put(bucket, f"db7/shop/proofs/{key_of('', 0)}.json")
    names, wrong = look(fleet)
    assert (names, list(wrong)) == (["db7/shop"], ["backup of db7/shop"])


def test_exclusion_leaves_out_prefixes_and_databases(
    fleet: Workplace, store: Store, bucket: str
) -> None:
    """What the settings name of this host's own databases counts for nothing."""
    for name in ("db7/shop", "db7/test_1", "db8/shop", "old/crm"):
        put(store, bucket, f"{name}/", 0, database=name.rpartition("/")[2])
    assert look(fleet, DB_EXCLUDE="test*, old/*", DB_NAMES="test_1", S3_PREFIX="db9") == (
        ["db7/shop", "db8/shop"],
        {},
    )


def test_where_all_are_old_the_newest_ten_are_asked_for_once(
    fleet: Workplace, store: Store, proxy: Proxy, bucket: str
) -> None:
    """One listing tells of the rest; of proofs likewise."""
    put(store, bucket, "db7/", *range(100, 115), database="shop")
    for ago in range(100, 115):
        store.put(bucket, f"db7/proofs/{key_of('', ago)}.json")
    (text,) = look(fleet)[1].values()
    assert text.startswith("the newest backup is 100 days old")
    assert len(proxy.requests) == 1 + 10 + 10
    proxy.requests.clear()
    look(fleet)
    assert len(proxy.requests) == 1


def test_look_is_limited_to_what_is_below_a_prefix(
    fleet: Workplace, store: Store, bucket: str
) -> None:
    """An account that may read no more can do without the rest."""
    put(store, bucket, f"{PREFIX}/shop/", 0, database="shop")
    put(store, bucket, "hosts/one_more/", 0, database="crm")
    keys = make_account(store, bucket, "restore")
    Path(fleet.settings["CREDENTIALS_FILE"]).write_text("\n".join([*keys, bucket]))
    assert look(fleet, f"/{PREFIX}") == ([f"{PREFIX}/shop"], {})
    assert list(look(fleet)[1]) == ["bucket of hosts/one_more"]
    result = fleet.watch(ALL, "../x")
    assert result.returncode == 2
    assert "--all-prefixes: '../x' is not a plain path such as hosts/one" in result.stderr


def test_policy_of_the_pages_is_enough(fleet: Workplace, store: Store, bucket: str) -> None:
    """For the whole bucket; it changes nothing there."""
    put(store, bucket, "db7/shop/", 0, database="shop")
    store.put(bucket, f"db7/shop/proofs/{key_of('', 0)}.json")
    keys = make_account(store, bucket, "watch")
    Path(fleet.settings["CREDENTIALS_FILE"]).write_text("\n".join([*keys, bucket]))
    assert look(fleet) == (["db7/shop"], {})
    client = store.connect("s3", keys)
    for operation in (client.put_object, client.delete_object):
        with pytest.raises(client.exceptions.ClientError, match="AccessDenied"):
            operation(Bucket=bucket, Key=key_of("db7/shop/", 0))


@pytest.mark.parametrize("there", [True, False])
def test_bucket_without_a_backup_is_not_well(
    fleet: Workplace, store: Store, bucket: str, there: bool
) -> None:
    """Nor is one that nobody has made yet."""
    if not there:
        store.client().delete_bucket(Bucket=bucket)
    assert look(fleet)[0] == []
    ((subject, text),) = look(fleet)[1].items()
    assert (subject, text.partition(":")[0]) == (
        "backup of *",
        "there is not one backup that is watched",
    )
    assert "<h1>Wrong</h1>" in page(fleet)


def test_bucket_that_is_gone_is_one_alarm(fleet: Workplace, store: Store, bucket: str) -> None:
    """And not one for each pipeline that was there; a slip of the store's looks the same."""
    put(store, bucket, "db7/shop/", 0, database="shop")
    look(fleet)
    store.client().delete_object(Bucket=bucket, Key=key_of("db7/shop/", 0))
    store.client().delete_bucket(Bucket=bucket)
    names, wrong = look(fleet)
    assert (names, list(wrong)) == (["db7/shop"], ["bucket of "])


def test_store_that_is_away_leaves_each_pipeline_on_the_page(
    fleet: Workplace, store: Store, bucket: str
) -> None:
    """As not known, with what failed before."""
    put(store, bucket, "db7/shop/", 3, database="shop")
    look(fleet)
    assert look(fleet, **AWAY)[0] == ["db7/shop"]
    assert "<h3>backup of db7/shop</h3>" in page(fleet)
    assert look(fleet)[0] == ["db7/shop"]


def test_changes_go_to_the_log_where_there_is_one(
    fleet: Workplace, store: Store, bucket: str
) -> None:
    """Else to the container's output; that there is none isn't said each time."""
    put(store, bucket, "db7/shop/", 3, database="shop")
    result = fleet.watch(ALL)
    assert result.stdout.startswith("check failed: backup of db7/shop: the newest backup is 3 days")
    assert "log" not in result.stderr
    put(store, bucket, "db7/shop/", 0, database="shop")
    assert fleet.watch(ALL, LOGS_DIR=str(fleet.logs)).returncode == 0
    (message,) = fleet.messages()
    assert message.startswith("check passed: backup of db7/shop: ")


def test_each_view_has_its_memory(fleet: Workplace, store: Store, bucket: str) -> None:
    """A look at one host, or at some, loses nothing of what only the memory of all knows."""
    put(store, bucket, "db7/", 0, database="shop")
    put(store, bucket, "db8/", 0, database="crm")
    look(fleet)
    store.client().delete_object(Bucket=bucket, Key=key_of("db7/", 0))
    assert fleet.watch(DUMPS_DIR=str(fleet.dumps), LOGS_DIR=str(fleet.logs)).returncode == 1
    assert look(fleet, "db8") == (["db8:crm"], {})
    assert list(look(fleet)[1]) == ["backup of db7:shop"]


def test_object_that_the_store_does_not_show_hides_no_other_pipeline(
    fleet: Workplace, store: Store, proxy: Proxy, bucket: str
) -> None:
    """As one that is encrypted by somebody else's key."""
    put(store, bucket, "db7/", 5, database="shop")
    put(store, bucket, "team/", 0)
    proxy.choose = lambda request: (
        403 if request.method == "HEAD" and "/team/" in request.path else None
    )
    for _ in range(2):
        names, wrong = look(fleet)
        assert (names, list(wrong)) == (
            ["db7:shop", "team"],
            ["bucket of team", "backup of db7:shop"],
        )
        assert wrong["backup of db7:shop"].startswith("the newest backup is 5 days old")
        assert wrong["bucket of team"].endswith("If these are no backups, add team: to DB_EXCLUDE")
    assert re.findall(r"<h3>(.*)</h3>\n<div", page(fleet)) == ["db7:shop"]
    assert re.findall(r'<a href="#db\d+">(.*)</a>', page(fleet)) == ["db7:shop"]
    assert list(look(fleet, DB_EXCLUDE="team:")[1]) == ["backup of db7:shop"]


def test_refusal_costs_nothing_that_was_known(
    fleet: Workplace, store: Store, proxy: Proxy, bucket: str
) -> None:
    """Of the prefix in which it was met: a store that has too much to do isn't asked all again."""
    put(store, bucket, "db7/", *range(1, 20), database="shop")
    put(store, bucket, "db8/", 0, database="crm")
    look(fleet)
    put(store, bucket, "db7/", 0, database="shop")
    proxy.choose = lambda request: 429 if request.method == "HEAD" else None
    assert list(look(fleet)[1]) == ["bucket of db7:shop"]
    proxy.choose = lambda _: None
    proxy.requests.clear()
    assert look(fleet) == (["db7:shop", "db8:crm"], {})
    assert [request.method for request in proxy.requests] == ["GET", "HEAD"]


def test_account_that_may_read_nothing_is_one_alarm(
    fleet: Workplace, store: Store, proxy: Proxy, bucket: str
) -> None:
    """And not one for each pipeline."""
    for name in ("db7", "db8"):
        put(store, bucket, f"{name}/", 0)
    proxy.choose = lambda request: 403 if request.method == "HEAD" else None
    assert list(look(fleet)[1]) == ["bucket of "]


def test_proof_that_was_not_found_for_once_is_asked_for_again(
    fleet: Workplace, store: Store, proxy: Proxy, bucket: str
) -> None:
    """What the listing has, the store may not know yet: it may say that the backup is none."""
    put(store, bucket, "db7/", 0, database="shop")
    key = key_of("db7/", 0)
    proof = Proof(key, "", "", False, "it is cut", moment(0).isoformat(), {}, {})
    store.put(bucket, f"db7/proofs/{key_of('', 0)}.json", encode(proof))
    absent = Answer(404, body=b"<Error><Code>NoSuchKey</Code></Error>")
    proxy.choose = lambda request: absent if request.path.endswith(".json") else None
    assert look(fleet)[1] == {}
    proxy.choose = lambda _: None
    assert list(look(fleet)[1]) == ["proof of db7:shop"]


def test_known_backups_count_behind_many_new_ones(
    fleet: Workplace, store: Store, bucket: str
) -> None:
    """Of which a look asks for some: those of another database in the prefix are no news."""
    put(store, bucket, "db7/", 1, database="crm", number=200)
    assert look(fleet) == (["db7:crm"], {})
    for number in range(1, MOST_ASKED + 3):
        put(store, bucket, "db7/", 0, database="shop", number=number)
    assert look(fleet) == (["db7:crm", "db7:shop"], {})


def test_mirror_is_looked_at_for_all(fleet: Workplace, store: Store, bucket: str) -> None:
    put(store, bucket, "db7/shop/", 0, 3, database="shop")
    store.put(bucket, "db9/0001-01-01/datadump1.sql")
    put(store, bucket, "db8/crm/", 0, database="crm")
    credentials = fleet.path / "mirror.txt"
    credentials.write_text("\n".join([*store.admin, f"{bucket}-mirror"]))
    wrong = look(
        fleet,
        MIRROR_CREDENTIALS_FILE=str(credentials),
        MIRROR_ENDPOINT_URL_S3=store.endpoint_url,
    )[1]
    assert wrong["mirror of "].startswith("the mirror lacks 3 backups, the oldest of ")


def fill(store: Store, bucket: str) -> dict[str, Any]:
    """Backups and proofs of each day of a hundred pipelines, of which one fell silent.

    Returns their facts, as a look keeps them.
    """
    facts, objects = dict[str, Any](), list[tuple[str, bytes, dict[str, str]]]()
    for number in range(PIPELINES):
        host, database = f"db{number // 10:02}", f"shop_{number % 10}"
        for ago in range(2 if f"{host}/{database}" == SILENT else 0, DAYS):
            key, at = key_of(f"{host}/{database}/", ago), moment(ago)
            etag = hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()
            told = {"dumped-at": at.isoformat(timespec="seconds"), "database": database}
            objects.append((key, key.encode(), told))
            facts[f"{key} {etag}"] = [int(at.timestamp()), database]
            proof = json.dumps({
                "key": key, "dump-id": "", "etag": etag, "verified": True, "reason": "",
                "at": at.isoformat(), "numbers": {}, "seconds": {"load": 60},
            }).encode()  # fmt: skip
            name = f"{host}/{database}/proofs/{key_of('', ago)}.json"
            objects.append((name, proof, {}))
            etag_of_proof = hashlib.md5(proof, usedforsecurity=False).hexdigest()
            facts[f"{name} {etag_of_proof}"] = [key, at.timestamp(), True, "", 60, etag]
    store.put_many(bucket, objects)
    return facts


def test_hundred_pipelines_take_two_requests_each_and_seconds(
    fleet: Workplace, store: Store, proxy: Proxy, bucket: str
) -> None:
    """When nothing has changed, of 90 days with a proof of each; one of them is asked for first.

    The memory of the others is put there, since a first look at all takes longer than this suite.
    """
    facts = fill(store, bucket)
    known = {fact: told for fact, told in facts.items() if not fact.startswith("db00/shop_0/")}
    memory = MemoryFolder(fleet.settings["WATCH_DIR"], f"s3://{bucket}")
    memory.write(NONE._replace(facts=known), healthy=True)
    assert len(look(fleet)[0]) == PIPELINES
    new = [request for request in proxy.requests if not request.lists_objects]
    assert len(new) == len(facts) - len(known) == 2 * DAYS
    proxy.requests.clear()
    started = time.monotonic()
    names, wrong = look(fleet)
    taken = time.monotonic() - started
    assert (len(names), list(wrong)) == (PIPELINES, [f"backup of {SILENT}"])
    assert len(proxy.requests) <= 2 * PIPELINES
    assert taken < 10
    assert "2 days old" in wrong[f"backup of {SILENT}"]
    assert memory.read().facts == facts
