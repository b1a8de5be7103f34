"""The backups of several databases under one prefix: listed together, found by name, in turn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from datadump.backups.catalogue import Backup, Catalogue, catalogues_in, newest_of
from datadump.backups.proofs import Proof
from datadump.backups.turns import turns
from datadump.s3.client import connect
from datadump.settings.pipelines import Pipeline
from datadump.settings.store import StoreAccess
from support.programs import Workplace
from support.proxy import Proxy
from support.store import Store

SEVERAL = {"DB_NAMES": "*"}
WHOLE = Pipeline("FACULDADE", "/dumps", "")
Put = Callable[..., None]


@pytest.fixture
def put(store: Store, access: StoreAccess) -> Put:
    """A backup of that day and number, as an uploader would leave it."""

    def put(folder: str, day: str, number: int = 1, at: str = "03:00:00+00:00") -> None:
        store.client().put_object(
            Bucket=access.bucket,
            Key=f"{folder}/{day}/datadump{number}.sql",
            Metadata={"database": folder, "dumped-at": f"{day}T{at}", "dump-id": f"{folder} {day}"},
        )

    return put


def keys(work: Workplace, *arguments: str) -> list[str]:
    """What is listed, by a command."""
    result = work.restore("--list", *arguments, **SEVERAL)
    assert result.returncode == 0, result.stderr
    return [line.split()[0] for line in result.stdout.splitlines()[1:] if "/" in line.split()[0]]


def test_list_shows_all_databases_by_day_and_number(
    uploads: Workplace, store: Store, access: StoreAccess, put: Put
) -> None:
    """And nothing that is no pipeline's; with ``--database`` one's."""
    for folder in ("crm", "shop"):
        put(folder, "2026-11-22")
        put(folder, "2026-11-23")
    put("shop", "2026-11-23", 2)
    put("a%2Fb", "2026-11-21")
    store.put(access.bucket, "proofs/2026-11-23/datadump1.sql.json")
    store.put(access.bucket, "images/cat.png")
    newest_first = [
        "shop/2026-11-23/datadump2.sql", "crm/2026-11-23/datadump1.sql",
        "shop/2026-11-23/datadump1.sql", "crm/2026-11-22/datadump1.sql",
        "shop/2026-11-22/datadump1.sql", "a%2Fb/2026-11-21/datadump1.sql",
    ]  # fmt: skip
    assert keys(uploads) == newest_first
    assert keys(uploads, "--limit", "2") == newest_first[:2]
    assert keys(uploads, "--database", "crm") == [key for key in newest_first if "crm" in key]
    assert keys(uploads, "--database", "a/b") == newest_first[-1:]


def test_list_of_many_asks_for_no_more_than_it_shows(
    proxy: Proxy, access: StoreAccess, put: Put
) -> None:
    """A HEAD and a proof for each object that is shown, and of each database no more days."""
    for number in range(10):
        for day in ("2026-11-21", "2026-11-22", "2026-11-23"):
            put(f"db_{number}", day)
    bucket = connect(access._replace(endpoint_url=proxy.url))
    newest = newest_of(catalogues_in(bucket, WHOLE), 10)
    assert {backup.key.split("/")[1] for backup in newest.backups} == {"2026-11-23"}
    assert len(newest.backups) == 10
    assert newest.more
    asked = Counter(
        "listing" if "list-type=2" in request.path else request.method for request in proxy.requests
    )
    assert asked["HEAD"] == asked["GET"] == 10
    # The folders twice, the days and the newest one of each; the day before, which tells that there
    # is more; and what goes at once with that.
    assert asked["listing"] <= 2 + 10 + 10 + 10 + 8


@pytest.mark.parametrize("what", ["latest", "2026-11-23"])
def test_restore_wants_to_know_which_database(uploads: Workplace, put: Put, what: str) -> None:
    """One line that names them; nothing is done, and nothing logged."""
    put("crm", "2026-11-23")
    put("shop", "2026-11-23")
    for arguments in ([what], [what, "--database", "wiki"]):
        result = uploads.restore(*arguments, **SEVERAL, **ACCOUNT)
        assert result.returncode == 2
        assert result.stdout == ""
        (line,) = result.stderr.splitlines()
        assert line.endswith("crm, shop")
    assert uploads.messages() == []


ACCOUNT = {"RESTORE_PASSWORD_FILE": __file__}


def test_bucket_without_backups_of_any_is_a_failure(
    uploads: Workplace, access: StoreAccess
) -> None:
    """As it is of one; the list is merely empty."""
    listed = uploads.restore("--list", **SEVERAL)
    no_backups = f"there are no backups in s3://{access.bucket}"
    assert (listed.returncode, listed.stdout) == (0, f"{no_backups}\n")
    assert uploads.restore("latest", **SEVERAL, **ACCOUNT).returncode == 1
    assert uploads.drill("--all", **SEVERAL).returncode == 1
    assert uploads.messages() == [
        f"restore failed: {no_backups}", f"restore verification failed: {no_backups}",
    ]  # fmt: skip


def leave_proof(catalogue: Catalogue, backup: Backup, at: str) -> None:
    proof = Proof(backup.key, backup.dump_id, backup.etag, True, "", at, {}, {})
    catalogue.proofs.write(proof)


def test_turn_is_whose_proof_is_longest_ago(access: StoreAccess, put: Put) -> None:
    """Never is longest; what has a proof of its newest comes last."""
    bucket = connect(access)
    names = ["proven", "never", "long ago", "lately", "never, and newer"]
    for name in names:
        put(name, "2026-11-22")
    found = {c.pipeline.database: c for c in catalogues_in(bucket, WHOLE)}
    for name, at in (("long ago", "2026-11-20"), ("lately", "2026-11-22")):
        leave_proof(found[name], found[name].find("latest"), f"{at}T05:00:00+00:00")
    for name in names:
        put(name, "2026-11-23", at="05:00:00+00:00" if "newer" in name else "03:00:00+00:00")
    catalogues = {c.pipeline.database: c for c in catalogues_in(bucket, WHOLE)}
    proven = catalogues["proven"]
    leave_proof(proven, proven.find("latest"), "2026-11-01T05:00:00+00:00")
    queue = turns(list(catalogues.values()))
    assert [turn.database for turn in queue] == [
        "never", "never, and newer", "long ago", "lately", "proven",
    ]  # fmt: skip
    assert [turn.waits for turn in queue] == [True, True, True, True, False]
