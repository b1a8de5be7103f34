"""Retention in a real bucket: what no rule keeps goes, with its proof, while all is well."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.programs import Workplace
from support.proxy import Fault, Proxy, Request
from support.store import Keys, Store

DAYS = 10
RULES = {"KEEP_DAILY": "3"}


@pytest.fixture(scope="session")
def store(stores: Callable[[str], Store]) -> Store:
    """The one that locks objects, and removes them."""
    return stores("seaweedfs-http")


def day(ago: int) -> str:
    return (datetime.now(UTC) - timedelta(ago)).date().isoformat()


def fill(store: Store, bucket: str, prefix: str = "", **lock: object) -> list[str]:
    """A backup of each of the last days with a proof of each; their keys, the newest first."""
    client, database = store.client(), prefix.rstrip("/").rpartition("/")[2] or "FACULDADE"
    for ago in range(DAYS):
        moment = datetime.now(UTC) - timedelta(ago)
        key = f"{prefix}{day(ago)}/datadump1.sql"
        metadata = {
            "dump-id": f"{ago:032x}", "sha256": "5" * 64, "database": database,
            "dumped-at": moment.isoformat(timespec="seconds"),
        }  # fmt: skip
        client.put_object(Bucket=bucket, Key=key, Body=b"dump", Metadata=metadata, **lock)  # type: ignore[arg-type]
        client.put_object(Bucket=bucket, Key=f"{prefix}proofs/{key.removeprefix(prefix)}.json")
    return [f"{prefix}{day(ago)}/datadump1.sql" for ago in range(DAYS)]


@pytest.fixture
def work(uploads: Workplace, store: Store, bucket: str) -> Workplace:
    store.client().create_bucket(Bucket=bucket)
    uploads.settings |= RULES | {"TZ": "UTC"}
    return uploads


def backups(store: Store, bucket: str) -> set[str]:
    return {key for key in store.objects(bucket) if key.split("/")[-3:-2] != ["proofs"]}


def test_what_no_rule_keeps_goes_with_its_proof(work: Workplace, store: Store, bucket: str) -> None:
    """A second run removes nothing more; nor does any other's object go."""
    keys = fill(store, bucket)
    others = ["2020-01-01/datadump1.sql", "2020-01-01/notes.txt", "shop/2020-01-01/datadump1.sql"]
    for key in others:
        store.put(bucket, key)
    assert work.prune().returncode == 0, work.messages()
    proofs = {f"proofs/{key}.json" for key in keys[:3]}
    assert set(store.objects(bucket)) == {*keys[:3], *proofs, *others}
    assert work.messages() == [f"backups removed: {DAYS - 3}"]
    result = work.prune()
    assert result.returncode == 0
    assert "0 removed" in result.stdout
    assert work.messages() == [f"backups removed: {DAYS - 3}"]


def test_dry_run_shows_each_backup_and_why(work: Workplace, store: Store, bucket: str) -> None:
    """And removes nothing."""
    keys = fill(store, bucket)
    before = set(store.objects(bucket))
    result = work.prune("--dry-run")
    assert result.returncode == 0
    rows = {line.split()[0]: line for line in result.stdout.splitlines()[1:]}
    assert set(rows) == set(keys)
    assert "kept   KEEP_DAILY, the newest, its day isn't over for long" in rows[keys[0]]
    assert "to go  no rule keeps it" in rows[keys[3]]
    assert set(store.objects(bucket)) == before
    assert work.messages() == []


@pytest.mark.parametrize("wrong", ["dump", "size", "upload"])
def test_nothing_goes_while_a_check_fails(
    work: Workplace, store: Store, bucket: str, wrong: str
) -> None:
    """Retention that runs on while backups fail is how the last good one is lost."""
    fill(store, bucket)
    before = set(store.objects(bucket))
    if wrong == "dump":
        log = work.logs / f"{day(0)}.txt"
        log.write_text(f"{day(0)},00:00:00,database dump failed: no room\n")
    elif wrong == "size":
        metadata = store.metadata(bucket, f"{day(0)}/datadump1.sql")
        store.put(bucket, f"{day(0)}/datadump1.sql", b"d", **metadata)
    else:
        (work.dumps / "datadump.sql").write_bytes(b"dump")
        os.utime(work.dumps / "datadump.sql", (1, 1))
    assert work.prune().returncode == 1
    assert work.messages()[-1].startswith(f"nothing is removed while a check fails: {wrong} of ")
    assert set(store.objects(bucket)) == before


def test_several_databases_are_pruned_each_by_itself(
    work: Workplace, store: Store, bucket: str
) -> None:
    """And nothing above or beside the prefix."""
    keys = [*fill(store, bucket, "hosts/one/shop/"), *fill(store, bucket, "hosts/one/crm/")]
    others = fill(store, bucket, "hosts/two/shop/")
    settings = {"DB_NAMES": "*", "S3_PREFIX": "hosts/one"}
    assert work.prune(**settings).returncode == 0, work.messages()
    assert backups(store, bucket) == {*keys[:3], *keys[DAYS : DAYS + 3], *others}


