"""The watch as crond runs it: what it asks, what it says, and whom it tells."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sysconfig
import time
from datetime import datetime, timedelta
from fcntl import LOCK_EX, flock
from pathlib import Path

import pytest
from support.programs import SCRIPTS, Workplace, today
from support.proxy import Proxy
from support.receivers import mail_url, running_http, running_smtp
from support.store import Store
from support.waiting import free_port

COMPLETED = "database dump completed"
AWAY = {"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1"}


def failing(work: Workplace, **settings: str) -> list[str]:
    """The checks that fail at a look, by their names."""
    found = json.loads(work.watch("--json", **settings).stdout)
    return [check["name"] for check in found["checks"] if not check["passed"]]


def health(work: Workplace) -> str:
    return Path(work.settings["WATCH_DIR"], "health").read_text()


def alert(work: Workplace, *urls: str) -> None:
    """These are told from now on."""
    path = work.path / "alert_urls.txt"
    path.write_text("# who is told\n\n" + "\n".join(urls) + "\n")
    work.settings["ALERT_URLS_FILE"] = str(path)


def test_all_well_is_a_table_and_health(work: Workplace) -> None:
    result = work.watch()
    assert result.returncode == 0, result.stdout
    rows = [line.split()[:3] for line in result.stdout.splitlines()[1:]]
    assert ["ok", "backup", "FACULDADE"] in rows
    assert {row[0] for row in rows} == {"ok"}
    assert health(work) == "healthy\n"
    assert work.messages() == ["file successfully uploaded"]


def test_store_that_is_away_fails_and_is_told_and_so_is_its_return(work: Workplace) -> None:
    """By mail; the log has a line for each change."""
    with running_smtp() as (mailbox, url):
        alert(work, url)
        assert work.watch().returncode == 0
        assert mailbox.subjects == []
        for _ in range(3):
            assert work.watch(**AWAY).returncode == 1
        assert health(work) != "healthy\n"
        for _ in range(3):
            assert work.watch().returncode == 0
    away, back = mailbox.subjects
    assert away.endswith(": 1 wrong")
    assert "the bucket can't be asked, so nothing is known of backups" in mailbox.texts[0]
    assert back.endswith(": 1 well again")
    assert health(work) == "healthy\n"
    changes = [line.partition(": bucket")[0] for line in work.messages() if "check" in line]
    assert changes == ["check failed", "check passed"]


def test_backup_of_another_database_is_none_of_this_one(
    work: Workplace, store: Store, bucket: str
) -> None:
    """Two that share a prefix: that one's dumps go on is no calm."""
    old = (datetime.now().astimezone() - timedelta(days=2)).isoformat(timespec="seconds")
    key = f"{today()}/datadump1.sql"
    metadata = store.metadata(bucket, key)
    store.put(bucket, key, b"dump", **{**metadata, "dumped-at": old})
    store.put(bucket, f"{today()}/datadump2.sql", b"dump", **{**metadata, "database": "crm"})
    assert failing(work) == ["backup"]


def test_dump_that_waits_too_long_is_told(work: Workplace) -> None:
    """As where the uploader's crond died; by the log, since when it is finished."""
    path = work.dumps / "datadump.sql"
    path.write_bytes(b"dump")
    assert failing(work, UPLOAD_MAX_AGE="1m") == []
    log = work.logs / f"{today()}.txt"
    old = time.time() - 7200
    os.utime(path, (old, old))
    assert failing(work, UPLOAD_MAX_AGE="1h") == ["upload"]
    with log.open("a") as file:
        file.write(f"{today()},{clock(work)},{COMPLETED}\n")
    assert failing(work, UPLOAD_MAX_AGE="1h") == []


def clock(work: Workplace) -> str:
    """The time of this moment as the log has it."""
    return subprocess.run(
        ["date", "+%T"], env={"TZ": work.environment()["TZ"]}, stdout=subprocess.PIPE, text=True,
        check=True,
    ).stdout.strip()  # fmt: skip


