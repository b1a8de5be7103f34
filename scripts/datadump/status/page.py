"""What a look found, as a page for people: one file, which asks for no other."""

from __future__ import annotations

import base64
import hashlib
import os
import shlex
import textwrap
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from datadump.ground.terminal import human_size, span
from datadump.sight.seen import BackupSeen, PipelineSeen, Seen
from datadump.status.days import GONE, STATES, days_of, in_words
from datadump.status.drawings import calendar, curve, places
from datadump.status.report import pipelines_in
from datadump.watch.checks import Check
from datadump.watch.verdict import CLOCKS_APART, moment

RESTORE = "docker compose run --rm restore "
NEWEST = 10  # backups of a database that are shown
LONGEST_REASON = 60  # characters, in a row
UNKNOWN = "not known"
BEFORE = "so it was when the bucket answered last"
HERE = os.path.dirname(__file__)


class Dated(NamedTuple):
    """A cell with a moment."""

    text: str
    at: float = 0.0  # 0 for none


class Said(NamedTuple):
    """A cell: how it stands, and what it says."""

    state: str  # good, bad, or '' for neither
    text: str


def as_page(checks: Sequence[Check], failing: Mapping[str, float], seen: Seen) -> str:
    """The page. What came from a bucket, a server or a log stays text there, whatever it is."""
    wrong = [check for check in checks if not check.passed]
    failed = {check.database for check in wrong}
    rows = [row(one, number, seen, failed) for number, one in enumerate(seen.pipelines, 1)]
    if seen.bucket_alone:  # there may be many
        rows.sort(key=lambda row: row["state"] != "bad")
    return rendered(
        looked=f"{moment(seen.at)} {datetime.fromtimestamp(seen.at).astimezone():%Z}",
        known=not seen.trouble,
        checks=len(checks),
        failed=len(wrong),
        alone=seen.bucket_alone,
        pipelines=pipelines_in(seen),
        wrong=[
            (check.subject, moment(failing.get(check.subject, seen.at)), check.text)
            for check in wrong
        ]
        + unasked(checks, failing),
        databases=rows,
        states=[state for state in STATES if state != GONE or not seen.bucket_alone],
        log=seen.log,
    )


def rendered(**values: object) -> str:
    """The template, filled in."""
    templates = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["moment"] = moment
    with open(os.path.join(HERE, "page.css"), encoding="utf-8") as file:
        style = file.read()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return templates.get_template("page.html").render(style=style, style_hash=digest, **values)


def unasked(checks: Sequence[Check], failing: Mapping[str, float]) -> list[tuple[str, str, str]]:
    """What failed before the bucket fell silent."""
    looked_at = {check.subject for check in checks}
    return [
        (subject, moment(since), BEFORE)
        for subject, since in failing.items()
        if subject not in looked_at
    ]


def row(one: PipelineSeen, number: int, seen: Seen, failing: set[str]) -> dict[str, Any]:
    """All that the page says of one database."""
    days = days_of(one, seen.at)
    return {
        "id": f"db{number}",
        "name": one.database,
        "known": is_known(one, seen),
        "state": "bad" if one.database in failing else "" if seen.trouble else "good",
        "newest": newest(one, seen),
        "size": human_size(one.backup.size) if one.backup else "",
        "curve": curve(days),
        "proof": proof(one, seen),
        "waiting": waiting(one, seen.at),
        "restore": span(one.restore_seconds) if one.restore_seconds else UNKNOWN,
        "calendar": calendar(days),
        "today": places(days)[-1],
        "missed": days[-1].size is None,
        "days": in_words(days),
        "backups": [backup(one, of, seen.at) for of in worth_showing(one)],
    }


def is_known(one: PipelineSeen, seen: Seen) -> bool:
    """Whether the bucket told of its backups."""
    return not (seen.trouble or one.trouble)


def newest(one: PipelineSeen, seen: Seen) -> Dated:
    """How old the newest backup is; where nobody can say, when the log tells of an upload."""
    if not is_known(one, seen):
        if not one.uploaded:
            return Dated(UNKNOWN)
        since = ago(seen.at, one.uploaded)
        return Dated(f"{UNKNOWN}; by the log, the last upload was {since}", one.uploaded)
    if one.backup is None:
        return Dated("none")
    if not one.backup.dumped_at:
        return Dated(UNKNOWN)
    return Dated(ago(seen.at, one.backup.dumped_at), one.backup.dumped_at)


def ago(now: float, then: float) -> str:
    """How long ago that was."""
    return f"{span(now - then)} ago" if then <= now + CLOCKS_APART else "in a time to come"


def proof(one: PipelineSeen, seen: Seen) -> Said:
    """Whether the newest backup is proven, or when another was."""
    if not is_known(one, seen):
        return Said("", UNKNOWN)
    if one.proof is None:
        return Said("", "○ never")
    since = ago(seen.at, one.proof.at)
    if not one.proof.verified:
        return Said("bad", f"failed {since}")
    if one.backup and one.is_proven(one.backup):
        return Said("good", f"yes, {since}")
    return Said("", f"○ no; an older backup was, {since}")


def waiting(one: PipelineSeen, now: float) -> str:
    """The dumps that wait to be uploaded."""
    if not one.waiting:
        return "nothing"
    number = len(one.waiting)
    return f"{number} dump{'s' if number > 1 else ''}, since {span(now - min(one.waiting))}"


def date_of(moment: float, days: int = 0) -> str:
    """The date in the zone of TZ, or that of so many days before."""
    return (datetime.fromtimestamp(moment).astimezone().date() - timedelta(days)).isoformat()


def worth_showing(one: PipelineSeen) -> list[BackupSeen]:
    """The newest, and the newest that is proven, if it is none of these."""
    newest, older = one.backups[:NEWEST], one.backups[NEWEST:]
    if any(map(one.is_proven, newest)):
        return [*newest]
    return [*newest, *islice(filter(one.is_proven, older), 1)]


def backup(one: PipelineSeen, of: BackupSeen, now: float) -> dict[str, Any]:
    """A line of the newest backups, with what restores it."""
    said = one.proof_of(of)
    if said is None:
        verdict = Said("", "○ not proven")
    elif said.verified:
        verdict = Said("good", f"proven {date_of(said.at)}")
    else:
        reason = textwrap.shorten(said.reason, LONGEST_REASON, placeholder=" …")
        verdict = Said("bad", f"failed {date_of(said.at)}: {reason}")
    taken = date_of(of.dumped_at) if of.dumped_at else of.day
    return {
        "taken": moment(of.dumped_at) if of.dumped_at else of.day,
        "when": {date_of(now): "today", date_of(now, 1): "yesterday"}.get(taken, ""),
        "size": human_size(of.size),
        "proof": verdict,
        "command": RESTORE + ("-- " if of.key.startswith("-") else "") + shlex.quote(of.key),
    }
