"""What a tick's requests and time grow with."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from support.programs import today
from support.proxy import running_proxy

from bench.measuring import BenchError, Side, Trial
from bench.report import Row, compare
from bench.world import TICK, Place, World

RUNS = 3  # for each that was asked for: they are short
DAYS = (10, 1_000, 10_000)  # objects
CONNECTIONS = 16
DUMP = b"-- a small dump\n" * 64


@dataclass
class Day:
    """So many objects under a prefix of their own, at the date of today."""

    place: Place
    objects: int
    name: str
    requests: int = 0

    @property
    def prefix(self) -> str:
        """Of all that the tick looks at."""
        return f"day-of-{self.objects}"

    def side(self) -> Side:
        """A tick that adds one object, which goes again."""
        return Side(self.name, self.prepare)

    @contextmanager
    def prepare(self) -> Iterator[Trial]:
        """A small dump waits."""
        (self.place.work.dumps / "datadump.sql").write_bytes(DUMP)
        yield self.place.shell(TICK, S3_PREFIX=self.prefix)
        client, key = self.place.store.client(), f"{self.prefix}/{name_of(self.objects + 1)}"
        client.head_object(Bucket=self.place.bucket, Key=key)  # it is there
        client.delete_object(Bucket=self.place.bucket, Key=key)

    def count_requests(self, world: World) -> None:
        """The times are taken without the proxy."""

        @contextmanager
        def prepare() -> Iterator[Trial]:
            with self.prepare() as trial:
                trial.environment["AWS_ENDPOINT_URL_S3"] = proxy.url
                yield trial

        with running_proxy(self.place.store) as proxy:
            world.run_untimed(Side(self.name, prepare))
        self.requests = len(proxy.requests)


def ticks(world: World) -> list[Row]:
    """With more and more objects in the day, and with many in the bucket."""
    with world.store() as store, world.place(store) as full, world.place(store) as small:
        days = make_days(world, full, small)
        for day in days:
            day.count_requests(world)
        results = world.take_turns("tick", [day.side() for day in days], world.options.runs * RUNS)

    def row(day: Day, other: Day, target: str) -> Row:
        job = f"a tick, {day.name}: {day.requests} requests"
        against = f"{other.name}: {other.requests} requests"
        return compare(job, against, results[day.name], results[other.name], target)

    alone, first, *others = days
    return [
        row(first, alone, "not one request more"),
        *(row(day, first, "one request more per 1,000 objects") for day in others),
    ]


def make_days(world: World, full: Place, small: Place) -> list[Day]:
    """The first is the only one of its bucket; the others share the full one."""
    objects = world.options.objects
    counts = [count for count in DAYS if count * 2 <= objects]
    if not counts:
        raise BenchError(f"--objects: {objects} are too few: {2 * DAYS[0]} at least")
    alone = Day(small, counts[0], f"{counts[0]} objects in the day and no others")
    days = [Day(full, n, f"{n:,} objects in the day, {objects:,} in the bucket") for n in counts]
    put_objects(world, small, {alone.prefix: alone.objects})
    sizes = {day.prefix: day.objects for day in days}
    put_objects(world, full, {**sizes, "others": objects - sum(counts)})
    return [alone, *days]


def name_of(number: int) -> str:
    """Of today's object of that number."""
    return f"{today()}/datadump{number}.sql"


def put_objects(world: World, place: Place, counts: dict[str, int]) -> None:
    """So many small objects of today under each prefix."""
    source = place.work.path / "objects"
    for prefix, count in counts.items():
        (source / prefix / name_of(0)).parent.mkdir(parents=True)
        for number in range(1, count + 1):
            (source / prefix / name_of(number)).write_bytes(b"x")
    line = f"s5cmd --log error --numworkers {CONNECTIONS} cp {source}/ s3://{place.bucket}/"
    world.run_untimed_line(place, line)
    shutil.rmtree(source)
