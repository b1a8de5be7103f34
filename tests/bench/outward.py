"""From the database to the object: the whole way, the dump alone, the upload alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from support.age import make_key
from support.store import Store

from bench.database import DATABASE
from bench.measuring import MEBIBYTE, RARE_LOOK, Side, Trial
from bench.report import Row, compare
from bench.world import DUMP, TICK, Place, World, option_file

MARIADB_DUMP = (
    "mariadb-dump --defaults-file={options} --single-transaction --routines --events --triggers "
    f"--hex-blob {DATABASE}"
)
OURS, OURS_ENCRYPTED = "this pipeline", "this pipeline, encrypted"
GZIP = "`mariadb-dump | gzip | aws s3 cp -`"
RCLONE = "`mariadb-dump | zstd | rclone rcat`"
RESTIC = "`mariadb-dump | restic backup --stdin`"
PIPELINES = {
    GZIP: "{dump} | gzip | aws s3 cp --only-show-errors - s3://{bucket}/dump.sql.gz",
    RCLONE: "{dump} | zstd -q | rclone rcat store:{bucket}/dump.sql.zst",
    RESTIC: "{dump} | restic backup --quiet --stdin --stdin-filename dump.sql",
}
UPLOADS = {
    "`aws s3 cp`": "aws s3 cp --only-show-errors {file} s3://{bucket}/",
    "`s5cmd cp`": "s5cmd --log error cp {file} s3://{bucket}/",
    "`rclone copy`": "rclone copy {file} store:{bucket}",
}


def pipeline(world: World) -> list[Row]:
    """Database to object."""
    with world.store() as store:
        sides = [our_pipeline(world, store, OURS)]
        sides += [our_pipeline(world, store, OURS_ENCRYPTED, AGE_RECIPIENTS_FILE=recipients(world))]
        sides += [other_pipeline(world, store, *item) for item in PIPELINES.items()]
        results = world.take_long_turns("pipeline", sides)
    job = "database to object, zstd"
    targets = {GZIP: "at most 0.6", RCLONE: "at most 1.25", RESTIC: "below 1"}
    encrypted = compare(
        f"{job} and age", "the same without age", results[OURS_ENCRYPTED], results[OURS],
        "at most 1.3",
    )  # fmt: skip
    return [
        *(
            compare(job, other, results[OURS], results[other], target)
            for other, target in targets.items()
        ),
        encrypted,
    ]


def recipients(world: World) -> str:
    """A file with a new public key."""
    path = world.folder / "recipients"
    path.write_text(make_key(world.folder / "identity"))
    return str(path)


def our_pipeline(world: World, store: Store, name: str, **settings: str) -> Side:
    """A dump, the hand-over, one tick."""

    @contextmanager
    def prepare() -> Iterator[Trial]:
        with world.place(store, world.server) as place:
            yield place.shell(
                f"{DUMP} && {TICK}", place.stored, DUMP_COMPRESSION="zstd", **settings
            )

    return Side(name, prepare)


def other_pipeline(world: World, store: Store, name: str, line: str) -> Side:
    """A line of other tools."""

    @contextmanager
    def prepare() -> Iterator[Trial]:
        with world.place(store, world.server) as place:
            if name == RESTIC:
                world.run_untimed_line(place, "restic init")
            dump = MARIADB_DUMP.format(options=option_file(place.work, "DB"))
            yield place.shell(line.format(dump=dump, bucket=place.bucket), place.stored)

    return Side(name, prepare)


def dump(world: World) -> list[Row]:
    """The dump alone, beside the least that there is to do, and beside a file that isn't synced."""
    floor, to_file = "`mariadb-dump > /dev/null`", "`mariadb-dump > dump.sql`"
    with world.store() as store, world.place(store, world.server) as place:
        line = MARIADB_DUMP.format(options=option_file(place.work, "DB"))
        sides = [
            dumping(place, "none", DUMP, DUMP_COMPRESSION="none"),
            dumping(place, "zstd", DUMP, DUMP_COMPRESSION="zstd"),
            dumping(place, to_file, f"{line} >{place.work.dumps}/datadump.sql"),
            Side(floor, lambda: nullcontext(place.shell(f"{line} >/dev/null"))),
        ]
        results = world.take_turns("dump", sides, look=RARE_LOOK)
    rows = (
        ("none", floor, "at most 1.3"), ("zstd", floor, "at most 1.35"), ("none", to_file, ""),
    )  # fmt: skip
    return [
        compare(f"the dump alone, {way}", other, results[way], results[other], target)
        for way, other, target in rows
    ]


def dumping(place: Place, name: str, line: str, **settings: str) -> Side:
    """Its file goes afterwards."""

    @contextmanager
    def prepare() -> Iterator[Trial]:
        yield place.shell(line, place.dumped, **settings)
        for file in place.work.dumps.iterdir():
            file.unlink()

    return Side(name, prepare)


def upload(world: World) -> list[Row]:
    """A file that can't be compressed, half the size of the SQL."""
    file = world.folder / "datadump.sql.zst"
    mebibytes = max(1, world.options.size // 2)
    with file.open("wb") as output:
        for _ in range(mebibytes):
            output.write(os.urandom(MEBIBYTE))
    with world.store() as store:
        sides = [our_upload(world, store, file)]
        sides += [other_upload(world, store, file, *item) for item in UPLOADS.items()]
        results = world.take_turns("upload", sides)
    file.unlink()
    target = "at most 1.18 (the fastest), under 150 MiB"
    job = f"the upload alone, {mebibytes:,} MiB"
    return [compare(job, other, results[OURS], results[other], target) for other in UPLOADS]


def our_upload(world: World, store: Store, file: Path) -> Side:
    """One tick; the file that it deletes is another name of the same."""

    @contextmanager
    def prepare() -> Iterator[Trial]:
        with world.place(store) as place:
            os.link(file, place.work.dumps / file.name)
            yield place.shell(TICK, place.stored)

    return Side(OURS, prepare)


def other_upload(world: World, store: Store, file: Path, name: str, line: str) -> Side:
    """Another tool, with its own defaults."""

    @contextmanager
    def prepare() -> Iterator[Trial]:
        with world.place(store) as place:
            yield place.shell(line.format(file=file, bucket=place.bucket), place.stored)

    return Side(name, prepare)