def test_last_dump_of_the_log_counts(work: Workplace) -> None:
    log = work.logs / f"{today()}.txt"
    with log.open("a") as file:
        file.write(f"{today()},00:00:01,database dump failed: no room\n")
    assert failing(work) == ["dump"]
    with log.open("a") as file:
        file.write(f"{today()},00:00:02,{COMPLETED}\n")
    assert failing(work) == []


def test_exchange_that_was_cut_fails_until_the_log_has_its_end(work: Workplace) -> None:
    """With a store that is away as well; the end is named to the log as the page says."""
    name = "FACULDADE_before_20261126_234045"
    with (work.logs / f"{today()}.txt").open("a") as file:
        file.write(f"{today()},00:00:01,exchange begun: {name}\n")
    assert failing(work) == ["restore"]
    assert failing(work, **AWAY) == ["restore", "bucket"]
    daily_log = SCRIPTS / "common/daily_log.sh"
    subprocess.run(["bash", daily_log, f"exchange ended: {name}"], env=work.environment(),
                   stdout=subprocess.DEVNULL, check=True)  # fmt: skip
    assert failing(work) == []


def test_dump_of_all_that_failed_is_one_of_each(work: Workplace) -> None:
    """The server could not say which there are."""
    (work.dumps / "shop").mkdir()
    log = work.logs / f"{today()}.txt"
    with log.open("a") as file:
        file.write(f"{today()},00:00:01,{COMPLETED}: shop\n")
        file.write(f"{today()},00:00:02,database dump failed: *: no server\n")
    assert failing(work, DB_NAMES="*") == ["backup", "dump"]


def test_what_is_left_above_several_folders_is_watched(work: Workplace) -> None:
    """From before there were several."""
    path = work.dumps / "datadump.sql"
    path.write_bytes(b"dump")
    os.utime(path, (time.time() - 7200,) * 2)
    assert "upload" in failing(work, DB_NAMES="*")
    path.unlink()
    assert "upload" not in failing(work, DB_NAMES="*")


def test_who_cannot_be_reached_keeps_nobody_waiting_and_is_told_later(work: Workplace) -> None:
    """The others are told at once, and once."""
    port = free_port()
    with running_http() as (requests, url):
        alert(work, mail_url(port), url.replace("http:", "json:"))
        start = time.monotonic()
        result = work.watch(**AWAY)
        assert time.monotonic() - start < 15
        assert "alert URL number 1 took no message" in result.stderr
        assert len(requests) == 1
        with running_smtp(port) as (mailbox, _):
            work.watch(**AWAY)
        assert len(mailbox.subjects) == len(requests) == 1


def test_two_watches_at_once_tell_once(work: Workplace) -> None:
    """The second finds the first at work, and ends."""
    assert work.watch().returncode == 0
    with Path(work.settings["WATCH_DIR"], ".lock").open("r+") as lock:
        flock(lock, LOCK_EX)
        result = work.watch(**AWAY)
    assert (result.returncode, result.stdout) == (0, "")
    assert "another look is under way" in result.stderr


def test_lost_memory_is_said(work: Workplace) -> None:
    """And a clock that went back. Nothing breaks."""
    said = "no earlier look is known"
    assert said in work.watch().stderr
    memory = Path(work.settings["WATCH_DIR"], "memory.json")
    assert said not in work.watch().stderr
    plain = json.loads(memory.read_text())
    plain["at"] += 86400
    memory.write_text(json.dumps(plain))
    assert "the clock has gone back" in work.watch().stderr
    memory.write_text("{")
    assert said in work.watch().stderr


@pytest.mark.parametrize("text", ["nosuch://x", "not a url"])
def test_url_that_nobody_knows_is_a_wrong_setting(work: Workplace, text: str) -> None:
    """It isn't shown, since it may hold a password; a right one is."""
    alert(work, "json://127.0.0.1:1", text)
    assert work.watch().returncode == 2
    assert work.watch("--test-alert").returncode == 2
    message = work.messages()[-1]
    assert message.startswith(
        "ALERT_URLS_FILE: URL number 2 is none that Apprise knows, as mailto:"
    )
    assert text not in message


