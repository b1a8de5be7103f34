"""The tick that finds nothing, which crond starts every minute."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from support.programs import SCRIPTS, Workplace

from bench.measuring import Measured, Side, Trial
from bench.report import Row, compare
from bench.world import World

RUNS = 6  # for each that was asked for: they are short
LOOK = 0.001  # seconds: they are short
SELDOM = 1.0
TICK = "an idle tick"
BARE = "`python3 -c pass`"
ORIGINAL = "boto3 with a client"
CLIENT = (
    "import boto3; boto3.client('s3', region_name='us-east-1', "
    "aws_access_key_id='key', aws_secret_access_key='secret')"
)


def idle(world: World) -> list[Row]:
    """All three by the same interpreter, with bytecode that the first round has compiled."""
    work = Workplace(world.new_path("idle"))
    credentials = work.path / "credentials.txt"
    credentials.write_text("key\nsecret\nbucket\n")
    work.settings = {**world.settings(), "CREDENTIALS_FILE": str(credentials)}
    sides = [
        python(work, TICK, str(SCRIPTS / "send-to-s3.py")),
        python(work, BARE, "-c", "pass"),
        python(work, ORIGINAL, "-c", CLIENT),
    ]
    # Looking that often would cost them time: the memory is of runs whose times don't count.
    watched = world.take_turns("idle, memory", sides, 1, LOOK)
    timed = world.take_turns("idle", sides, world.options.runs * RUNS, SELDOM)
    results = {name: with_memory(runs, watched[name][0]) for name, runs in timed.items()}
    rows = []
    for figure in ("cpu", "wall"):
        job = f"{TICK}, {figure} time"
        for other, target in ((BARE, "at most 3"), (ORIGINAL, "at most 0.125")):
            rows.append(compare(job, other, results[TICK], results[other], target, figure))
    return rows


def python(work: Workplace, name: str, *arguments: str) -> Side:
    """A side that is one start of the interpreter."""

    @contextmanager
    def prepare() -> Iterator[Trial]:
        yield Trial([sys.executable, *arguments], work.environment())

    return Side(name, prepare)


def with_memory(runs: list[Measured], watched: Measured) -> list[Measured]:
    """The runs, with the memory of another."""
    return [one._replace(memory=watched.memory) for one in runs]
