"""From the object to the database, and the drill."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bench.database import DATABASE
from bench.measuring import Side, Trial
from bench.report import Row, compare
from bench.world import DRILL, DUMP, RESTORE, TICK, Place, World, option_file

TARGET = f"{DATABASE}_restored"
OURS = "the restore"
THEIRS = "`aws s3 cp - | zstd -d | mariadb`"
DRILLED = "the drill"


def way_back(world: World) -> list[Row]:
    """The restore and the drill take turns on one object."""
    jobs = world.options.jobs
    with world.store() as store, world.place(store, world.server) as place:
        world.run_untimed_line(place, f"{DUMP} && {TICK}", DUMP_COMPRESSION="zstd")
        sides = [restore(world, place, OURS, f"{RESTORE} latest --into {TARGET}")]
        if "restore" in jobs:
            sides.append(restore(world, place, THEIRS, other_line(place)))
        if "drill" in jobs:
            sides.append(drill(place))
        results = world.take_long_turns("way back", sides)
    rows = []
    if "restore" in jobs:
        rows.append(compare("object to database", THEIRS, results[OURS], results[THEIRS],
                            "at most 0.6"))  # fmt: skip
    if "drill" in jobs:
        rows.append(compare(DRILLED, OURS, results[DRILLED], results[OURS], "at most 1.6"))
    return rows


def other_line(place: Place) -> str:
    """What one would write, with the account that restores."""
    (item,) = place.store.client().list_objects_v2(Bucket=place.bucket)["Contents"]
    return (
        f"aws s3 cp --only-show-errors s3://{place.bucket}/{item['Key']} - | zstd -q -d "
        f"| mariadb --defaults-file={option_file(place.work, 'RESTORE')} {TARGET}"
    )


def restore(world: World, place: Place, name: str, line: str) -> Side:
    """Into an empty database."""

    @contextmanager
    def prepare() -> Iterator[Trial]:
        world.server.query(f"CREATE DATABASE {TARGET} CHARACTER SET utf8mb4")
        yield place.shell(line)
        world.server.query(f"DROP DATABASE {TARGET}")

    return Side(name, prepare)


def drill(place: Place) -> Side:
    """Its server is its own, and counts."""

    @contextmanager
    def prepare() -> Iterator[Trial]:
        yield place.shell(DRILL)

    return Side(DRILLED, prepare)