def test_test_alert_goes_to_all(work: Workplace) -> None:
    with running_smtp() as (mailbox, url):
        alert(work, url, "json://127.0.0.1:1")
        result = work.watch("--test-alert")
    assert result.returncode == 1
    assert result.stdout.splitlines() == ["URL number 1: sent", "URL number 2: NOT sent"]
    assert mailbox.subjects == ["Backups: a test"]


def test_look_with_nothing_new_asks_little(
    work: Workplace, store: Store, proxy: Proxy, bucket: str
) -> None:
    """Two requests for each of forty databases, and one for all; in seconds."""
    client = store.client()
    moment = (datetime.now().astimezone() - timedelta(hours=1)).isoformat(timespec="seconds")
    for number in range(40):
        client.put_object(
            Bucket=bucket, Key=f"db_{number}/{today()}/datadump1.sql", Body=b"dump",
            Metadata={"database": f"db_{number}", "dumped-at": moment},
        )  # fmt: skip
        client.put_object(Bucket=bucket, Key=f"db_{number}/proofs/{today()}/datadump1.sql.json")
    work.settings["AWS_ENDPOINT_URL_S3"] = proxy.url
    assert work.watch(DB_NAMES="*").returncode == 0
    proxy.requests.clear()
    start = time.monotonic()
    assert work.watch(DB_NAMES="*").returncode == 0
    assert time.monotonic() - start < 4
    assert len(proxy.requests) <= 2 * 40 + 1


def test_database_without_any_backup_fails_by_its_name(work: Workplace) -> None:
    """Though nothing anywhere knows of it but the setting; an excluded one is nobody's concern."""
    (work.dumps / "old").mkdir()
    result = work.watch(DB_NAMES="crm", DB_EXCLUDE="old")
    assert result.returncode == 1
    (line,) = [line for line in result.stdout.splitlines() if line.startswith("FAILED")]
    assert line.split()[1:3] == ["backup", "crm"]


def test_all_databases_of_which_there_is_none_are_no_calm(work: Workplace) -> None:
    """The first dump of all failed: no folder and no key tells of a database yet."""
    log = work.logs / f"{today()}.txt"
    with log.open("a") as file:
        file.write(f"{today()},00:00:02,database dump failed: *: no server\n")
    assert failing(work, DB_NAMES="*", S3_PREFIX="new") == ["backup", "dump"]


def test_folder_of_the_bucket_without_backups_is_no_database(
    work: Workplace, store: Store, bucket: str
) -> None:
    """Somebody else's, in a bucket that is shared."""
    store.put(bucket, "photos/2026/1.jpg")
    result = work.watch("--json", DB_NAMES="FACULDADE")
    assert "photos" not in result.stdout


def test_sizes_of_weekly_backups_are_compared(work: Workplace, store: Store, bucket: str) -> None:
    """The newest against seven weeks."""
    metadata = store.metadata(bucket, f"{today()}/datadump1.sql")
    for week in range(1, 8):
        day = (datetime.now().astimezone() - timedelta(weeks=week)).date().isoformat()
        store.put(bucket, f"{day}/datadump1.sql", b"dump" * 10, **metadata)
    assert failing(work) == ["size"]


@pytest.mark.parametrize("status", [403, 429], ids=["denied", "too many requests"])
def test_proof_that_cannot_be_read_is_no_calm(
    work: Workplace, store: Store, proxy: Proxy, bucket: str, status: int
) -> None:
    """It may say that the backup is none; nor is it forgotten when it can be read again."""
    store.put(bucket, f"proofs/{today()}/datadump1.sql.json")
    work.settings["AWS_ENDPOINT_URL_S3"] = proxy.url
    proxy.choose = lambda request: (
        status if request.method == "GET" and request.path.endswith(".json") else None
    )
    assert failing(work) == ["bucket"]
    proxy.choose = lambda _: None
    assert failing(work) == []


