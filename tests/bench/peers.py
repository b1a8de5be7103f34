"""The other tools: what they need to find the store, and which versions they are."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from support.store import Store

from bench.measuring import BenchError

BIN = Path(sys.executable).parent.parent / "bench/bin"
VERSIONS = {
    "MariaDB": ["mariadbd", "--version"],
    "SeaweedFS": [str(Path(sys.executable).parent / "weed"), "version"],
    "zstd": ["zstd", "--version"],
    "gzip": ["gzip", "--version"],
    "aws": ["aws", "--version"],
    "s5cmd": ["s5cmd", "version"],
    "rclone": ["rclone", "version"],
    "restic": ["restic", "version"],
}


def path() -> str:
    """The PATH that finds all of them."""
    return f"{BIN}:{os.environ['PATH']}"


def environment(store: Store, bucket: str) -> dict[str, str]:
    """What leads each of them to the store; everything else is their own default."""
    return {
        "PATH": path(),
        "AWS_ACCESS_KEY_ID": store.admin.access_key_id,
        "AWS_SECRET_ACCESS_KEY": store.admin.secret_access_key,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": store.endpoint_url,
        "S3_ENDPOINT_URL": store.endpoint_url,  # s5cmd's
        "RCLONE_CONFIG_STORE_TYPE": "s3",
        "RCLONE_CONFIG_STORE_PROVIDER": "Other",
        "RCLONE_CONFIG_STORE_ENV_AUTH": "true",
        "RCLONE_CONFIG_STORE_ENDPOINT": store.endpoint_url,
        "RESTIC_REPOSITORY": f"s3:{store.endpoint_url}/{bucket}",
        "RESTIC_PASSWORD": "bench",
    }


def versions() -> list[str]:
    """One line of each tool's own; raises BenchError where one is missing or doesn't work."""
    return [f"{name}: {version(command)}" for name, command in VERSIONS.items()]


def version(command: list[str]) -> str:
    """The first line that it says."""
    try:
        said = subprocess.run(
            command, env={"PATH": path(), "HOME": "/nonexistent"}, capture_output=True, text=True,
            check=True, timeout=60,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        raise BenchError(f"{command[0]} doesn't work: {error}") from error
    return said.stdout.strip().partition("\n")[0]
