"""The real stack, in a checkout that belongs to an ordinary user, as a clone does."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from support.programs import LINE, ROOT
from support.waiting import wait_for

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

USER = 1000


@dataclass
class Checkout:
    """A copy of what git knows of this project, owned by somebody who isn't root."""

    path: Path

    @classmethod
    def make(cls, path: Path) -> Checkout:
        files = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, check=True, stdout=subprocess.PIPE,
        )  # fmt: skip
        path.mkdir()
        subprocess.run(
            ["cpio", "--null", "--pass-through", "--make-directories", "--quiet", str(path)],
            cwd=ROOT, input=files.stdout, check=True,
        )  # fmt: skip
        subprocess.run(["chown", "-R", f"{USER}:{USER}", str(path)], check=True)
        return cls(path)

    def run(self, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """A command as that user's shell would run it there."""
        return subprocess.run(
            command, cwd=self.path, env=os.environ | settings, text=True, capture_output=True,
            stdin=subprocess.DEVNULL, timeout=600, check=False,
        )  # fmt: skip

    def compose(self, *arguments: str, **settings: str) -> str:
        """Run docker compose; returns what it prints. A failure shows all of it."""
        result = self.run("docker", "compose", *arguments, **settings)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def tick(self) -> None:
        """Run the uploader as cron does, without the wait for the next minute."""
        self.compose("exec", "-T", "send-to-s3", "python3", "/scripts/send-to-s3.py")

    def write_settings(self, **settings: str) -> None:
        """Write these to .env, and nothing else."""
        lines = [f"{name}={value}\n" for name, value in settings.items()]
        (self.path / ".env").write_text("".join(lines))

    def log_lines(self) -> list[str]:
        """The lines of all daily logs, well-formed each."""
        logs = sorted((self.path / "logs").glob("*.txt"))
        lines = [line for log in logs for line in log.read_text().splitlines()]
        assert [line for line in lines if not LINE.fullmatch(line)] == []
        return lines

    def count(self, message: str) -> int:
        return sum(line.endswith(f",{message}") for line in self.log_lines())

    def wait_for_message(self, message: str, more_than: int, seconds: float = 90) -> None:
        wait_for(f"more than {more_than} x {message!r} in the log",
                 lambda: self.count(message) > more_than, seconds)  # fmt: skip

    def dumps(self) -> list[str]:
        """What is in the dumps folder, but for the locks, which stay."""
        files = (file.name for file in (self.path / "dumps").iterdir())
        return [name for name in files if not name.endswith("lock")]

    def container(self, service: str) -> dict[str, Any]:
        """What Docker knows of the service's container."""
        (name,) = self.compose("ps", "--all", "--quiet", service).split()
        inspected = subprocess.run(
            ["docker", "inspect", name], check=True, stdout=subprocess.PIPE, text=True
        )
        found: dict[str, Any] = json.loads(inspected.stdout)[0]
        return found

    def store(self) -> S3Client:
        """The embedded store, as the host reaches it."""
        key, secret, _ = self.credentials()
        address = self.compose("port", "s3", "8333").strip()
        client: S3Client = boto3.client(
            "s3", endpoint_url=f"http://{address}", region_name="us-east-1",
            aws_access_key_id=key, aws_secret_access_key=secret,
        )  # fmt: skip
        return client

    def credentials(self) -> list[str]:
        """What the embedded store made at its first start: the keys, and the bucket."""
        return self.compose("exec", "-T", "s3", "cat", "/store/credentials.txt").split()

    def objects(self) -> list[str]:
        """The keys of the backups, in the order of their arrival."""
        listed = self.store().list_objects_v2(Bucket=self.credentials()[2]).get("Contents", [])
        keys = [
            (item["LastModified"], len(item["Key"]), item["Key"])
            for item in listed
            if not item["Key"].startswith("proofs/")
        ]
        return [key for _, _, key in sorted(keys)]

    def object(self, key: str) -> bytes:
        body: bytes = self.store().get_object(Bucket=self.credentials()[2], Key=key)["Body"].read()
        return body


def root_password(checkout: Checkout) -> str:
    """The sample's server's."""
    return (checkout.path / "db_data/sample_root_password.txt").read_text().strip()


def ask(checkout: Checkout, sql: str) -> str:
    """What the sample's server answers its root."""
    return checkout.compose(
        "exec", "-T", "-e", f"MYSQL_PWD={root_password(checkout)}", "database",
        "mariadb", "--user=root", "--batch", "--skip-column-names", f"--execute={sql}",
    )  # fmt: skip


def settings_of_the_example() -> list[str]:
    """The variables that .env.example lists."""
    text = (ROOT / ".env.example").read_text()
    return re.findall(r"^#([A-Z0-9_]+)=", text, re.MULTILINE)
