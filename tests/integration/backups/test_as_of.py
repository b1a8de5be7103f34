"""A bucket that keeps versions is seen as it was at a moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from datadump.backups.catalogue import Catalogue
from datadump.s3.client import connect
from datadump.s3.listing import PastBucket, then_there
from datadump.settings.pipelines import Pipeline
from datadump.settings.store import StoreAccess
from support.store import Store
from support.waiting import next_second

FIRST = datetime(2026, 11, 26, 2, tzinfo=UTC)


def seen(access: StoreAccess, pipeline: Pipeline, moment: datetime) -> dict[str, bytes]:
    """Key and content of each backup as of that moment."""
    bucket = PastBucket(connect(access), moment)
    backups = Catalogue(bucket, pipeline).all()
    return {one.key: b"".join(bucket.read_range(one.key, one.etag, 0, one.size)) for one in backups}


def test_removed_and_overwritten_backups_are_as_they_were(
    store: Store, access: StoreAccess, pipeline: Pipeline
) -> None:
    """What came since isn't there; what is removed and came again is each time what it was."""
    client, bucket = store.client(), access.bucket
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    days = [f"2026-11-{day}/datadump1.sql" for day in (23, 24, 25, 26)]
    kept, overwritten, removed, new = days
    for key in (kept, overwritten, removed):
        store.put(bucket, key, b"first")
    first = next_second()
    store.put(bucket, overwritten, b"second")
    client.delete_object(Bucket=bucket, Key=removed)
    second = next_second()
    store.put(bucket, removed, b"third")
    store.put(bucket, new, b"third")
    client.delete_object(Bucket=bucket, Key=kept)
    assert seen(access, pipeline, first) == dict.fromkeys(days[:3], b"first")
    assert seen(access, pipeline, second) == {kept: b"first", overwritten: b"second"}
    assert seen(access, pipeline, datetime.now(UTC) + timedelta(hours=1)) == {
        overwritten: b"second", removed: b"third", new: b"third",
    }  # fmt: skip


def test_without_versions_what_was_overwritten_since_is_not_there(
    store: Store, access: StoreAccess, pipeline: Pipeline
) -> None:
    """It isn't taken for what was there."""
    kept, overwritten = "2026-11-23/datadump1.sql", "2026-11-24/datadump1.sql"
    for key in (kept, overwritten):
        store.put(access.bucket, key, b"first")
    moment = next_second()
    store.put(access.bucket, overwritten, b"second")
    assert seen(access, pipeline, moment) == {kept: b"first"}


def version(key: str, name: str, seconds: int, **size: int) -> dict[str, object]:
    moment = FIRST + timedelta(seconds=seconds)
    return {"Key": key, "VersionId": name, "LastModified": moment, **size}


def test_versions_of_an_object_may_be_on_several_pages_and_of_one_second() -> None:
    """The later of one second counts, and a removal is the later one."""
    pages = [
        {"Versions": [version("a", "a3", 2, Size=1), version("a", "a2", 1, Size=1)]},
        {"Versions": [version("a", "a1", 1, Size=1)], "DeleteMarkers": [version("b", "b2", 1)]},
        {"Versions": [version("b", "b1", 1, Size=1), version("c", "c1", 2, Size=0)]},
    ]
    then = then_there(pages, FIRST + timedelta(seconds=1))
    assert [item["VersionId"] for item in then] == ["a2"]
    later = then_there(pages, FIRST + timedelta(seconds=2))
    assert [item["VersionId"] for item in later] == ["a3", "c1"]
