"""A real S3 server: SeaweedFS, which checks signatures and preconditions."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

from support.waiting import free_port, is_listening, wait_for

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

WEED = Path(sys.executable).with_name("weed")
ADMIN = ("admin-key", "admin-secret")
# May do all that an upload does to the buckets it is given, but can't make one.
UPLOADER = ("uploader-key", "uploader-secret")
UPLOADER_BUCKET = "given-bucket"


@dataclass
class Store:
    """The running server, seen as an administrator."""

    endpoint_url: str

    def client(self) -> S3Client:
        client: S3Client = boto3.client(
            "s3",
            endpoint_url=self.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id=ADMIN[0],
            aws_secret_access_key=ADMIN[1],
        )
        return client

    def objects(self, bucket: str) -> dict[str, bytes]:
        """All keys of the bucket with their bytes."""
        client = self.client()
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        return {key: client.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}

    def metadata(self, bucket: str, key: str) -> dict[str, str]:
        return self.client().head_object(Bucket=bucket, Key=key)["Metadata"]

    def put(self, bucket: str, key: str, body: bytes = b"", **metadata: str) -> None:
        """An object that somebody else put there."""
        self.client().put_object(Bucket=bucket, Key=key, Body=body, Metadata=metadata)


def identity(keys: tuple[str, str], actions: list[str]) -> dict[str, object]:
    return {
        "name": keys[0],
        "credentials": [{"accessKey": keys[0], "secretKey": keys[1]}],
        "actions": actions,
    }


@contextmanager
def running_store(folder: Path) -> Iterator[Store]:
    """SeaweedFS on free ports of the loopback interface, with its data in the folder."""
    data, config = folder / "data", folder / "s3.json"
    data.mkdir(parents=True)
    limited = [f"{action}:{UPLOADER_BUCKET}" for action in ("Read", "Write", "List")]
    config.write_text(
        json.dumps({"identities": [identity(ADMIN, ["Admin"]), identity(UPLOADER, limited)]})
    )
    ports = {name: free_port(10_000) for name in ("master", "volume", "filer", "s3", "admin")}
    command = [
        str(WEED), "mini", f"-dir={data}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
        f"-s3.config={config}", "-s3.autoCreateBucket=false", "-s3.port.iceberg=0",
        "-s3.port.lance=0", "-webdav=false", "-admin.ui=false", "-master.telemetry=false",
        "-volume.max=500", *(f"-{name}.port={port}" for name, port in ports.items()),
        *(f"-{name}.port.grpc={port + 10_000}" for name, port in ports.items()),
    ]  # fmt: skip
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        wait_for("SeaweedFS listens", lambda: is_listening(ports["s3"]))
        store = Store(f"http://127.0.0.1:{ports['s3']}")
        wait_for("SeaweedFS answers", lambda: answers(store))
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
