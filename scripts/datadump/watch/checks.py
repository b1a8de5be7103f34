"""The checks: from what was seen and what is wanted to what is well and what isn't.

Nothing here asks anybody. Every result has a sentence for a person at three in the morning: what,
since when, how bad, what to do.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import NamedTuple

from datadump.ground.terminal import human_size, printable, span
from datadump.settings.watching import Wanted
from datadump.sight.seen import ANY, MirrorSeen, PipelineSeen, Seen
from datadump.watch.of_one import backup, dump, proof, size, upload
from datadump.watch.verdict import (
    CLOCKS_APART,
    HERE,
    ON_ITS_HOST,
    Remedies,
    Verdict,
    moment,
    second,
    well,
    wrong,
)

# A database in use that lacks something comes before all that concerns backups.
WORST_FIRST = (
    "restore", "bucket", "backup", "proof", "size", "dump", "upload", "mirror", "room", "coverage",
)  # fmt: skip
UNDER_WAY = 600  # seconds that an exchange may take, which takes some; then it was cut
NOT_ONE = (
    "there is not one backup that is watched: is this the bucket that the hosts upload to, is the "
    "prefix behind --all-prefixes the right one, and does DB_EXCLUDE leave any?"
)
UNDO = "docker compose run --rm restore --undo"


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

    Of backups there are none where nobody could ask; nor are there any of a folder or a log where
    nobody looked.
    """
    remedies = ON_ITS_HOST if seen.bucket_alone else HERE
    found = [Check("bucket", "", *bucket(seen))]
    if not seen.bucket_alone:
        found += of_this_host(seen, wanted)
    if seen.mirror:
        found.append(Check("mirror", "", *mirror(seen.mirror, seen.at, wanted, remedies)))
    for one in seen.pipelines if not seen.trouble else ():
        found += of_its_backups(one, seen.at, wanted, remedies)
    if not seen.pipelines and not seen.trouble:
        found.append(Check("backup", ANY, *wrong(NOT_ONE)))
    found.sort(key=lambda check: (check.passed, WORST_FIRST.index(check.name)))
    # What is left from before there were several may be of a database that has a folder by now.
    worst: dict[str, Check] = {}
    for check in found:
        worst.setdefault(check.subject, check._replace(text=printable(check.text)))
    return list(worst.values())


def of_this_host(seen: Seen, wanted: Wanted) -> list[Check]:
    """By its folder of dumps, and its log."""
    found = [Check("restore", "", *restore(seen)), Check("coverage", "", *coverage(seen))]
    if not seen.trouble:  # else no sizes are known: what fails there fails still
        found.append(Check("room", "", *room(seen)))
    for one in seen.pipelines:
        found.append(Check("upload", one.database, *upload(one, seen.at, wanted)))
        found.append(Check("dump", one.database, *dump(one)))
    return found


def of_its_backups(
    one: PipelineSeen, now: float, wanted: Wanted, remedies: Remedies
) -> list[Check]:
    """By what the bucket has of one database."""
    if one.trouble:
        return [Check("bucket", one.database, *hidden(one))]
    return [
        Check("backup", one.database, *backup(one, now, wanted, remedies)),
        Check("proof", one.database, *proof(one, now, wanted, remedies)),
        Check("size", one.database, *size(one)),
    ]


def bucket(seen: Seen) -> Verdict:
    """Whether it answers."""
    if not seen.trouble:
        return well("the bucket answers")
    return wrong(f"the bucket can't be asked, so nothing is known of backups: {seen.trouble}")


def hidden(one: PipelineSeen) -> Verdict:
    """Of a pipeline that the bucket doesn't show, though it answers."""
    said = f"it doesn't show what there is: {one.trouble}"
    if one.exclusion:
        said += f". If these are no backups, add {one.exclusion} to DB_EXCLUDE"
    return wrong(said)


def room(seen: Seen) -> Verdict:
    """Whether the next dumps have room, by the size of the last ones."""
    taken = sum(one.backup.size for one in seen.pipelines if one.backup)
    if seen.free is None or not taken:
        return well("how much room the next dumps need isn't known")
    said = f"{human_size(seen.free)} are free for dumps, and the last ones took {human_size(taken)}"
    if seen.free > taken:
        return well(said)
    return wrong(f"{said}: the next may find no room. Make some where DUMPS_DIR is")


def mirror(seen: MirrorSeen, now: float, wanted: Wanted, remedies: Remedies) -> Verdict:
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
        f"ps), and what does {remedies.log} say (mirror failed)?"
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
