"""Which backups the bucket has: listed newest first, and found by what a person calls them."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta

import pytest
from datadump.backups.catalogue import Backup, Catalogue, Newest, NoBackupError
from datadump.backups.listing import as_json, as_table
from datadump.backups.proofs import Proof, Proofs
from datadump.s3.client import connect
from datadump.s3.errors import StoreError
from datadump.settings.pipelines import Pipeline
from datadump.settings.store import StoreAccess
from support.programs import Workplace
from support.proxy import PAGE, Proxy
from support.store import Store

DATABASE = "FACULDADE"
AT = "2026-11-29T04:00:00-03:00"


def catalogue_of(access: StoreAccess, pipeline: Pipeline) -> Catalogue:
    return Catalogue(connect(access), pipeline)


def keys(newest: Newest) -> list[str]:
    return [backup.key for backup in newest.backups]


def proof_of(backup: Backup, *, verified: bool = True, **changes: str) -> Proof:
    proof = Proof(backup.key, backup.dump_id, backup.etag, verified, "", AT, {"tables": 26}, {})
    return proof._replace(**changes)  # type: ignore[arg-type]


def leave_proof(access: StoreAccess, pipeline: Pipeline, proof: Proof) -> None:
    Proofs(connect(access), pipeline.prefix).write(proof)


def kinds_of_requests(proxy: Proxy) -> Counter[str]:
    """So many listings, HEADs and proofs that were asked for."""
    return Counter(
        "listing" if "list-type=2" in r.path else "proof" if "/proofs/" in r.path else r.method
        for r in proxy.requests
    )


def test_newest_is_first_by_day_and_then_by_number(
    store: Store, access: StoreAccess, pipeline: Pipeline
) -> None:
    """Numbers compare as numbers, over all suffixes."""
    wanted = [
        "2026-11-24/datadump1.sql",
        "2026-11-23/datadump11.sql",
        "2026-11-23/datadump9.sql.zst",
        "2026-11-23/datadump2.sql.gz",
        "2025-12-31/datadump70.sql",
    ]
    for key in sorted(wanted):
        store.put(access.bucket, key)
    assert keys(catalogue_of(access, pipeline).newest(50)) == wanted


def test_other_names_are_no_backups(store: Store, access: StoreAccess, pipeline: Pipeline) -> None:
    """Whatever they resemble."""
    for key in (
        "datadump1.sql", "2026-11-23/datadump0.sql", "2026-11-23/datadump1.sql.bak",
        "2026-11-23/x/datadump1.sql", "2026-02-30/datadump1.sql", "20261123/datadump1.sql",
        "proofs/2026-11-23/datadump1.sql.json", "other/2026-11-23/datadump1.sql",
    ):  # fmt: skip
        store.put(access.bucket, key)
    newest = catalogue_of(access, pipeline).newest(50)
    assert newest == Newest([], more=False)
    assert as_table(newest, "s3://b") == "there are no backups in s3://b"
    assert as_json(newest) == "[]"


def test_number_that_follows_from_no_other_is_no_backups(
    store: Store, access: StoreAccess, pipeline: Pipeline
) -> None:
    """Else whoever may write to the bucket is the last of the day; its key still finds it."""
    poison = "2026-11-23/datadump99999999999999.sql"
    store.put(access.bucket, "2026-11-23/datadump1.sql")
    store.put(access.bucket, poison)
    catalogue = catalogue_of(access, pipeline)
    assert keys(catalogue.newest(50)) == ["2026-11-23/datadump1.sql"]
    for wanted in ("latest", "2026-11-23"):
        assert catalogue.find(wanted).key == "2026-11-23/datadump1.sql"
    assert catalogue.find(poison).key == poison


def day_from_now(days: int) -> str:
    """In the zone of this process, which is the catalogue's."""
    return str(datetime.now().astimezone().date() + timedelta(days))


