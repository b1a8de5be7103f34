"""The files that each look leaves for the page's web server."""

from __future__ import annotations

import json
import os
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from support.programs import Workplace, small_disk, today
from support.proxy import Proxy
from support.receivers import running_http
from support.store import Store

AWAY = {"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1"}
FILES = {"index.html", "status.json", "metrics"}


@pytest.fixture
def status(work: Workplace, tmp_path: Path) -> Path:
    """The folder, of a watch that has looked when all was well."""
    folder = tmp_path / "status"
    folder.mkdir()
    work.settings["STATUS_DIR"] = str(folder)
    assert work.watch().returncode == 0
    return folder


def bucket_check(status: Path) -> str:
    """What the figures say of the check."""
    found = re.search(r'^datadump_check_passed{.*"bucket".*} (.*)$',
                      (status / "metrics").read_text(), re.MULTILINE)  # fmt: skip
    assert found
    return found[1]


def test_each_look_replaces_three_files(work: Workplace, status: Path) -> None:
    """By a rename, which a reader who is at it doesn't notice; all may read them."""
    assert {path.name for path in status.iterdir()} == FILES
    assert {path.stat().st_mode & 0o777 for path in status.iterdir()} == {0o644}
    before = {path.name: path.stat().st_ino for path in status.iterdir()}
    with (status / "index.html").open() as reader:
        work.watch(**AWAY)
        assert "checks of the backups pass" in reader.read()
    assert all(path.stat().st_ino != before[path.name] for path in status.iterdir())
    assert {path.name for path in status.iterdir()} == FILES


def test_store_that_goes_and_comes_is_seen_in_all_three(work: Workplace, status: Path) -> None:
    """The JSON is what --json prints."""
    for settings, figure, sentence in (
        ({}, "1.0", "All "),
        (AWAY, "0.0", "(AWS_ENDPOINT_URL_S3) up, and reachable from here?"),
    ):
        look = work.watch("--json", **settings)
        printed = look.stdout  # the log's lines are elsewhere
        assert "check failed" in look.stderr or not settings
        assert (status / "status.json").read_text() == printed.rstrip("\n")
        assert json.loads(printed)["well"] is (figure == "1.0")
        assert bucket_check(status) == figure
        assert sentence in (status / "index.html").read_text()


def test_disk_that_is_full_keeps_no_alert_back(work: Workplace, status: Path) -> None:
    """The page stays as it was, and the server says when it has grown old."""
    page = (status / "index.html").read_text()
    with running_http() as (requests, url):
        alerts = work.path / "alert_urls.txt"
        alerts.write_text(url.replace("http:", "json:") + "\n")
        with small_disk(status, "8k"):
            (status / "index.html").write_text(page[:4096])
            result = work.watch(ALERT_URLS_FILE=str(alerts), **AWAY)
            assert (status / "index.html").read_text() == page[:4096]
        assert result.returncode == 1
        assert work.messages()[-1] == f"the page isn't written to {status}: No space left on device"
        assert len(requests) == 1


def test_folder_that_is_not_there_is_a_wrong_setting(work: Workplace, tmp_path: Path) -> None:
    """People are told before that. Unset, no page is written, and nothing for that is needed."""
    with running_http() as (requests, url):
        alerts = work.path / "alert_urls.txt"
        alerts.write_text(url.replace("http:", "json:") + "\n")
        nowhere = {"STATUS_DIR": str(tmp_path / "nowhere"), "ALERT_URLS_FILE": str(alerts)}
        assert work.watch(**nowhere, **AWAY).returncode == 2
        assert len(requests) == 1
    assert "STATUS_DIR: there is no folder" in work.messages()[-1]
    assert work.watch().returncode == 0


def test_history_is_the_bucket_s(
    work: Workplace, status: Path, store: Store, proxy: Proxy, bucket: str
) -> None:
    """Of each of 90 days; a look with nothing new asks for none of it again."""
    metadata = store.metadata(bucket, f"{today()}/datadump1.sql")
    days = [(datetime.now().astimezone() - timedelta(ago)).date().isoformat() for ago in range(95)]
    for day in days[1:]:
        store.put(bucket, f"{day}/datadump1.sql", b"dump", **metadata)
        proof = {
            "key": f"{day}/datadump1.sql", "dump-id": metadata["dump-id"], "verified": True,
            "etag": store.client().head_object(Bucket=bucket, Key=f"{day}/datadump1.sql")["ETag"]
            .strip('"'),
            "reason": "", "at": f"{day}T12:00:00+00:00", "numbers": {}, "seconds": {},
        }  # fmt: skip
        store.client().put_object(
            Bucket=bucket, Key=f"proofs/{day}/datadump1.sql.json", Body=json.dumps(proof).encode()
        )
    work.watch()
    page = (status / "index.html").read_text()
    assert f"Since {days[89]}: 89 proven; 1 not proven." in page
    assert page.count("docker compose run --rm restore") == 10
    work.settings["AWS_ENDPOINT_URL_S3"] = proxy.url
    proxy.requests.clear()
    work.watch()
    assert len(proxy.requests) == 2
    assert f"Since {days[89]}: 89 proven; 1 not proven." in (status / "index.html").read_text()


def test_look_that_was_cut_makes_the_next_ask_for_nothing_twice(
    work: Workplace, status: Path, store: Store, proxy: Proxy, bucket: str
) -> None:
    """The store went away when it had told half."""
    store.put(bucket, f"proofs/{today()}/datadump1.sql.json")
    work.settings["AWS_ENDPOINT_URL_S3"] = proxy.url
    work.watch()
    proxy.choose = lambda request: 403 if "prefix=proofs" in request.path else None
    assert work.watch().returncode == 1
    assert bucket_check(status) == "0.0"
    proxy.choose = lambda _: None
    proxy.requests.clear()
    assert work.watch().returncode == 0
    assert len(proxy.requests) == 2


def test_backups_of_another_database_are_none_of_these_days(
    work: Workplace, status: Path, store: Store, bucket: str
) -> None:
    """Two that share a prefix, of which one stopped a while ago; nor are its proofs."""
    metadata = store.metadata(bucket, f"{today()}/datadump1.sql")
    for ago in range(1, 30):
        day = (datetime.now().astimezone() - timedelta(ago)).date().isoformat()
        database = "crm" if ago > 14 else "FACULDADE"
        store.put(bucket, f"{day}/datadump1.sql", b"dump", **{**metadata, "database": database})
    (first,) = re.findall("Since ([-0-9]+): 15 not proven[.]", page_after_look(work, status))
    assert first == (datetime.now().astimezone() - timedelta(14)).date().isoformat()


def page_after_look(work: Workplace, status: Path) -> str:
    work.watch()
    return " ".join(re.findall("<p class=.quiet.>(.*?)</p>", (status / "index.html").read_text()))


def test_umask_of_who_looks_hides_no_page(work: Workplace, status: Path) -> None:
    before = os.umask(0o077)
    try:
        work.watch()
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in status.iterdir()} == {0o644}