def test_killed_prune_leaves_what_the_next_one_goes_on_with(
    work: Workplace, store: Store, proxy: Proxy, bucket: str
) -> None:
    """Here the store goes away in the middle: the oldest went first, each with its proof."""
    keys = fill(store, bucket)
    work.settings["AWS_ENDPOINT_URL_S3"] = proxy.url
    proxy.choose = lambda request: (
        "cut" if request.method == "DELETE" and f"/{keys[6]}" in request.path else None
    )
    assert work.prune().returncode == 1
    assert backups(store, bucket) == set(keys[:7])
    proxy.choose = lambda _: None
    assert work.prune().returncode == 0
    assert backups(store, bucket) == set(keys[:3])


def test_locked_backup_stays_and_is_said(work: Workplace, store: Store, bucket: str) -> None:
    """A removal would only hide it. Where nothing is locked, it leaves the old version."""
    locked = f"{bucket}-locked"
    client = store.client()
    client.create_bucket(Bucket=locked, ObjectLockEnabledForBucket=True)
    keys = fill(store, locked)
    client.put_object_retention(
        Bucket=locked, Key=keys[5],
        Retention={"Mode": "GOVERNANCE", "RetainUntilDate": datetime(2099, 1, 1, tzinfo=UTC)},
    )  # fmt: skip
    Path(work.settings["CREDENTIALS_FILE"]).write_text("\n".join([*store.admin, locked]))
    result = work.prune()
    assert result.returncode == 0
    assert f"locked until 2099-01-01 00:00 UTC: s3://{locked}/{keys[5]}" in result.stdout
    assert backups(store, locked) == {*keys[:3], keys[5]}
    versions = client.list_object_versions(Bucket=locked)["Versions"]
    assert {version["Key"] for version in versions} >= set(keys)


def test_account_that_may_not_remove_is_refused_and_said(
    work: Workplace, store: Store, proxy: Proxy, bucket: str
) -> None:
    """Each one by its key."""
    keys = fill(store, bucket)
    work.settings["AWS_ENDPOINT_URL_S3"] = proxy.url
    proxy.choose = lambda request: 403 if request.method == "DELETE" else None
    assert work.prune().returncode == 1
    assert len(work.messages()) == DAYS - 3
    assert all("kept, since the store refuses to remove it" in line for line in work.messages())
    assert backups(store, bucket) == set(keys)


def test_backup_whose_proof_cannot_be_read_stays(
    work: Workplace, store: Store, proxy: Proxy, bucket: str
) -> None:
    """It may be the newest that is proven."""
    keys = fill(store, bucket)
    work.settings["AWS_ENDPOINT_URL_S3"] = proxy.url
    proxy.choose = lambda request: (
        403 if request.method == "GET" and f"/{keys[5]}.json" in request.path else None
    )
    assert work.prune().returncode == 1
    kept, removed = work.messages()
    assert kept.startswith("the backup is kept, since the store refuses to remove it: ")
    assert f"proofs/{keys[5]}.json" in kept
    assert removed == f"backups removed: {DAYS - 4}"
    assert backups(store, bucket) == {*keys[:3], keys[5]}


def test_what_went_is_counted_whatever_came_then(
    work: Workplace, store: Store, proxy: Proxy, bucket: str
) -> None:
    """A backup went although its proof may not, and others before the store was away."""
    keys = fill(store, bucket)
    work.settings["AWS_ENDPOINT_URL_S3"] = proxy.url
    proof = f"/proofs/{keys[9]}.json"

    def choose(request: Request) -> Fault:
        if request.method != "DELETE":
            return None
        if f"/{bucket}/{keys[7]}" in request.path:
            return "cut"
        return 403 if proof in request.path else None

    proxy.choose = choose
    assert work.prune().returncode == 1
    assert backups(store, bucket) == set(keys[:8])
    refused, removed, _ = work.messages()
    assert refused.startswith("the proof is kept, since the store refuses to remove it: ")
    assert removed == "backups removed: 2"


def test_its_own_account_is_taken(work: Workplace, store: Store, bucket: str) -> None:
    """Which may delete; the uploader's may not."""
    fill(store, bucket)
    own = work.path / "prune.txt"
    own.write_text("\n".join([*store.admin, bucket]))
    Path(work.settings["CREDENTIALS_FILE"]).write_text("\n".join([*Keys("no", "no"), bucket]))
    assert work.prune(PRUNE_CREDENTIALS_FILE=str(own)).returncode == 0


def test_daily_logs_go_after_their_days(work: Workplace, store: Store, bucket: str) -> None:
    """Logs alone; unset, all stay."""
    fill(store, bucket)
    for name in (f"{day(0)}.txt", f"{day(30)}.txt", f"{day(31)}.txt", "notes.txt"):
        (work.logs / name).touch()
    assert work.prune().returncode == 0
    assert len(list(work.logs.iterdir())) == 4
    assert work.prune(KEEP_LOGS_DAYS="30").returncode == 0
    assert {path.name for path in work.logs.iterdir()} == {
        f"{day(0)}.txt", f"{day(30)}.txt", "notes.txt",
    }  # fmt: skip