def test_day_to_come_is_no_backups(
    store: Store, access: StoreAccess, pipeline: Pipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else it is the latest for ever; of tomorrow, another clock or zone may be right."""
    days = [day_from_now(n) for n in (-1, 0, 1, 2)] + ["2099-12-31"]
    for day in days:
        store.put(access.bucket, f"{day}/datadump1.sql")
    catalogue = catalogue_of(access, pipeline)
    assert keys(catalogue.newest(50)) == [f"{day}/datadump1.sql" for day in days[2::-1]]
    assert catalogue.find("latest").key == f"{days[2]}/datadump1.sql"
    (warning,) = capsys.readouterr().err.splitlines()
    assert warning == (
        f"warning: passed over, since these days are to come: 2099-12-31, {days[3]} "
        f"(s3://{access.bucket}): by its day or key you get what is there"
    )


def test_day_to_come_is_found_by_its_name(
    store: Store, access: StoreAccess, pipeline: Pipeline
) -> None:
    """And by a key of it: a person means it, the clock of an uploader may have been wrong."""
    store.put(access.bucket, "2099-12-31/datadump1.sql")
    catalogue = catalogue_of(access, pipeline)
    for wanted in ("2099-12-31", "2099-12-31/datadump1.sql"):
        assert catalogue.find(wanted).key == "2099-12-31/datadump1.sql"
    with pytest.raises(NoBackupError, match="no backup of 'FACULDADE'"):
        catalogue.find("latest")


def test_days_to_come_are_one_short_line(
    store: Store, access: StoreAccess, pipeline: Pipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    """However many somebody made."""
    for number in range(1, 10):
        store.put(access.bucket, f"2099-12-0{number}/datadump1.sql")
    catalogue_of(access, pipeline).newest(50)
    (warning,) = capsys.readouterr().err.splitlines()
    assert "2099-12-09, 2099-12-08, 2099-12-07 and 6 more" in warning


def test_prefix_shows_its_own_backups(
    store: Store, access: StoreAccess, pipeline: Pipeline
) -> None:
    """And no other's."""
    for prefix in ("", "hosts/one/", "hosts/one/more/", "hosts/two/"):
        store.put(access.bucket, f"{prefix}2026-11-23/datadump1.sql")
    newest = catalogue_of(access, pipeline._replace(prefix="hosts/one/")).newest(50)
    assert keys(newest) == ["hosts/one/2026-11-23/datadump1.sql"]


def test_thousands_of_backups_take_no_more_requests_than_are_shown(
    store: Store, access: StoreAccess, pipeline: Pipeline, proxy: Proxy
) -> None:
    """Days that aren't needed are not listed, objects that aren't shown are not looked at."""
    client, day = store.client(), date(2026, 11, 23)
    names = [f"{day}/datadump{number}.sql" for number in range(1, 1003)]
    names += [f"{day - timedelta(days)}/datadump1.sql" for days in range(1, 21)]
    with ThreadPoolExecutor(8) as pool:
        for name in names:
            pool.submit(client.put_object, Bucket=access.bucket, Key=name)
    catalogue = catalogue_of(access._replace(endpoint_url=proxy.url), pipeline)

    newest = catalogue.newest(3)
    assert keys(newest) == [f"{day}/datadump{number}.sql" for number in (1002, 1001, 1000)]
    assert newest.more
    # The days, and two pages of the newest.
    assert kinds_of_requests(proxy) == {"listing": 3, "HEAD": 3, "proof": 3}

    proxy.requests.clear()
    assert catalogue.find("latest").key == f"{day}/datadump1002.sql"
    # The days are known by now.
    assert kinds_of_requests(proxy) == {"listing": 2, "HEAD": 1, "proof": 1}

    proxy.requests.clear()
    assert catalogue.find("2026-11-20").key == "2026-11-20/datadump1.sql"
    assert kinds_of_requests(proxy) == {"listing": 1, "HEAD": 1, "proof": 1}
    # Nor does what lies deeper in a day's folder.
    assert all("delimiter=" in r.path for r in proxy.requests if "list-type=2" in r.path)


def test_what_is_not_shown_is_said(store: Store, access: StoreAccess, pipeline: Pipeline) -> None:
    """Also where it is of other days; and nothing is said where all is shown."""
    for day in ("2026-11-23", "2026-11-22"):
        store.put(access.bucket, f"{day}/datadump1.sql")
    catalogue = catalogue_of(access, pipeline)
    assert [catalogue.newest(count).more for count in (1, 2, 3)] == [True, False, False]
    assert as_table(catalogue.newest(1), "").splitlines()[-1] == (
        "these are the newest 1: --limit N shows more"
    )
    assert "--limit" not in as_table(catalogue.newest(2), "")


def test_listing_says_what_the_metadata_says(
    store: Store, access: StoreAccess, pipeline: Pipeline
) -> None:
    """Aligned for a person; dashes for objects of other tools; nothing that moves the cursor."""
    store.put(
        access.bucket, "2026-11-23/datadump10.sql.zst", b"x" * 1536,
        **{"dumped-at": "2026-11-23T03:38:27-03:00", "database": "na%C3%AFve", "sha256": "abc",
           "dump-id": "d"},
    )  # fmt: skip
    store.put(access.bucket, "2026-11-23/datadump9.sql", b"x", database="%1B[2J")
    store.put(access.bucket, "2026-11-23/datadump8.sql")
    catalogue = catalogue_of(access, pipeline)
    leave_proof(access, pipeline, proof_of(catalogue.find("2026-11-23/datadump10.sql.zst")))
    leave_proof(
        access, pipeline, proof_of(catalogue.find("2026-11-23/datadump8.sql"), verified=False)
    )
    newest = catalogue.newest(50)
    assert as_table(newest, "").splitlines() == [
        "KEY                               SIZE  DUMPED AT                  DATABASE  PROOF",
        "2026-11-23/datadump10.sql.zst  1.5 KiB  2026-11-23T03:38:27-03:00  naïve     "
        "verified 2026-11-29",
        "2026-11-23/datadump9.sql           1 B  -                          ?[2J      -",
        "2026-11-23/datadump8.sql           0 B  -                          -         "
        "FAILED 2026-11-29",
    ]
    listed = json.loads(as_json(newest))
    etag = newest.backups[0].etag
    assert listed[0] == {
        "key": "2026-11-23/datadump10.sql.zst", "size": 1536, "etag": etag,
        "dumped-at": "2026-11-23T03:38:27-03:00", "database": "naïve", "sha256": "abc",
        "dump-id": "d",
        "proof": {"key": "2026-11-23/datadump10.sql.zst", "dump-id": "d", "etag": etag,
                  "verified": True, "reason": "", "at": AT, "numbers": {"tables": 26},
                  "seconds": {}},
    }  # fmt: skip
    assert [listed[2][name] for name in ("dumped-at", "database", "dump-id", "sha256")] == [
        None
    ] * 4
    assert [backup["proof"] is None for backup in listed] == [False, True, False]


def test_latest_and_a_day_pass_over_other_databases(
    store: Store, access: StoreAccess, pipeline: Pipeline
) -> None:
    """What has no metadata counts."""
    for key, database in {
        "2026-11-25/datadump1.sql": "other",
        "2026-11-24/datadump3.sql": "other",
        "2026-11-24/datadump2.sql": DATABASE,
        "2026-11-24/datadump1.sql": DATABASE,
    }.items():
        store.put(access.bucket, key, database=database)
    store.put(access.bucket, "2026-11-23/datadump10.sql")
    store.put(access.bucket, "2026-11-23/datadump9.sql", database=DATABASE)
    catalogue = catalogue_of(access, pipeline)
    assert catalogue.find("latest").key == "2026-11-24/datadump2.sql"
    assert catalogue.find("2026-11-24").key == "2026-11-24/datadump2.sql"
    assert catalogue.find("2026-11-23").key == "2026-11-23/datadump10.sql"
    assert catalogue.find("2026-11-25/datadump1.sql").database == "other"


@pytest.mark.parametrize(
    ("moment", "found"),
    [
        ("2026-11-25T03:00:01+00:00", "2026-11-25/datadump1.sql"),
        ("2026-11-25T03:00:00+00:00", "2026-11-25/datadump2.sql"),
        ("2026-11-24T20:00:00-03:00", "2026-11-24/datadump1.sql"),  # 23:00 in UTC
    ],
)
def test_last_one_before_a_moment_goes_by_when_it_was_dumped(
    store: Store, access: StoreAccess, pipeline: Pipeline, moment: str, found: str
) -> None:
    """Not by its key: one may have been uploaded late. Of this database, and where that is told."""
    for key, dumped_at, database in (
        ("2026-11-26/datadump1.sql", "2026-11-24T01:00:00+00:00", "other"),
        ("2026-11-25/datadump3.sql", "", DATABASE),
        ("2026-11-25/datadump1.sql", "2026-11-25T00:00:00-03:00", DATABASE),
        ("2026-11-25/datadump2.sql", "2026-11-24T23:00:00+00:00", DATABASE),
        ("2026-11-24/datadump1.sql", "2026-11-24T03:00:00+00:00", DATABASE),
    ):
        store.put(access.bucket, key, b"", **{"database": database, "dumped-at": dumped_at})
    catalogue = catalogue_of(access, pipeline)
    assert catalogue.before(datetime.fromisoformat(moment)).key == found
    with pytest.raises(NoBackupError, match="no backup of 'FACULDADE' from before 2026-11-24"):
        catalogue.before(datetime.fromisoformat("2026-11-24T03:00:00+00:00"))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("hosts/one/2026-11-23/datadump1.sql", "hosts/one/2026-11-23/datadump1.sql"),
        ("2026-11-23/datadump1.sql", "hosts/one/2026-11-23/datadump1.sql"),
        ("2026-11-22/datadump1.sql", "2026-11-22/datadump1.sql"),
        ("dumps of old/João.sql", "dumps of old/João.sql"),
        ("s3://{bucket}/dumps of old/João.sql", "dumps of old/João.sql"),
    ],
)
def test_key_is_found_with_and_without_the_prefix(
    store: Store, access: StoreAccess, pipeline: Pipeline, wanted: str, found: str
) -> None:
    """One in the prefix before the same in the root, which may be another host's."""
    for key in (
        "hosts/one/2026-11-23/datadump1.sql", "2026-11-23/datadump1.sql",
        "2026-11-22/datadump1.sql", "dumps of old/João.sql",
    ):  # fmt: skip
        store.put(access.bucket, key, b"x" * len(key))
    catalogue = catalogue_of(access, pipeline._replace(prefix="hosts/one/"))
    backup = catalogue.find(wanted.format(bucket=access.bucket))
    assert (backup.key, backup.size) == (found, len(found))


