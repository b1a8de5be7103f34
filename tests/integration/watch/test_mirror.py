"""The check of the mirror: how far it is behind, asked with few requests and little patience."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from datadump.s3.client import Patience, connect
from datadump.settings.mirror import require_mirror
from datadump.settings.pipelines import Pipeline
from datadump.settings.store import read_store
from datadump.sight.in_bucket import Told
from datadump.sight.in_mirror import look_at_mirror
from datadump.sight.seen import BackupSeen
from support.programs import Workplace, today
from support.proxy import Proxy, running_proxy
from support.store import Store


@pytest.fixture
def mirror(work: Workplace, store: Store, bucket: str) -> Iterator[Proxy]:
    """The way to a mirror that nobody has made yet."""
    credentials = work.path / "mirror.txt"
    credentials.write_text("\n".join([*store.admin, f"{bucket}-mirror"]))
    with running_proxy(store) as proxy:
        work.settings |= {
            "MIRROR_CREDENTIALS_FILE": str(credentials),
            "MIRROR_ENDPOINT_URL_S3": proxy.url,
        }
        yield proxy


def of_the_mirror(work: Workplace) -> tuple[bool, str]:
    """Whether the check passes, and what it says; all others pass."""
    found = json.loads(work.watch("--json").stdout)
    (check,) = [check for check in found["checks"] if check["name"] == "mirror"]
    assert [one["name"] for one in found["checks"] if not one["passed"]] in ([], ["mirror"])
    return check["passed"], check["text"]


def test_mirror_that_lacks_a_young_backup_is_well_and_an_old_one_not(
    work: Workplace, store: Store, mirror: Proxy, bucket: str
) -> None:
    """By when it was dumped; one of another size there is none. A listing tells all of it."""
    assert of_the_mirror(work)[0]
    old = datetime.now().astimezone() - timedelta(days=30)
    key = f"{old.date()}/datadump1.sql"
    metadata = store.metadata(bucket, f"{today()}/datadump1.sql")
    dumped_at = {"dumped-at": old.isoformat(timespec="seconds")}
    store.put(bucket, key, b"dump", **metadata | dumped_at)
    passed, text = of_the_mirror(work)
    assert not passed
    assert text.startswith("the mirror lacks 2 backups, the oldest of ")
    assert f" 30 days old: {key}; 26 hours are allowed. Does mirror-schedule run " in text
    assert work.mirror().returncode == 0, work.messages()
    mirror.requests.clear()
    assert of_the_mirror(work) == (True, "the mirror has each backup of the last days")
    assert [request.lists_objects for request in mirror.requests] == [True]
    store.put(f"{bucket}-mirror", key, b"another")
    assert of_the_mirror(work)[1].startswith("the mirror lacks 1 backup, the oldest of ")


def test_mirror_that_cannot_be_asked_is_said_and_hides_nothing(
    work: Workplace, mirror: Proxy
) -> None:
    """All else is looked at."""
    mirror.choose = lambda _: 403
    passed, text = of_the_mirror(work)
    assert not passed
    assert text.startswith("the mirror can't be asked, so what it lacks isn't known: ")
    del work.settings["MIRROR_CREDENTIALS_FILE"]
    assert "mirror" not in work.watch().stdout


def test_silent_mirror_is_waited_for_once(work: Workplace, mirror: Proxy) -> None:
    """However many databases there are."""
    del mirror
    backup = BackupSeen("2026-11-23/datadump1.sql", 4, 1.0)
    told = {Pipeline(name, "", f"{name}/"): Told([backup], []) for name in map(str, range(20))}
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        environment = work.environment(MIRROR_ENDPOINT_URL_S3=url)
        access = require_mirror(environment, read_store(environment))
        started = time.monotonic()
        seen = look_at_mirror(connect(access, Patience(1, 1, 1)), told)
    assert "Read timeout" in seen.trouble
    assert time.monotonic() - started < 3