def test_backup_that_was_not_found_for_once_is_asked_for_again(
    work: Workplace, proxy: Proxy
) -> None:
    """What the listing has, the store may not know yet."""
    work.settings["AWS_ENDPOINT_URL_S3"] = proxy.url
    proxy.choose = lambda request: 404 if request.method == "HEAD" else None
    assert failing(work) == ["backup"]
    proxy.choose = lambda _: None
    assert failing(work) == []


def test_dump_that_waits_in_somebody_s_private_folder_is_seen(work: Workplace) -> None:
    """By a container's root, who may read nothing of others'."""
    shop = work.dumps / "shop"
    shop.mkdir()
    (shop / "datadump.sql").write_bytes(b"dump")
    os.utime(shop / "datadump.sql", (time.time() - 7200,) * 2)
    for path in (work.dumps, shop, work.logs, *work.logs.iterdir()):
        os.chown(path, 1000, 1000)
        path.chmod(0o700 if path.is_dir() else 0o600)
    for folder in (work.path, *work.path.parents[:3]):
        folder.chmod(folder.stat().st_mode | 0o755)
    as_in_a_container = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    # The Python that the tests run by may be in root's home.
    modules = {"PYTHONPATH": sysconfig.get_path("purelib"), "PYTHONDONTWRITEBYTECODE": "1"}
    result = subprocess.run(
        [*as_in_a_container, "/usr/bin/python3", SCRIPTS / "watch.py"],
        env=work.environment(DB_NAMES="shop", **modules),
        stdout=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    assert re.search(r"^FAILED +upload +shop ", result.stdout, re.MULTILINE), result.stdout


def test_wrong_url_is_found_before_anything_is_looked_at(work: Workplace) -> None:
    """Else the log would have what fails again, at each look."""
    alert(work, "nosuch://x")
    for _ in range(2):
        assert work.watch(**AWAY).returncode == 2
    assert not any("check failed" in message for message in work.messages())


def test_endpoint_that_talks_nonsense_makes_no_upload_fail(uploads: Workplace) -> None:
    """It isn't HTTP at all."""
    path = uploads.path / "heartbeat.txt"
    (uploads.dumps / "datadump.sql").write_bytes(b"dump")
    with socket.create_server(("127.0.0.1", 0)) as server:
        path.write_text(f"http://127.0.0.1:{server.getsockname()[1]}\n")
        process = uploads.start_tick(HEARTBEAT_URL_FILE=str(path))
        connection, _ = server.accept()
        with connection:
            connection.recv(1024)
            connection.sendall(b"nonsense\r\n\r\n")
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "warning: no heartbeat was sent" in errors
    assert uploads.messages() == ["file successfully uploaded"]


def test_heartbeat_says_how_uploads_went(uploads: Workplace) -> None:
    """Not where there was none; a silent endpoint makes no upload fail."""
    with running_http() as (requests, url):
        path = uploads.path / "heartbeat.txt"
        path.write_text(f"{url}/ping/\n")
        beating = {"HEARTBEAT_URL_FILE": str(path)}
        assert uploads.tick(**beating).returncode == 0
        (uploads.dumps / "datadump.sql").write_bytes(b"dump")
        assert uploads.tick(**beating, **AWAY).returncode == 1
        assert uploads.tick(**beating).returncode == 0
        assert requests == ["GET /ping/fail", "GET /ping"]
    (uploads.dumps / "datadump.sql").write_bytes(b"dump")
    result = uploads.tick(**beating)
    assert result.returncode == 0
    assert "warning: no heartbeat was sent" in result.stderr
    assert url not in result.stderr
    path.write_text("ftp://x\n")
    assert uploads.tick(**beating).returncode == 2