@pytest.mark.parametrize(
    ("wanted", "what"),
    [
        ("latest", "no backup of 'FACULDADE'"),
        ("2026-11-23", "no backup of 'FACULDADE' of 2026-11-23"),
        ("2026-02-30", "no object '2026-02-30'"),
        ("2026-11-23/datadump2.sql", "no object '2026-11-23/datadump2.sql'"),
        ("", "no object ''"),
        ("two\nlines", r"no object 'two\nlines'"),
    ],
)
def test_what_is_not_there_is_one_line_with_the_remedy(
    store: Store, access: StoreAccess, pipeline: Pipeline, proxy: Proxy, wanted: str, what: str
) -> None:
    """Also for an account that may not look outside of its prefix."""
    store.put(access.bucket, "hosts/one/2026-11-23/datadump1.sql", database="other")
    proxy.choose = lambda r: None if "hosts" in r.path else 403
    through_proxy = access._replace(endpoint_url=proxy.url)
    prefixed = pipeline._replace(prefix="hosts/one/")
    with pytest.raises(NoBackupError) as raised:
        catalogue_of(through_proxy, prefixed).find(wanted)
    assert str(raised.value) == (
        f"there is {what} in s3://{access.bucket}/hosts/one/: --list shows what is there"
    )


def test_bucket_that_is_not_there_is_an_error(access: StoreAccess, pipeline: Pipeline) -> None:
    """Not an empty listing."""
    catalogue = catalogue_of(access._replace(bucket="not-made-by-anyone"), pipeline)
    for ask in (lambda: catalogue.newest(50), lambda: catalogue.find("latest")):
        with pytest.raises(StoreError, match="s3://not-made-by-anyone"):
            ask()


