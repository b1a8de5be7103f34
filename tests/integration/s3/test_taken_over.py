"""Somebody has the host that dumps: he reads no old backup, and the proven one comes back.

He has the uploader's keys and the disk, and does his worst. The store enforces accounts and locks;
it doesn't know the condition by which AWS keeps him from overwriting, so that he does.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.age import encrypted, make_key
from support.mariadb import Server, contents
from support.policies import PREFIX, make_account
from support.programs import Workplace
from support.restoring import back_up, make_restorer, workplace
from support.shop import DATABASE, ODDITIES
from support.store import Keys, Store
from support.waiting import next_second

LOCK = {"S3_OBJECT_LOCK": "GOVERNANCE", "S3_OBJECT_LOCK_DAYS": "3"}
FALSE = b"-- MariaDB dump 10.19\nDROP DATABASE x;\n-- Dump completed\n"


class Away:
    """Another machine: the private key, and the accounts that restore and drill."""

    def __init__(self, path: Path, host: Workplace, keys: Keys, bucket: str) -> None:
        path.mkdir()
        self.recipient = make_key(path / "identity")
        credentials = path / "credentials.txt"
        credentials.write_text("\n".join([*keys, bucket]))
        self.settings = host.settings | {
            "CREDENTIALS_FILE": str(credentials),
            "AGE_IDENTITY_FILE": str(path / "identity"),
        }


@pytest.fixture(scope="session")
def store(stores: Callable[[str], Store]) -> Store:
    """The one that enforces locks."""
    return stores("seaweedfs-http")


@pytest.fixture
def host(
    tmp_path: Path, server: Server, grant: Callable[..., None], store: Store, bucket: str
) -> Iterator[Workplace]:
    """The host that dumps, with the uploader's account and no other."""
    del grant  # it has made the account that dumps
    make_restorer(server, DATABASE)
    host = workplace(tmp_path / "host", server, store, bucket)
    keys = make_account(store, bucket, "uploader", "lock")
    Path(host.settings["CREDENTIALS_FILE"]).write_text("\n".join([*keys, bucket]))
    host.settings |= {"S3_PREFIX": PREFIX, "DUMP_COMPRESSION": "zstd", **LOCK}
    store.client().create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    yield host
    server.load(ODDITIES.encode(), DATABASE)


@pytest.fixture
def away(tmp_path: Path, host: Workplace, store: Store, bucket: str) -> Away:
    keys = make_account(store, bucket, "restore", "drill")
    away = Away(tmp_path / "away", host, keys, bucket)
    recipients = host.path / "recipients"
    recipients.write_text(f"{away.recipient}\n")
    host.settings["AGE_RECIPIENTS_FILE"] = str(recipients)
    return away


def thief_of(host: Workplace, store: Store) -> Any:
    """A client with the keys that are on the host."""
    id_, secret, _ = Path(host.settings["CREDENTIALS_FILE"]).read_text().split("\n")
    return store.connect("s3", Keys(id_, secret))


def do_his_worst(thief: Any, bucket: str, versions: list[dict[str, Any]], recipient: str) -> None:
    """All that destroys a backup or leads a restore astray; most of it is denied."""
    attempts: list[tuple[str, dict[str, Any]]] = []
    for version in versions:
        at = {"Key": version["Key"]}
        its = at | {"VersionId": version["VersionId"]}
        soon = {"Mode": "GOVERNANCE", "RetainUntilDate": datetime.now(UTC) + timedelta(seconds=2)}
        attempts += [
            ("delete_object", its),
            ("delete_object", its | {"BypassGovernanceRetention": True}),
            ("put_object_retention", its | {"Retention": soon}),
            ("put_object_retention", its | {"Retention": soon, "BypassGovernanceRetention": True}),
            ("put_object_legal_hold", its | {"LegalHold": {"Status": "OFF"}}),
            ("delete_objects", {"Delete": {"Objects": [its]}}),
            ("delete_object", at),
            ("put_object", at | {"Body": encrypted(FALSE, recipient)}),
        ]
    of_all = {"ID": "all", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    attempts += [
        ("put_bucket_lifecycle_configuration", {"LifecycleConfiguration": {"Rules": [of_all]}}),
        ("put_bucket_versioning", {"VersioningConfiguration": {"Status": "Suspended"}}),
        ("put_object_lock_configuration", {"ObjectLockConfiguration": {}}),
        ("put_bucket_policy", {"Policy": "{}"}),
        ("delete_bucket", {}),
    ]
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
    for key in (f"{tomorrow}/datadump9.sql.zst.age", "proofs/x.json"):
        attempts.append(("put_object", {"Key": f"{PREFIX}/{key}", "Body": FALSE}))
    for operation, parameters in attempts:
        with suppress(ClientError):
            getattr(thief, operation)(Bucket=bucket, **parameters)


def hide_all(remover: Any, bucket: str, keys: Iterable[str]) -> None:
    """Remove every object, as an account may that can't remove what is locked."""
    for key in keys:
        remover.delete_object(Bucket=bucket, Key=key)


def versions_in(store: Store, bucket: str) -> list[dict[str, Any]]:
    listed = store.client().list_object_versions(Bucket=bucket)
    return [dict(version) for version in listed.get("Versions", [])]


def test_thief_with_the_uploaders_keys_neither_reads_nor_destroys_a_backup(
    host: Workplace, away: Away, server: Server, store: Store, bucket: str
) -> None:
    """After his worst the newest proven backup restores, as of the moment before.

    So it does where he found the account that removes, too, and has hidden all.
    """
    before = contents(server, DATABASE)
    back_up(host)
    assert host.drill(**away.settings).returncode == 0, host.messages()
    moment = next_second()
    versions, thief = versions_in(store, bucket), thief_of(host, store)
    (backup,) = [one for one in versions if one["Key"].endswith("/datadump1.sql.zst.age")]
    stolen = thief.get_object(Bucket=bucket, Key=backup["Key"])["Body"].read()
    assert not any(opens(path, stolen) for path in files_of(host))
    do_his_worst(thief, bucket, versions, away.recipient)
    kept = {(one["Key"], one["VersionId"], one["ETag"]) for one in versions_in(store, bucket)}
    assert kept > {(one["Key"], one["VersionId"], one["ETag"]) for one in versions}
    hide_all(
        store.connect("s3", make_account(store, bucket, "prune")), bucket, {key for key, *_ in kept}
    )
    assert "no backups" in host.restore("--list", **away.settings).stdout
    server.query(f"DROP DATABASE {DATABASE}")
    then = ["--as-of", moment.isoformat()]
    listed = host.restore("--list", *then, **away.settings)
    assert listed.stderr.startswith("the bucket as of 20")
    assert listed.stdout.count("verified") == listed.stdout.count(".age") == 1
    result = host.restore("latest", *then, **away.settings)
    assert result.returncode == 0, host.messages()
    assert contents(server, DATABASE) == before


def files_of(host: Workplace) -> list[Path]:
    return [path for path in host.path.rglob("*") if path.is_file()]


def opens(identity: Path, content: bytes) -> bool:
    """Whether age takes that file for the key of these bytes."""
    return not subprocess.run(
        ["age", "-d", "-i", str(identity)], check=False, input=content, capture_output=True
    ).returncode
