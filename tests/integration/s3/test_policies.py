"""The policies for AWS, as they stand in the pages, each on an account of its own.

SeaweedFS and ministack have real policy engines, but don't know the condition keys
``s3:if-none-match`` and ``s3:ObjectCreationOperation``: there the uploader's Deny never applies,
and what it forbids is by Amazon's documentation (user guide, "Enforce conditional writes"). That
our requests meet it is proven by
test_object_is_only_ever_put_under_the_condition_that_there_is_none, and that an upload asks for
nothing more by test_existing_bucket_is_not_touched.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.mariadb import Server, contents
from support.policies import PREFIX, make_account, policy
from support.programs import Workplace
from support.restoring import back_up, make_restorer, workplace
from support.shop import DATABASE, ODDITIES
from support.store import Keys, Store

LARGE = 17 * 1024 * 1024  # bytes: goes up in parts
UPLOADED = "file successfully uploaded"

Account = Callable[..., Keys]


@pytest.fixture(scope="session")
def store(stores: Callable[[str], Store], request: pytest.FixtureRequest) -> Store:
    """One whose accounts have policies."""
    return stores(getattr(request, "param", "seaweedfs-http"))


@pytest.fixture
def made_bucket(store: Store, bucket: str) -> str:
    """It is there, with somebody else's backup."""
    store.client().create_bucket(Bucket=bucket)
    store.put(bucket, "hosts/two/2026-11-23/datadump1.sql", b"theirs")
    return bucket


@pytest.fixture
def account(store: Store, bucket: str) -> Account:
    """Make an account with these of the policies, and no other right."""
    return partial(make_account, store, bucket)


def use(work: Workplace, keys: Keys, bucket: str) -> None:
    """From now on the programs have this account, and the prefix."""
    credentials = Path(work.settings["CREDENTIALS_FILE"])
    credentials.write_text("\n".join([*keys, bucket]))
    work.settings["S3_PREFIX"] = PREFIX


def upload(work: Workplace, content: bytes) -> None:
    """A dump that arrives, without a warning."""
    (work.dumps / "datadump.sql").write_bytes(content)
    result = work.tick()
    assert (result.returncode, result.stderr) == (0, ""), result.stdout
    assert work.messages()[-1] == UPLOADED


def ours(store: Store, bucket: str) -> dict[str, bytes]:
    """Name and content of each object below the prefix, without the days."""
    return {
        re.sub(r"/\d{4}-\d\d-\d\d/", "/", key): content
        for key, content in store.objects(bucket).items()
        if key.startswith(f"{PREFIX}/")
    }


def assert_denied(store: Store, keys: Keys, operation: str, **parameters: Any) -> None:
    """The store refuses it to this account for want of a right."""
    with pytest.raises(ClientError) as refused:
        getattr(store.connect("s3", keys), operation)(**parameters)
    assert refused.value.response["Error"]["Code"] == "AccessDenied", operation


def test_uploader_gets_dumps_of_all_sizes_into_an_existing_bucket(
    uploads: Workplace, store: Store, made_bucket: str, account: Account
) -> None:
    """In one request and in parts; nothing that it asks for on the way is denied."""
    use(uploads, account("uploader"), made_bucket)
    large = b"x" * LARGE
    upload(uploads, b"small")
    upload(uploads, large)
    assert ours(store, made_bucket) == {
        f"{PREFIX}/datadump1.sql": b"small",
        f"{PREFIX}/datadump2.sql": large,
    }


def test_uploader_lists_and_aborts_what_is_open_at_its_key(
    store: Store, made_bucket: str, account: Account
) -> None:
    """The requests of a tick that goes on after a kill."""
    client = store.connect("s3", account("uploader"))
    at = {"Bucket": made_bucket, "Key": f"{PREFIX}/2026-11-23/datadump1.sql"}
    upload_id = client.create_multipart_upload(**at)["UploadId"]
    client.upload_part(**at, UploadId=upload_id, PartNumber=1, Body=b"part")
    (listed,) = client.list_multipart_uploads(Bucket=made_bucket, Prefix=at["Key"])["Uploads"]
    assert listed["UploadId"] == upload_id
    (part,) = client.list_parts(**at, UploadId=upload_id)["Parts"]
    assert part["Size"] == len(b"part")
    client.abort_multipart_upload(**at, UploadId=upload_id)
    assert "Uploads" not in client.list_multipart_uploads(Bucket=made_bucket)


