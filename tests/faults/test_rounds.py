"""Rounds of chance: requests that fail in every way, kills at any moment, dumps that keep coming.

After each round the folder, the bucket and the log are read: every dump that was taken is in the
bucket once, byte for byte, and gone from the folder. An encrypted one is opened by the private key;
where uploads are locked, each object is. A long run: tests/run faults --rounds 1000
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError
from datadump.ground.names import AGE, FINISHED_NAMES
from support.age import decrypted, encrypted, make_key
from support.programs import LOCKS, Workplace
from support.proxy import LISTINGS, Fault, Proxy, Request, running_proxy
from support.store import KMS_KEY, STORES, Store, uploader_workplace

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

MEBIBYTE = 1024 * 1024
FAULTS: tuple[Fault, ...] = ("cut", "half", "lost", "slow", 500, 503, 403, 404, 409, "aborted")
BUCKET, LOCKED_BUCKET = "rounds", "locked-rounds"
LOCKS_ARE_KEPT = "seaweedfs"  # by this server; ministack has none for uploads in parts
LOCK_DAYS = 3
UPLOADED = "file successfully uploaded"
PROMISES = ("lost", "partial", "stored twice", "overwritten")
MOST_TICKS_TO_RECOVER = 3
ALONE, SEVERAL = (
    ("",),
    ("one", "t%2Fwo", "failing"),
)  # folders of databases; none of the last's goes
# What stores leave out of their answers: headers, elements, or both.
UNTOLD = ("Content-Length", "ETag", "Size", "LastModified", "Initiated", "x-amz-checksum-crc32")


@dataclass
class Place:
    """One store, the folder whose dumps go there, and the way between."""

    name: str
    store: Store
    client: S3Client
    uploads: Workplace
    proxy: Proxy
    identity: Path  # the private key of whom dumps are encrypted to
    recipient: str

    @property
    def can_lock(self) -> bool:
        return self.name.startswith(LOCKS_ARE_KEPT)


@dataclass
class Tally:
    """What happened in a run, for its last line."""

    rounds: Counter[str] = field(default_factory=Counter)  # by store
    characters: Counter[str] = field(default_factory=Counter)
    dumps: int = 0
    kills: int = 0
    foreign: int = 0
    proven: Counter[str] = field(default_factory=Counter)  # of objects: locked, decrypted
    faults: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)  # promises

    def add(self, round_: Round) -> None:
        self.rounds[round_.place.name] += 1
        self.characters.update(round_.character)
        self.dumps += len(round_.written) + len(round_.stuck)
        self.kills += round_.kills
        self.foreign += len(round_.foreign)
        self.proven += round_.proven
        self.faults += round_.place.proxy.faults
        round_.place.proxy.faults.clear()
        self.broken += round_.broken

    def __str__(self) -> str:
        return (
            f"{self.rounds.total()} rounds ({listed(self.rounds)}; {listed(self.characters)})\n"
            f"{self.dumps} dumps, {self.kills} kills, {self.foreign} objects of others, "
            f"faults: {listed(self.faults)}\nobjects: {listed(self.proven)}\n"
            + ", ".join(f"{self.broken[promise]} {promise}" for promise in PROMISES)
        )


def listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count} x {name}" for name, count in sorted(counts.items())) or "none"


class Round:
    """One round, in a folder of the bucket of its own."""

    def __init__(self, place: Place, chance: random.Random) -> None:
        self.place, self.chance = place, chance
        # Of the store: its listing can't be relied on, it ignores or refuses conditions (nobody
        # else can share the prefix then), or it tells less than S3 does; in any mix.
        self.listing: Fault = chance.choice([None, None, None, *LISTINGS])
        self.condition: Fault = chance.choice([None, None, None, "ignored", 400, 405, 412])
        self.untold = {name for name in UNTOLD if chance.random() < 0.2}
        self.prefix = f"round-{chance.getrandbits(40):x}"
        self.folders = chance.choice([ALONE, SEVERAL])
        # All dumps are encrypted, and locked where the store can do that.
        self.closed = chance.random() < 0.4
        self.bucket = LOCKED_BUCKET if self.closed and place.can_lock else BUCKET
        self.settings = {"S3_PREFIX": self.prefix, "DB_NAMES": "*" if self.folders[0] else ""}
        if self.locks:
            self.settings["S3_OBJECT_LOCK"] = "GOVERNANCE"
            self.settings["S3_OBJECT_LOCK_DAYS"] = str(LOCK_DAYS)
            self.settings["CREDENTIALS_FILE"] = str(place.uploads.path / LOCKED_BUCKET)
            self.settings["S3_SSE"] = chance.choice(["", "AES256", "aws:kms"])
            self.settings["S3_SSE_KMS_KEY_ID"] = KMS_KEY * (self.settings["S3_SSE"] == "aws:kms")
        self.begun = datetime.now(UTC).replace(microsecond=0)  # locks end at whole seconds
        self.written: list[str] = []
        self.stuck: list[str] = []  # of those, the ones that can't go
        self.plain: dict[str, str] = {}  # what is in encrypted ones
        self.foreign: dict[str, str] = {}  # objects that somebody else put at our keys
        self.proven: Counter[str] = Counter()
        self.kills = 0
        self.broken: Counter[str] = Counter()

    @property
    def locks(self) -> bool:
        return self.bucket == LOCKED_BUCKET

    def write_dump(self) -> None:
        """A new dump, by a rename as the dump side does it, under a name that is free."""
        folder = self.chance.choice(self.folders)
        dumps = self.place.uploads.dumps / folder
        dumps.mkdir(exist_ok=True)
        names = [name for name in FINISHED_NAMES if name.endswith(AGE) or not self.closed]
        free = [name for name in names if not os.path.lexists(dumps / name)]
        if not free:
            return
        size = self.chance.choice([0, 1, 5000, 17 * MEBIBYTE, 50 * MEBIBYTE])
        name = self.chance.choice(free)
        content = self.chance.randbytes(32) + b"x" * size
        if name.endswith(AGE):
            plain, content = digest(content), encrypted(content, self.place.recipient)
            self.plain[digest(content)] = plain
        partial = dumps / ".database_dump.round"
        partial.write_bytes(content)
        partial.rename(dumps / name)
        (self.stuck if folder == "failing" else self.written).append(digest(content))

    def trouble(self) -> None:
        """A few ticks under faults, some of them killed."""
        rate = self.chance.choice([0.0, 0.1, 0.4])

        def choose(request: Request) -> Fault:
            makes = request.is_object_put or request.completes
            if makes and not self.condition and self.chance.random() < 0.1:
                self.take_key(request.path.split("?")[0].removeprefix(f"/{self.bucket}/"))
            if self.chance.random() >= rate or "failing" in request.path:
                return self.usual(request)
            fault = self.chance.choice(FAULTS)
            # An account without the right to end uploads leaves them to the bucket's own rule.
            return None if fault == 403 and request.ends_uploads else fault

        self.place.proxy.choose = choose
        for _ in range(self.chance.randint(1, 3)):
            self.write_dump()
            self.tick_or_kill()

    @property
    def character(self) -> list[str]:
        """What is odd about the store, for the last line of a run."""
        condition = [f"condition {self.condition}"] * bool(self.condition)
        untold = [f"no {name}" for name in self.untold]
        several = ["several databases"] * (self.folders is SEVERAL)
        sse = self.settings.get("S3_SSE", "")
        closed = ["encrypted"] * self.closed + ["locked"] * self.locks + [sse] * bool(sse)
        return [str(self.listing)] * bool(self.listing) + condition + untold + several + closed

    def usual(self, request: Request) -> Fault:
        """What this store does to a request without any fault."""
        if "failing" in request.path:
            return 403
        if "if-none-match" in request.headers and self.condition != "ignored":
            return self.condition
        return self.listing if request.lists_objects else None

    def take_key(self, key: str) -> None:
        """Somebody else is faster, by the store's own rule."""
        content = self.chance.randbytes(40)
        try:
            self.place.client.put_object(Bucket=self.bucket, Key=key, Body=content, IfNoneMatch="*")
        except self.place.client.exceptions.ClientError:
            return  # one of ours was there
        self.foreign[key] = digest(content)

    def tick_or_kill(self) -> None:
        process = self.place.uploads.start_tick(**self.settings)
        try:
            patience = self.chance.uniform(0.05, 2) if self.chance.random() < 0.7 else 60
            process.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            process.send_signal(self.chance.choice([signal.SIGKILL, signal.SIGTERM]))
            process.communicate()
            self.kills += 1

    def recover(self) -> None:
        """Without faults, a few ticks bring everything home that can go."""
        self.place.proxy.choose = self.usual
        for _ in range(MOST_TICKS_TO_RECOVER):
            result = self.place.uploads.tick(**self.settings)
            assert result.returncode == bool(self.stuck), result.stdout + result.stderr
            assert result.stderr == "" or self.listing, result.stderr
            if not self.left_in(*self.folders[:2]):
                return
        raise AssertionError(f"still in the folders: {self.left_in(*self.folders[:2])}")

    def left_in(self, *folders: str) -> list[Path]:
        """The dumps there."""
        paths = [self.place.uploads.dumps / folder for folder in folders]
        files = [path for folder in paths if folder.exists() for path in folder.iterdir()]
        return [path for path in files if path.is_file() and path.name not in LOCKS]

    def take_stuck_dumps_out(self) -> list[str]:
        """Whatever their names are by now."""
        paths = {path.stat().st_ino: path for path in self.left_in("failing")}
        found = [digest(path.read_bytes()) for path in paths.values()]
        for path in self.left_in("failing"):
            path.unlink()
        return found

    def check(self) -> None:
        """By the bucket and the log alone."""
        found = self.take_objects_out()
        for key, content in self.foreign.items():
            self.broken["overwritten"] += found.pop(key, None) != content
        counts, expected = Counter(found.values()), Counter(self.written)
        stuck = self.take_stuck_dumps_out()
        self.broken["lost"] += (Counter(self.stuck) - Counter(stuck)).total()
        self.broken["lost"] += (expected - counts).total()
        for content, more in (counts - expected).items():
            self.broken["stored twice" if content in expected else "partial"] += more
        assert self.broken.total() == 0, self.broken
        for folder in self.folders:
            keys = [
                key
                for key in [*found, *self.foreign]
                if key.split("/")[1:-2] == [folder] * bool(folder)
            ]
            numbers = sorted(int(key.split("/datadump")[1].split(".")[0]) for key in keys)
            if not self.listing:  # a number is one for all suffixes, as far as is known
                assert numbers == [*range(1, len(keys) + 1)], "a number is used twice or left out"
        listing = self.place.client.list_multipart_uploads(Bucket=self.bucket, Prefix=self.prefix)
        # Whose an upload is isn't known where its id was lost, and no time told.
        assert listing.get("Uploads", []) == [] or "Initiated" in self.untold
        lines = [line for line in self.place.uploads.messages() if line.startswith(UPLOADED)]
        assert self.kills or len(lines) == len(self.written), "not one line for each dump"

    def take_objects_out(self) -> dict[str, str]:
        """Digests by keys. A bucket that locks keeps what is overwritten, as an older version.

        One of the same bytes may be there where nobody minds the condition: a request whose answer
        was lost is sent again.
        """
        client = self.place.client
        found: dict[str, str] = {}
        listing = client.list_object_versions(Bucket=self.bucket, Prefix=f"{self.prefix}/")
        assert listing.get("DeleteMarkers", []) == []
        for item in listing.get("Versions", []):  # of a key, the newest first
            key, version = item["Key"], item["VersionId"]
            answer = client.get_object(Bucket=self.bucket, Key=key, VersionId=version)
            content = answer["Body"].read()
            if key in found:
                self.broken["overwritten"] += found[key] != digest(content)
                self.broken["stored twice"] += not self.condition
                continue
            found[key] = digest(content)
            if found[key] in self.written:
                self.require_closed(key, content)
        for key in found:
            self.place.store.remove(self.bucket, key)
        return found

    def require_closed(self, key: str, content: bytes) -> None:
        """The object is as the round wants it: opened by the private key, and locked."""
        if plain := self.plain.get(digest(content)):
            assert digest(decrypted(content, self.place.identity)) == plain
            self.proven["decrypted"] += 1
        if self.locks:
            client = self.place.client
            head = client.head_object(Bucket=self.bucket, Key=key)
            assert head.get("ObjectLockMode") == "GOVERNANCE", "an object isn't locked"
            assert head.get("ServerSideEncryption", "") == self.settings["S3_SSE"]
            assert head["ObjectLockRetainUntilDate"] >= self.begun + timedelta(days=LOCK_DAYS)
            with pytest.raises(ClientError, match="AccessDenied"):
                client.delete_object(Bucket=self.bucket, Key=key, VersionId=head["VersionId"])
            self.proven["locked"] += 1

    def run(self) -> None:
        for log in self.place.uploads.logs.iterdir():
            log.unlink()
        self.place.proxy.ignores_conditions = self.condition == "ignored"
        self.place.proxy.hidden = self.untold
        self.trouble()
        self.recover()
        self.check()


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def places(stores: Callable[[str], Store], tmp_path: Path) -> Iterator[dict[str, Place]]:
    """All stores, with a folder each."""
    recipient = make_key(tmp_path / "identity")
    with ExitStack() as running:
        found = {}
        for name in STORES:
            store = stores(name)
            client = store.client()
            client.create_bucket(Bucket=BUCKET)
            uploads = uploader_workplace(tmp_path / name, store, BUCKET)
            client.create_bucket(Bucket=LOCKED_BUCKET, ObjectLockEnabledForBucket=True)
            keys = "\n".join([*store.admin, LOCKED_BUCKET])
            (uploads.path / LOCKED_BUCKET).write_text(keys)
            proxy = running.enter_context(running_proxy(store))
            uploads.settings["AWS_ENDPOINT_URL_S3"] = proxy.url
            found[name] = Place(
                name, store, client, uploads, proxy, tmp_path / "identity", recipient
            )
        yield found


def test_every_dump_arrives_once_whatever_breaks(
    places: dict[str, Place], pytestconfig: pytest.Config, capsys: pytest.CaptureFixture[str]
) -> None:
    """The seed of a run is printed, and can be given: --seed."""
    seed = pytestconfig.getoption("seed")
    tally = Tally()
    with capsys.disabled():
        print(f"\nseed {seed}", flush=True)
    for number in range(pytestconfig.getoption("rounds")):
        chance = random.Random(f"{seed} {number}")
        round_ = Round(places[chance.choice(STORES)], chance)
        try:
            round_.run()
        except AssertionError as error:
            where = f"round {number} of seed {seed} at {round_.place.name}"
            raise AssertionError(f"{where}: {error}") from error
        tally.add(round_)
    with capsys.disabled():
        print(tally)
