"""What the page is tried with: looks of the present moment, as they may be found."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from datadump.settings.watching import read_wanted
from datadump.sight.seen import BackupSeen, DumpSeen, PipelineSeen, ProofSeen, Seen
from datadump.watch.checks import Check, checks

HOUR, DAY, MIB = 3600, 86400, 1024 * 1024
HOSTILE = """<script>alert(1)</script><!--#exec cmd="id" -->'"&amp;"""
UNREACHABLE = (
    'Could not connect to the endpoint URL: "http://s3:8333/database-dumps?list-type=2" '
    "(s3://database-dumps): is the store at http://s3:8333 (AWS_ENDPOINT_URL_S3) up, and reachable?"
)
NO_SERVER = "Can't connect to server on 'db.example.com' (115) (DB_HOST db.example.com)"


class Found(NamedTuple):
    """A look, and what was made of it."""

    checks: list[Check]
    failing: dict[str, float]
    seen: Seen


def day(moment: float) -> str:
    """As keys have it."""
    return datetime.fromtimestamp(moment).astimezone().date().isoformat()


def database(
    name: str, now: float, *, silent: int = 0, proven: Sequence[int] = range(0, 90, 7)
) -> PipelineSeen:
    """With a backup on each of 90 days but the last silent ones; proven are those so many days ago.

    Ten days ago there was none, and the drill of 21 days ago failed.
    """
    backups: list[BackupSeen] = []
    proofs: list[ProofSeen] = []
    for ago in range(silent, 90):
        at = now - 3 * HOUR - ago * DAY
        key = f"{name}/{day(at)}/datadump1.sql.zst"
        if ago != 10:
            size = MIB * (200 - ago) + 4096 * (ago % 7)
            backups.append(BackupSeen(key, size, at if len(backups) < 10 else 0.0, f"e{ago}"))
        if ago in proven:
            reason = "table orders has 3 rows instead of 4" if ago == 21 else ""
            proofs.append(ProofSeen(key, at + HOUR, not reason, reason, 421.0, f"e{ago}"))
    last = now - 3 * HOUR - silent * DAY
    return PipelineSeen(name, backups, proofs, [], DumpSeen(last, ""), last)


def look(now: float, *pipelines: PipelineSeen, **changes: object) -> Found:
    """What a look makes of these."""
    log = [
        f"{datetime.fromtimestamp(at).astimezone():%Y-%m-%d,%H:%M:%S},{said}: {one.database}"
        for one in pipelines
        for at, said in (
            (one.uploaded - 40, "database dump completed"),
            (one.uploaded, "file successfully uploaded"),
        )
    ][-20:]
    seen = Seen(now, pipelines, free=10**12, log=log)._replace(**changes)  # type: ignore[arg-type]
    found = checks(seen, read_wanted({}))
    return Found(found, {one.subject: now - HOUR for one in found if not one.passed}, seen)


def states(now: float | None = None) -> dict[str, Found]:
    """By what is so."""
    now = now or time.time()
    three = [database("shop", now), database("crm", now), database("wiki", now, proven=[14, 21])]
    forty = [database(f"db_{number:02}", now) for number in range(40)]
    failed = DumpSeen(now - HOUR, NO_SERVER)
    forty[16] = database("db_16", now, silent=2)._replace(dump=failed, failed=[day(now)])
    fleet = [
        database(f"db{n // 8:02}/shop_{n % 8}", now, silent=2 if n in {13, 22} else 0)._replace(
            waiting=None, dump=None, uploaded=0.0
        )
        for n in range(30)
    ]
    away = [
        one._replace(
            backups=[], proofs=[], waiting=[now - 2 * DAY, now - DAY], uploaded=now - 3 * DAY
        )
        for one in three
    ]
    return {
        "well": look(now, *three),
        "forty": look(now, *forty),
        "fleet": look(now, *fleet, bucket_alone=True, free=None, log=[]),
        "away": look(now, *away, trouble=UNREACHABLE),
        "fresh": look(now, PipelineSeen("FACULDADE"), log=[]),
        "hostile": look(now, database(HOSTILE, now), database("n" * 64, now), log=[HOSTILE]),
    }