def test_uploader_can_remove_nothing_and_change_nothing_else(
    uploads: Workplace, store: Store, made_bucket: str, account: Account
) -> None:
    """Neither now nor by a rule that expires objects. It writes dumps below the prefix only."""
    keys = account("uploader")
    use(uploads, keys, made_bucket)
    upload(uploads, b"dump")
    before = store.objects(made_bucket)
    (key,) = [key for key in before if key.startswith(PREFIX)]
    expire_all = {
        "Rules": [
            {"ID": "all", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
        ]
    }
    changes: dict[str, dict[str, Any]] = {
        "put_bucket_lifecycle_configuration": {"LifecycleConfiguration": expire_all},
        "put_bucket_versioning": {"VersioningConfiguration": {"Status": "Suspended"}},
        "put_bucket_policy": {"Policy": policy("drill", made_bucket)},
        "delete_public_access_block": {},
        "delete_bucket": {},
        "delete_object": {"Key": key},
        "put_object_acl": {"Key": key, "ACL": "public-read"},
    }
    for operation, parameters in changes.items():
        assert_denied(store, keys, operation, Bucket=made_bucket, **parameters)
    for place in (
        "2026-11-23/datadump1.sql",
        "hosts/two/2026-11-23/datadump2.sql",
        f"{PREFIX}/proofs/2026-11-23/datadump1.sql.json",
    ):
        new = {"Bucket": made_bucket, "Key": place}
        assert_denied(store, keys, "put_object", **new, Body=b"", IfNoneMatch="*")
        assert_denied(store, keys, "create_multipart_upload", **new)
    assert_denied(
        store, keys, "get_object", Bucket=made_bucket, Key="hosts/two/2026-11-23/datadump1.sql"
    )
    assert store.objects(made_bucket) == before


def test_uploader_writes_only_where_there_is_nothing() -> None:
    """By the condition keys that Amazon names for that; the parts of a large one are exempt."""
    (denied,) = [
        statement
        for statement in json.loads(policy("uploader", "bucket"))["Statement"]
        if statement["Effect"] == "Deny"
    ]
    assert denied == {
        "Effect": "Deny",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::bucket/{PREFIX}/2*",
        "Condition": {
            "Null": {"s3:if-none-match": "true"},
            "Bool": {"s3:ObjectCreationOperation": "true"},
        },
    }


@pytest.mark.parametrize("store", ["ministack-https"], indirect=True)  # it closes buckets
def test_set_up_is_needed_for_the_first_upload_only(
    uploads: Workplace, store: Store, bucket: str, account: Account
) -> None:
    """It makes the bucket, closed to the public and with its rule; later uploads do without."""
    use(uploads, account("uploader", "set-up"), bucket)
    upload(uploads, b"first")
    client = store.client()
    closed = client.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(closed.values()) == {True}
    (rule,) = client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert "Expiration" not in rule
    use(uploads, account("uploader"), bucket)
    upload(uploads, b"second")
    assert list(ours(store, bucket).values()) == [b"first", b"second"]


def test_bucket_that_the_account_may_not_make_is_one_clear_line(
    uploads: Workplace, bucket: str, account: Account
) -> None:
    """And the dump stays."""
    use(uploads, account("uploader"), bucket)
    (uploads.dumps / "datadump.sql").write_bytes(b"dump")
    assert uploads.tick().returncode == 1
    assert "(AccessDenied) when calling the CreateBucket operation" in uploads.messages()[-1]
    assert uploads.files()["datadump.sql"] == b"dump"


@pytest.fixture
def backed_up(
    tmp_path: Path, server: Server, grant: Callable[..., None], store: Store, made_bucket: str,
    account: Account,
) -> Iterator[Workplace]:  # fmt: skip
    """A backup of the small database is in the bucket, by the uploader's account."""
    del grant  # it has made the account that dumps
    make_restorer(server, DATABASE)
    work = workplace(tmp_path / "way-back", server, store, made_bucket)
    use(work, account("uploader"), made_bucket)
    back_up(work)
    yield work
    server.load(ODDITIES.encode(), DATABASE)


def test_restore_needs_no_right_to_write(
    backed_up: Workplace, server: Server, store: Store, made_bucket: str, account: Account
) -> None:
    """It lists and restores; its keys change nothing in the bucket."""
    keys = account("restore")
    use(backed_up, keys, made_bucket)
    before = contents(server, DATABASE)
    objects = store.objects(made_bucket)
    server.query(f"DROP DATABASE {DATABASE}")
    assert f"{PREFIX}/" in backed_up.restore("--list").stdout
    assert backed_up.restore("latest").returncode == 0, backed_up.messages()
    assert contents(server, DATABASE) == before
    for key in objects:
        assert_denied(store, keys, "put_object", Bucket=made_bucket, Key=key, Body=b"")
        assert_denied(store, keys, "delete_object", Bucket=made_bucket, Key=key)
    assert store.objects(made_bucket) == objects


def test_drill_writes_its_proof_again_and_nothing_else(
    backed_up: Workplace, store: Store, made_bucket: str, account: Account
) -> None:
    """It has the policy of the restore beside its own."""
    keys = account("restore", "drill")
    use(backed_up, keys, made_bucket)
    (key,) = [key for key in store.objects(made_bucket) if key.startswith(PREFIX)]
    for _ in range(2):
        result = backed_up.drill()
        assert result.returncode == 0, result.stdout + result.stderr
    objects = store.objects(made_bucket)
    assert f"{PREFIX}/proofs/{key.removeprefix(PREFIX + '/')}.json" in objects
    for name in objects:
        assert_denied(store, keys, "delete_object", Bucket=made_bucket, Key=name)
    assert_denied(store, keys, "put_object", Bucket=made_bucket, Key=key, Body=b"")
    assert store.objects(made_bucket) == objects


def test_retention_removes_old_backups_and_nothing_else(
    backed_up: Workplace, store: Store, made_bucket: str, account: Account
) -> None:
    """With their proofs; nor may its keys write."""
    old, when = f"{PREFIX}/2026-01-02/datadump1.sql", "2026-01-02T03:00:00+00:00"
    metadata = {"dump-id": "1" * 32, "dumped-at": when, "database": DATABASE, "sha256": "5" * 64}
    store.put(made_bucket, old, b"old", **metadata)
    store.put(made_bucket, f"{PREFIX}/proofs/2026-01-02/datadump1.sql.json")
    keys = account("prune")
    use(backed_up, keys, made_bucket)
    before = store.objects(made_bucket)
    assert backed_up.prune(KEEP_LAST="1").returncode == 0, backed_up.messages()
    after = store.objects(made_bucket)
    assert {key for key in before if "2026-01-02" in key} == before.keys() - after.keys()
    for key in after:
        assert_denied(store, keys, "put_object", Bucket=made_bucket, Key=key, Body=b"")
        if not key.startswith(PREFIX):
            assert_denied(store, keys, "delete_object", Bucket=made_bucket, Key=key)


def test_one_account_may_do_all_of_it(
    backed_up: Workplace, made_bucket: str, account: Account
) -> None:
    """What the uploader is denied doesn't reach the proofs."""
    use(backed_up, account("uploader", "drill"), made_bucket)
    back_up(backed_up)
    assert backed_up.drill().returncode == 0, backed_up.messages()
    assert "verified" in backed_up.restore("--list").stdout


def test_mirror_copies_all_and_removes_nothing(
    uploads: Workplace, store: Store, made_bucket: str, account: Account
) -> None:
    """In one request and in parts, and a proof twice; it reads the first place by its uploader."""
    first = f"{made_bucket}-first"
    store.client().create_bucket(Bucket=first)
    use(uploads, store.admin, first)
    upload(uploads, b"small")
    upload(uploads, b"x" * LARGE)
    keys, mirror = account("mirror"), uploads.path / "mirror.txt"
    mirror.write_text("\n".join([*keys, made_bucket]))
    for number in range(2):
        (key, *_) = store.objects(first)
        store.put(first, f"{PREFIX}/proofs/{key.removeprefix(PREFIX + '/')}.json", b"%d" % number)
        result = uploads.mirror(
            MIRROR_CREDENTIALS_FILE=str(mirror), MIRROR_ENDPOINT_URL_S3=store.endpoint_url
        )
        assert (result.returncode, result.stderr) == (0, ""), result.stdout
        assert ours(store, made_bucket) == ours(store, first)
    for key in store.objects(first):
        assert_denied(store, keys, "delete_object", Bucket=made_bucket, Key=key)
