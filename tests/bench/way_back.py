"""From the object to the database, whatever the shape of that, and the drill."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bench.database import FIVE, MANY, ONE_BIG, Shape
from bench.measuring import Side, Trial
from bench.report import Row, compare
from bench.world import DRILL, DUMP, RESTORE, TICK, Place, World, option_file

OURS = "the restore"
THEIRS = "`aws s3 cp - | zstd -d | mariadb`"
DRILLED = "the drill"
RESTORES = (
    (FIVE, "object to database, five tables", "at most 0.42, under 200 MiB"),
    (ONE_BIG, "object to database, one table of 80 %", "at most 0.6, under 200 MiB"),
    (MANY, "object to database, 2,000 tables", "at most 0.7, under 200 MiB"),
)


def way_back(world: World) -> list[Row]:
    """The restore and what it is held against take turns on one object, for each shape."""
    rows = []
    for shape, job, target in RESTORES:
        if shape is FIVE or "restore" in world.options.jobs:
            rows += way_back_of(world, shape, job, target)
    return rows


def way_back_of(world: World, shape: Shape, job: str, target: str) -> list[Row]:
    """One shape; the drill takes its turns with the five tables."""
    jobs = world.options.jobs
    drilled = shape is FIVE and "drill" in jobs
    with (
        world.store() as store,
        world.holding(shape) as server,
        world.place(store, server, shape.database) as place,
    ):
        world.run_untimed_line(place, f"{DUMP} && {TICK}", DUMP_COMPRESSION="zstd")
        into = f"{shape.database}_restored"
        sides = [restore(world, OURS, place, f"{RESTORE} latest --into {into}", into)]
        if "restore" in jobs:
            sides.append(restore(world, THEIRS, place, other_line(place, into), into))
        if drilled:
            sides.append(drill(place))
        results = world.take_long_turns(job, sides)
    rows = []
    if "restore" in jobs:
        rows.append(compare(job, THEIRS, results[OURS], results[THEIRS], target))
    if drilled:
        rows.append(compare(DRILLED, OURS, results[DRILLED], results[OURS], "at most 1.5"))
    return rows


def other_line(place: Place, into: str) -> str:
    """What one would write, with the account that restores."""
    (item,) = place.store.client().list_objects_v2(Bucket=place.bucket)["Contents"]
    return (
        f"aws s3 cp --only-show-errors s3://{place.bucket}/{item['Key']} - | zstd -q -d "
        f"| mariadb --defaults-file={option_file(place.work, 'RESTORE')} {into}"
    )


def restore(world: World, name: str, place: Place, line: str, into: str) -> Side:
    """Into an empty database."""

    @contextmanager
    def prepare() -> Iterator[Trial]:
        world.server.query(f"CREATE DATABASE {into} CHARACTER SET utf8mb4")
        yield place.shell(line)
        world.server.query(f"DROP DATABASE {into}")

    return Side(name, prepare)


def drill(place: Place) -> Side:
    """Its server is its own, and counts."""

    @contextmanager
    def prepare() -> Iterator[Trial]:
        yield place.shell(DRILL)

    return Side(DRILLED, prepare)
