"""The checks of one database, by what was seen of it."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from datadump.ground.terminal import human_size, span
from datadump.settings.watching import Wanted
from datadump.sight.seen import BackupSeen, PipelineSeen
from datadump.watch.verdict import CLOCKS_APART, HERE, Remedies, Verdict, moment, well, wrong

SIZES_COMPARED = 7  # backups before the newest, of the same suffix
TO_COME = "which is to come: one of two clocks is wrong, and how old it is isn't known"


def backup(one: PipelineSeen, now: float, wanted: Wanted, remedies: Remedies) -> Verdict:
    """Whether the newest is young enough. The first may be on its way."""
    if one.backup is None:
        if one.waiting and now - min(one.waiting) <= wanted.upload_age:
            return well("the first backup is on its way")
        return wrong(
            f"there is no backup at all: take one ({remedies.dump}), and see {remedies.log}"
            + remedies.vanished.format(one.exclusion)
        )
    if not one.backup.dumped_at:
        return wrong(f"how old {one.backup.key} is isn't known: it has no dumped-at")
    age, of = now - one.backup.dumped_at, moment(one.backup.dumped_at)
    if age < -CLOCKS_APART:
        return wrong(f"the newest backup is of {of}, {TO_COME}")
    said = f"the newest backup is {span(age)} old, of {of}"
    if age <= wanted.backup_age:
        return well(said)
    return wrong(
        f"{said}, and {span(wanted.backup_age)} are allowed: dumps or uploads have stopped; see "
        f"{remedies.log}{remedies.stopped.format(one.exclusion)}"
    )


def proof(one: PipelineSeen, now: float, wanted: Wanted, remedies: Remedies) -> Verdict:
    """Whether the last drill proved its backup, and is young enough where that is asked for."""
    if one.proof is None:
        if wanted.proof_age is None or one.backup is None:
            return well("no drill was held, and none is asked for")
        return wrong(f"no backup was ever proven: hold a drill ({remedies.drill})")
    age = now - one.proof.at
    if age < -CLOCKS_APART:
        return wrong(f"the last drill was held at {moment(one.proof.at)}, {TO_COME}")
    said = f"the last drill was held {span(age)} ago, of {one.proof.key}"
    if not one.proof.verified:
        return wrong(
            f"{said}, and FAILED: {one.proof.reason}. That backup may not come back: take another "
            f"({remedies.dump}), drill that, and remove no older one"
        )
    if wanted.proof_age is not None and age > wanted.proof_age:
        return wrong(
            f"{said}, and {span(wanted.proof_age)} are allowed: hold one ({remedies.drill})"
        )
    return well(said)


def size(one: PipelineSeen) -> Verdict:
    """Whether the newest has at least half of what is usual."""
    newest, *before = sizes_alike(one.backups)[: 1 + SIZES_COMPARED] or [0]
    if len(before) < SIZES_COMPARED:
        return well("there are too few backups to compare their sizes")
    usual = median(before)
    said = f"the newest backup has {human_size(newest)}, and {human_size(int(usual))} are usual"
    if newest >= usual / 2:
        return well(said)
    return wrong(
        f"{said}: much of the data may be gone. Look at the database, and remove no older backup "
        "before you know why"
    )


def sizes_alike(backups: Sequence[BackupSeen]) -> list[int]:
    """Of those with the suffix of the newest, which comes first: compressed ones are others."""
    newest = [suffix(one.key) for one in backups[:1]]
    return [one.size for one in backups if suffix(one.key) in newest]


def suffix(key: str) -> str:
    """Of the dump."""
    return key.rpartition("/")[2].partition(".")[2]


def upload(one: PipelineSeen, now: float, wanted: Wanted) -> Verdict:
    """Whether dumps wait too long."""
    if not one.waiting:
        return well("no dump waits")
    since, number = min(one.waiting), len(one.waiting)
    age, waits = now - since, f"{number} {'dumps wait' if number > 1 else 'dump waits'}"
    if age < -CLOCKS_APART:
        return wrong(f"{waits} since {moment(since)}, {TO_COME}")
    said = f"{waits} since {span(age)}"
    if age <= wanted.upload_age:
        return well(said)
    return wrong(
        f"{said}, and {span(wanted.upload_age)} are allowed: nothing is uploaded, and they stay in "
        f"dumps/. Does send-to-s3 run (docker compose ps), and what does {HERE.log} say?"
    )


def dump(one: PipelineSeen) -> Verdict:
    """Whether the last one was completed."""
    if one.dump is None:
        return well("the log tells of no dump")
    if not one.dump.failure:
        return well(f"the last dump was completed at {moment(one.dump.at)}")
    return wrong(
        f"the last dump failed at {moment(one.dump.at)}: {one.dump.failure}. Mend that, and take "
        f"one ({HERE.dump})"
    )
