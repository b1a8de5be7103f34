"""Real S3 servers, which check signatures and preconditions: SeaweedFS and ministack."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlsplit

import boto3
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from support.programs import Workplace
from support.waiting import free_port, is_listening, wait_for

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

BIN = Path(sys.executable).parent


class Keys(NamedTuple):
    """An account's."""

    access_key_id: str
    secret_access_key: str


class Certificate(NamedTuple):
    """A server's own, which is its own authority."""

    path: Path
    key_path: Path


ADMIN = Keys("admin-key", "admin-secret")
UPLOADER = Keys("uploader-key", "uploader-secret")
UPLOADER_BUCKET = "given-bucket"
KMS_KEY = "alias/seaweedfs-default"  # that its own KMS makes at its start
DOMAIN = "store.example"  # below which SeaweedFS knows a host for each bucket


@dataclass
class Store:
    """The running server, seen as an administrator."""

    endpoint_url: str
    certificate: Certificate | None = None
    admin: Keys = ADMIN
    uploader: Keys = UPLOADER  # may list, read and write UPLOADER_BUCKET, and make none

    def client(self) -> S3Client:
        client: S3Client = self.connect("s3", self.admin)
        return client

    def connect(self, service: str, keys: Keys) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id=keys.access_key_id,
            aws_secret_access_key=keys.secret_access_key,
            verify=str(self.certificate.path) if self.certificate else None,
        )

    def objects(self, bucket: str) -> dict[str, bytes]:
        """All keys of the bucket with their bytes."""
        client = self.client()
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        return {key: client.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}

    def metadata(self, bucket: str, key: str) -> dict[str, str]:
        return self.client().head_object(Bucket=bucket, Key=key)["Metadata"]

    def remove(self, bucket: str, key: str) -> None:
        """All versions of the object, locked (GOVERNANCE) or not."""
        client = self.client()
        found = client.list_object_versions(Bucket=bucket, Prefix=key).get("Versions", [])
        for version in [one["VersionId"] for one in found if one["Key"] == key]:
            client.delete_object(
                Bucket=bucket, Key=key, VersionId=version, BypassGovernanceRetention=True
            )

    def put(self, bucket: str, key: str, body: bytes = b"", **metadata: str) -> None:
        """An object that somebody else put there."""
        self.client().put_object(Bucket=bucket, Key=key, Body=body, Metadata=metadata)

    def put_many(self, bucket: str, objects: Iterable[tuple[str, bytes, dict[str, str]]]) -> None:
        """Keys, bytes and metadata of thousands, over http: boto3 takes twice as long for it."""
        signer = S3SigV4Auth(Credentials(*self.admin), "s3", "us-east-1")
        own = threading.local()  # a connection for each thread

        def put(key: str, body: bytes, metadata: dict[str, str]) -> None:
            if not hasattr(own, "connection"):
                own.connection = HTTPConnection(urlsplit(self.endpoint_url).netloc)
            path = quote(f"/{bucket}/{key}")
            headers = {f"x-amz-meta-{name}": value for name, value in metadata.items()}
            request = AWSRequest("PUT", f"{self.endpoint_url}{path}", headers, body)
            signer.add_auth(request)
            own.connection.request("PUT", path, body, dict(request.headers))
            answer = own.connection.getresponse()
            assert answer.status == 200, answer.read()
            answer.read()

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda one: put(*one), objects))


@contextmanager
def running_server(
    command: list[str], folder: Path, store: Store, environment: dict[str, str] | None = None
) -> Iterator[Store]:
    """The command as long as it is needed, from when it answers."""
    port = int(store.endpoint_url.rpartition(":")[2])
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env=environment)
    try:
        wait_for(f"{command[0]} listens", lambda: is_listening(port))
        wait_for(f"{command[0]} answers", lambda: answers(store))
        yield store
    finally:
        process.kill()
        process.wait()


def answers(store: Store) -> bool:
    try:
        store.client().list_buckets()
    except Exception:  # noqa: BLE001 - whatever a server answers that isn't ready yet
        return False
    return True


def url(port: int, certificate: Certificate | None) -> str:
    return f"{'https' if certificate else 'http'}://127.0.0.1:{port}"


def identity(keys: Keys, actions: list[str]) -> dict[str, object]:
    return {
        "name": keys.access_key_id,
        "credentials": [{"accessKey": keys.access_key_id, "secretKey": keys.secret_access_key}],
        "actions": actions,
    }


