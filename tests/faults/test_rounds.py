"""Rounds of chance: requests that fail in every way, kill -9 at any moment, dumps that keep coming.

After each round the folder, the bucket and the log are read: every dump that was taken is in the
bucket once, byte for byte, and gone from the folder. A long run: tests/run faults --rounds 1000
"""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from support.programs import Workplace
from support.proxy import Fault, Proxy
from support.store import Store

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

MEBIBYTE = 1024 * 1024
FAULTS: tuple[Fault, ...] = ("cut", "half", "lost", "slow", 500, 503, 403, 409)
NAMES = ("datadump.sql", "datadump.sql.zst", "datadump.sql.gz")
MOST_TICKS_TO_RECOVER = 3


class Round:
    """One round, in a folder of the bucket of its own."""

    def __init__(self, uploads: Workplace, proxy: Proxy, chance: random.Random) -> None:
        self.uploads, self.proxy, self.chance = uploads, proxy, chance
        self.prefix = f"round-{chance.getrandbits(40):x}"
        self.written: list[str] = []
        self.kills = 0

    def write_dump(self) -> None:
        """A new dump, by a rename as the dump side does it, under a name that is free."""
        free = [name for name in NAMES if not os.path.lexists(self.uploads.dumps / name)]
        if not free:
            return
        size = self.chance.choice([0, 1, 5000, 17 * MEBIBYTE, 50 * MEBIBYTE])
        content = self.chance.randbytes(32) + b"x" * size
        partial = self.uploads.dumps / ".database_dump.round"
        partial.write_bytes(content)
        partial.rename(self.uploads.dumps / self.chance.choice(free))
        self.written.append(hashlib.sha256(content).hexdigest())

    def trouble(self) -> None:
        """A few ticks under faults, some of them killed."""
        rate = self.chance.choice([0.0, 0.1, 0.4])

        self.proxy.choose = lambda request: (
            self.chance.choice(FAULTS) if self.chance.random() < rate else None
        )
        for _ in range(self.chance.randint(1, 3)):
            self.write_dump()
            self.tick_or_kill()

    def tick_or_kill(self) -> None:
        process = self.uploads.start_tick(S3_PREFIX=self.prefix)
        try:
            patience = self.chance.uniform(0.05, 2) if self.chance.random() < 0.7 else 60
            process.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            self.kills += 1

    def recover(self) -> None:
        """Without faults, a few ticks bring everything home."""
        self.proxy.choose = lambda request: None
        for _ in range(MOST_TICKS_TO_RECOVER):
            result = self.uploads.tick(S3_PREFIX=self.prefix)
            assert (result.returncode, result.stderr) == (0, ""), result.stdout + result.stderr
            if not any(self.uploads.dumps.iterdir()):
                return
        raise AssertionError(f"still in the folder: {list(self.uploads.dumps.iterdir())}")


def check(round_: Round, client: S3Client, bucket: str) -> None:
    """By the bucket alone: every dump once, under a number of its own, and nothing else."""
    listed = client.list_objects_v2(Bucket=bucket, Prefix=f"{round_.prefix}/").get("Contents", [])
    found = []
    for item in listed:
        body = client.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
        found.append(hashlib.sha256(body).hexdigest())
        client.delete_object(Bucket=bucket, Key=item["Key"])
    counts, expected = Counter(found), Counter(round_.written)
    assert expected - counts == Counter(), "lost"
    assert counts - expected == Counter(), "stored twice, or partial"
    numbers = sorted(int(item["Key"].split("/datadump")[1].split(".")[0]) for item in listed)
    assert numbers == list(range(1, len(found) + 1)), "a number is used twice or left out"
    assert client.list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []


def test_every_dump_arrives_once_whatever_breaks(
    uploads: Workplace,
    store: Store,
    proxy: Proxy,
    bucket: str,
    pytestconfig: pytest.Config,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The seed of a run is printed, and can be given: --seed."""
    seed = pytestconfig.getoption("seed")
    rounds = pytestconfig.getoption("rounds")
    client = store.client()
    client.create_bucket(Bucket=bucket)
    dumps = kills = 0
    with capsys.disabled():
        print(f"\nseed {seed}", flush=True)
    for number in range(rounds):
        round_ = Round(uploads, proxy, random.Random(f"{seed} {number}"))
        try:
            round_.trouble()
            round_.recover()
            check(round_, client, bucket)
            uploads.messages()  # which checks the form of every line
        except AssertionError as error:
            raise AssertionError(f"round {number} of seed {seed}: {error}") from error
        dumps, kills = dumps + len(round_.written), kills + round_.kills
    faults = ", ".join(f"{count} x {fault}" for fault, count in sorted(proxy.faults.items()))
    with capsys.disabled():
        print(
            f"{rounds} rounds, {dumps} dumps, {kills} kills; faults: {faults or 'none'}; "
            "0 lost, 0 partial, 0 stored twice, 0 overwritten"
        )