@pytest.mark.parametrize("prefix", ["", "hosts/one/"])
def test_later_proof_takes_the_place_of_an_earlier_one(
    store: Store, access: StoreAccess, pipeline: Pipeline, prefix: str
) -> None:
    """A failure that of a success; beside the days, so that it is no backup itself."""
    pipeline = pipeline._replace(prefix=prefix)
    store.put(access.bucket, f"{prefix}2026-11-23/datadump1.sql", b"dump", **{"dump-id": "d"})
    catalogue = catalogue_of(access, pipeline)
    backup = catalogue.find("latest")
    assert backup.proof is None
    for proof in (proof_of(backup), proof_of(backup, verified=False, reason="it's damaged: ç")):
        leave_proof(access, pipeline, proof)
        assert catalogue.find("latest").proof == proof
        assert [listed.proof for listed in catalogue.newest(50).backups] == [proof]
    assert set(store.objects(access.bucket)) == {
        f"{prefix}2026-11-23/datadump1.sql",
        f"{prefix}proofs/2026-11-23/datadump1.sql.json",
    }


def test_proof_speaks_for_no_other_object_under_its_key(
    store: Store, access: StoreAccess, pipeline: Pipeline
) -> None:
    """Another dump, other bytes with the metadata left as it was, other bytes without any."""
    key = "2026-11-23/datadump1.sql"
    catalogue = catalogue_of(access, pipeline)
    for first, then in [
        ((b"dump", {"dump-id": "d"}), (b"dump", {"dump-id": "e"})),
        ((b"dump", {"dump-id": "d"}), (b"dumb", {"dump-id": "d"})),
        ((b"dump", {}), (b"dumb", {})),
    ]:
        store.put(access.bucket, key, first[0], **first[1])
        leave_proof(access, pipeline, proof_of(catalogue.find(key)))
        assert catalogue.find(key).proof is not None
        store.put(access.bucket, key, then[0], **then[1])
        assert catalogue.find(key).proof is None


def test_proof_that_cannot_be_read_is_none(
    store: Store, access: StoreAccess, pipeline: Pipeline
) -> None:
    """The backup is listed all the same."""
    store.put(access.bucket, "2026-11-23/datadump1.sql")
    store.put(access.bucket, "proofs/2026-11-23/datadump1.sql.json", b"{")
    (backup,) = catalogue_of(access, pipeline).newest(50).backups
    assert backup.proof is None


@pytest.mark.usefixtures("access")  # the bucket is there
def test_page_in_place_of_a_listing_is_not_an_empty_bucket(
    uploads: Workplace, proxy: Proxy
) -> None:
    """An endpoint that answers everything so is no store: nobody should hear of no backups."""
    proxy.choose = lambda _: PAGE
    result = uploads.restore("--list")
    assert result.returncode == 1
    (message,) = uploads.messages()
    assert message.startswith("restore failed: ")
    assert "there are no backups" not in result.stdout + result.stderr