@contextmanager
def running_seaweedfs(folder: Path, certificate: Certificate | None = None) -> Iterator[Store]:
    """SeaweedFS on free ports of the loopback interface, with its data in the folder.

    Its own KMS, for tests, has one key, which is in memory.
    """
    data, config = folder / "data", folder / "s3.json"
    data.mkdir(parents=True)
    limited = [f"{action}:{UPLOADER_BUCKET}" for action in ("Read", "Write", "List")]
    config.write_text(
        json.dumps(
            {
                "identities": [identity(ADMIN, ["Admin"]), identity(UPLOADER, limited)],
                "kms": {"default_provider": "local", "providers": {"local": {"type": "local"}}},
            }
        )
    )
    ports = {name: free_port(10_000) for name in ("master", "volume", "filer", "s3", "admin")}
    command = [
        str(BIN / "weed"), "mini", f"-dir={data}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
        f"-s3.config={config}", "-s3.autoCreateBucket=false", "-s3.port.iceberg=0",
        "-s3.port.lance=0", "-webdav=false", "-admin.ui=false", "-master.telemetry=false",
        "-volume.max=500", f"-s3.domainName={DOMAIN}", "-s3.iam.readOnly=false",
        *(f"-{name}.port={port}" for name, port in ports.items()),
        *(f"-{name}.port.grpc={port + 10_000}" for name, port in ports.items()),
    ]  # fmt: skip
    if certificate:
        command += [f"-s3.cert.file={certificate.path}", f"-s3.key.file={certificate.key_path}"]
    store = Store(url(ports["s3"], certificate), certificate)
    with running_server(command, folder, store):
        yield store


@contextmanager
def running_ministack(
    folder: Path,
    certificate: Certificate | None = None,
    environment: dict[str, str] | None = None,
) -> Iterator[Store]:
    """Ministack on a free port of the loopback interface; its objects are in memory."""
    folder.mkdir(parents=True)
    port = free_port()
    settings = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "AUTH": "true",
        "SERVICES": "s3,iam,sts",
        "IOT_MTLS_ENABLED": "0",
        **(environment or {}),
    }
    if certificate:
        settings["USE_SSL"] = "1"
        settings["MINISTACK_SSL_CERT"] = str(certificate.path)
        settings["MINISTACK_SSL_KEY"] = str(certificate.key_path)
    # It begins with a root account of these keys.
    store = Store(url(port, certificate), certificate, admin=Keys("test", "test"))
    with running_server([str(BIN.parent / "ministack/bin/ministack")], folder, store, settings):
        store.uploader = ministack_account(
            store,
            "uploader",
            ["s3:ListBucket", "s3:GetObject", "s3:PutObject"],
            [f"arn:aws:s3:::{UPLOADER_BUCKET}", f"arn:aws:s3:::{UPLOADER_BUCKET}/*"],
        )
        store.admin = ministack_account(store, "admin", ["s3:*", "iam:*"], ["*"])
        yield store


def ministack_account(store: Store, name: str, actions: list[str], resources: list[str]) -> Keys:
    iam = store.connect("iam", store.admin)
    iam.create_user(UserName=name)
    statement = {"Effect": "Allow", "Action": actions, "Resource": resources}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName=name, PolicyDocument=policy)
    made = iam.create_access_key(UserName=name)["AccessKey"]
    return Keys(made["AccessKeyId"], made["SecretAccessKey"])


def make_certificate(folder: Path) -> Certificate:
    """For the loopback address."""
    certificate = Certificate(folder / "certificate.pem", folder / "key.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", str(certificate.key_path), "-out", str(certificate.path)],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate


Running = Callable[..., Any]
SERVERS: dict[str, Running] = {"seaweedfs": running_seaweedfs, "ministack": running_ministack}
STORES = [f"{server}-{scheme}" for server in SERVERS for scheme in ("http", "https")]


@contextmanager
def running_store(name: str, folder: Path) -> Iterator[Store]:
    """One of STORES."""
    server, scheme = name.split("-")
    certificate = make_certificate(folder) if scheme == "https" else None
    with SERVERS[server](folder / "server", certificate) as store:
        yield store


def uploader_workplace(path: Path, store: Store, bucket: str) -> Workplace:
    """Folders for the uploader, and settings that lead to this bucket."""
    work = Workplace(path)
    credentials = path / "credentials.txt"
    credentials.write_text("\n".join([*store.admin, bucket]))
    work.settings = {
        "CREDENTIALS_FILE": str(credentials),
        "AWS_ENDPOINT_URL_S3": store.endpoint_url,
        "DB_NAME": "FACULDADE",
    }
    if store.certificate:
        work.settings["AWS_CA_BUNDLE"] = str(store.certificate.path)
    return work
