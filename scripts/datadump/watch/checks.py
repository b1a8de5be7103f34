"""The checks: from what was seen and what is wanted to what is well and what isn't.

Nothing here asks anybody. Every result has a sentence for a person at three in the morning: what,
since when, how bad, what to do.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from datadump.ground.terminal import human_size, printable, span
from datadump.settings.watching import Wanted
from datadump.sight.seen import BackupSeen, MirrorSeen, PipelineSeen, Seen
from datadump.watch.verdict import Verdict, moment, second, well, wrong

# A database in use that lacks something comes before all that concerns backups.
WORST_FIRST = (
    "restore", "bucket", "backup", "proof", "size", "dump", "upload", "mirror", "room", "coverage",
)  # fmt: skip
SIZES_COMPARED = 7  # backups before the newest, of the same suffix
CLOCKS_APART = 300  # seconds that two clocks may differ
UNDER_WAY = 600  # seconds that an exchange may take, which takes some; then it was cut
TO_COME = "which is to come: one of two clocks is wrong, and how old it is isn't known"
DUMP = "docker compose run --rm dump"
DRILL = "docker compose run --rm restore-drill"
UNDO = "docker compose run --rm restore --undo"
LOG = "the newest file in logs/"


class Check(NamedTuple):
    """One result. ``database`` is '' where it is about all of them."""

    name: str
    database: str
    passed: bool
    text: str

    @property
    def subject(self) -> str:
        """What it is about, which knows it again in another look: ``backup of shop``."""
        return f"{self.name} of {self.database}" if self.database else self.name

    def __str__(self) -> str:
        return f"{self.subject}: {self.text}"


def checks(seen: Seen, wanted: Wanted) -> list[Check]:
    """All results, those that fail first, the worst of them at the top.

    Of backups there are none where nobody could ask.
    """
    about_all = {"restore": restore, "bucket": bucket, "coverage": coverage}
    found = [Check(name, "", *verdict(seen)) for name, verdict in about_all.items()]
    if not seen.trouble:  # else no sizes are known: what fails there fails still
        found.append(Check("room", "", *room(seen)))
    if seen.mirror:
        found.append(Check("mirror", "", *mirror(seen.mirror, seen.at, wanted)))
    for one in seen.pipelines:
        name = one.database
        if not seen.trouble:
            found.append(Check("backup", name, *backup(one, seen.at, wanted)))
            found.append(Check("proof", name, *proof(one, seen.at, wanted)))
            found.append(Check("size", name, *size(one)))
        found.append(Check("upload", name, *upload(one, seen.at, wanted)))
        found.append(Check("dump", name, *dump(one)))
    found.sort(key=lambda check: (check.passed, WORST_FIRST.index(check.name)))
    # What is left from before there were several may be of a database that has a folder by now.
    worst: dict[str, Check] = {}
    for check in found:
        worst.setdefault(check.subject, check)
    return list(worst.values())


def bucket(seen: Seen) -> Verdict:
    """Whether it answers."""
    if not seen.trouble:
        return well("the bucket answers")
    return wrong(f"the bucket can't be asked, so nothing is known of backups: {seen.trouble}")


def backup(one: PipelineSeen, now: float, wanted: Wanted) -> Verdict:
    """Whether the newest is young enough. The first may be on its way."""
    if one.backup is None:
        if one.waiting and now - min(one.waiting) <= wanted.upload_age:
            return well("the first backup is on its way")
        return wrong(f"there is no backup at all: take one ({DUMP}), and see {LOG}")
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
        f"{LOG}. If this database is gone for good, name it in DB_EXCLUDE"
    )


def proof(one: PipelineSeen, now: float, wanted: Wanted) -> Verdict:
    """Whether the last drill proved its backup, and is young enough where that is asked for."""
    if one.proof is None:
        if wanted.proof_age is None or one.backup is None:
            return well("no drill was held, and none is asked for")
        return wrong(f"no backup was ever proven: hold a drill ({DRILL})")
    age = now - one.proof.at
    if age < -CLOCKS_APART:
        return wrong(f"the last drill was held at {moment(one.proof.at)}, {TO_COME}")
    said = f"the last drill was held {span(age)} ago, of {one.proof.key}"
    if not one.proof.verified:
        return wrong(
            f"{said}, and FAILED: {one.proof.reason}. That backup may not come back: take another "
            f"({DUMP}), drill that, and remove no older one"
        )
    if wanted.proof_age is not None and age > wanted.proof_age:
        return wrong(f"{said}, and {span(wanted.proof_age)} are allowed: hold one ({DRILL})")
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
        f"dumps/. Does send-to-s3 run (docker compose ps), and what does {LOG} say?"
    )


def dump(one: PipelineSeen) -> Verdict:
    """Whether the last one was completed."""
    if one.dump is None:
        return well("the log tells of no dump")
    if not one.dump.failure:
        return well(f"the last dump was completed at {moment(one.dump.at)}")
    return wrong(
        f"the last dump failed at {moment(one.dump.at)}: {one.dump.failure}. Mend that, and take "
        f"one ({DUMP})"
    )


def room(seen: Seen) -> Verdict:
    """Whether the next dumps have room, by the size of the last ones."""
    taken = sum(one.backup.size for one in seen.pipelines if one.backup)
    if seen.free is None or not taken:
        return well("how much room the next dumps need isn't known")
    said = f"{human_size(seen.free)} are free for dumps, and the last ones took {human_size(taken)}"
    if seen.free > taken:
        return well(said)
    return wrong(f"{said}: the next may find no room. Make some where DUMPS_DIR is")


def mirror(seen: MirrorSeen, now: float, wanted: Wanted) -> Verdict:
    """Whether what the mirror lacks is young enough."""
    if seen.trouble:
        return wrong(f"the mirror can't be asked, so what it lacks isn't known: {seen.trouble}")
    if not seen.lacks:
        return well("the mirror has each backup of the last days")
    taken, key = min((one.taken, one.key) for one in seen.lacks)
    number = len(seen.lacks)
    said = (
        f"the mirror lacks {number} backup{'s' if number > 1 else ''}, the oldest of "
        f"{moment(taken)}, {span(now - taken)} old: {key}"
    )
    if now - taken <= wanted.backup_age:
        return well(said)
    return wrong(
        f"{said}; {span(wanted.backup_age)} are allowed. Does mirror-schedule run (docker compose "
        f"ps), and what does {LOG} say (mirror failed)?"
    )


def coverage(seen: Seen) -> Verdict:
    """Whether there are databases that no setting names."""
    if not seen.uncovered:
        return well("no database is known that nobody backs up")
    return wrong(
        f"nobody backs up {', '.join(seen.uncovered)}: name them in DB_NAMES, or in DB_EXCLUDE if "
        "that is meant"
    )


def restore(seen: Seen) -> Verdict:
    """Whether each exchange that began has ended, or may be under way."""
    cut = [one for one in seen.exchanges if not -CLOCKS_APART <= seen.at - one.at <= UNDER_WAY]
    if not cut:
        return well("no exchange of databases was cut")
    names = sorted({printable(one.database) for one in cut})
    which = ", ".join(f"of {printable(one.database)} at {second(one.at)}" for one in cut)
    return wrong(
        f"the {'exchanges' if cut[1:] else 'exchange'} {which} {'were' if cut[1:] else 'was'} cut: "
        f"{'each' if names[1:] else names[0]} may lack views, triggers, routines and events; no "
        f"table is lost. Bring back what it held ({UNDO}{option(names, seen)}), or give the same "
        "restore again, which finishes it"
    )


def option(names: Sequence[str], seen: Seen) -> str:
    """What tells a restore which of several databases is meant."""
    if len(names) > 1:
        return " --database NAME"
    if {one.database for one in seen.pipelines} == set(names):
        return ""
    return f" --database {shlex.quote(names[0])}"
