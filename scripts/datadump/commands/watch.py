"""One look at all that has to be well, as crond or a person gives it."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from datadump.commands.boundary import exit_status
from datadump.ground.daily_log import log
from datadump.ground.terminal import printable
from datadump.s3.bucket import Bucket
from datadump.s3.client import HASTY, connect
from datadump.s3.errors import StoreError
from datadump.settings.environment import check_folder, put_environment_in_force
from datadump.settings.mirror import read_mirror
from datadump.settings.pipelines import are_several, normal_prefix, read_pipeline
from datadump.settings.store import StoreAccess, read_store
from datadump.settings.urls import read_alert_urls
from datadump.settings.watching import Wanted, read_memory_folder, read_status_folder, read_wanted
from datadump.sight.fleet import Shared, look_at_all
from datadump.sight.in_bucket import Facts
from datadump.sight.look import Place, look
from datadump.sight.seen import Seen
from datadump.status.report import as_json, as_table
from datadump.watch.changes import log_lines, news_for, next_memory, told_after
from datadump.watch.checks import Check, checks
from datadump.watch.memory import NONE, Memory, MemoryFolder, short_name
from datadump.watch.telling import check_urls, message, send
from datadump.watch.verdict import CLOCKS_APART, moment

Look = Callable[[Wanted, Facts], tuple[Seen, Facts]]


def watch_command(arguments: Sequence[str]) -> int:
    """``watch [--all-prefixes [BELOW]] [--json | --test-alert]``; returns the exit status.

    It is 1 where a check fails.
    """
    parser = argparse.ArgumentParser(prog="watch", description="Looks whether all is well.")
    parser.add_argument(
        "--all-prefixes", nargs="?", const="", metavar="BELOW",
        help="look at every pipeline that shares the bucket, or is below that prefix, by what the "
        "bucket tells: at no folder of dumps, and no log",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="what was found, as JSON")
    parser.add_argument("--test-alert", action="store_true", help="send a message to all, now")
    given = parser.parse_args(arguments)
    action = send_test if given.test_alert else watch
    return exit_status(
        lambda: action(put_environment_in_force(), given), (OSError, StoreError), str
    )


def send_test(environment: Mapping[str, str], _: argparse.Namespace) -> int:
    """Send each target a message; returns the exit status: 1 where one didn't take it."""
    urls = read_alert_urls(environment)
    check_urls(urls)
    taken = send(dict.fromkeys(urls, ("Backups: a test", "Whoever reads this is told of alarms.")))
    for number, url in enumerate(urls, 1):
        print(f"URL number {number}: {'sent' if taken[url] else 'NOT sent'}")
    return 0 if urls and all(taken.values()) else 1


def watch(environment: Mapping[str, str], given: argparse.Namespace) -> int:
    """Look, say what was found, and tell whoever is to know; returns the exit status."""
    view = whole_bucket if given.all_prefixes is not None else this_host
    look_now, place = view(environment, given)
    wanted, urls = read_wanted(environment), read_alert_urls(environment)
    folder = MemoryFolder(read_memory_folder(environment), "" if view is this_host else place)
    if not folder.lock():
        print("another look is under way", file=sys.stderr)
        return 0
    memory = folder.read()
    say_what_is_odd(memory)
    if not {short_name(url) for url in urls} <= memory.told.keys():
        check_urls(urls)
    seen, facts = look_now(wanted, memory.facts)
    found = checks(seen, wanted)
    for line in log_lines(memory, found):
        note(line, environment, given)
    after = next_memory(memory, found, seen.at)._replace(facts=facts)
    after = after._replace(told=tell(urls, after, found, place))
    healthy = all(check.passed for check in found)
    folder.write(after, healthy=healthy)
    print((as_json if given.json else as_table)(found, after.failing, seen), flush=True)
    if page := read_status_folder(environment):  # last: people are told, whatever is wrong there
        from datadump.status.publishing import publish  # only the watch's image has what it needs

        publish(page, found, after.failing, seen)
    return 0 if healthy else 1


def this_host(environment: Mapping[str, str], _: argparse.Namespace) -> tuple[Look, str]:
    """How its pipelines are looked at, and where their backups are. Raises SettingsError."""
    access, whole = read_store(environment), read_pipeline(environment)
    mirror = mirror_of(environment, access)
    check_folder("DUMPS_DIR", whole.dumps)
    bucket, logs = connect(access), environment.get("LOGS_DIR", "/logs")
    place = Place(bucket, whole, are_several(environment), logs, mirror)
    return partial(look, place), bucket.url(whole.prefix)


def whole_bucket(environment: Mapping[str, str], given: argparse.Namespace) -> tuple[Look, str]:
    """The same of every pipeline that shares the bucket. Raises SettingsError."""
    access = read_store(environment)
    below = normal_prefix(given.all_prefixes, "--all-prefixes")
    bucket, mirror = connect(access), mirror_of(environment, access)
    return partial(look_at_all, Shared(bucket, below, mirror)), bucket.url(below)


def note(line: str, environment: Mapping[str, str], given: argparse.Namespace) -> None:
    """To the log, which a host that looks at a bucket alone needn't have."""
    if given.all_prefixes is None or os.path.isdir(environment.get("LOGS_DIR", "/logs")):
        log(line, to_stderr=given.json)  # JSON stands alone
    else:
        print(printable(line), file=sys.stderr if given.json else sys.stdout)


def mirror_of(environment: Mapping[str, str], first: StoreAccess) -> Bucket | None:
    """The mirror, if there is one: it is asked, and not waited for. Raises SettingsError."""
    access = read_mirror(environment, first)
    return connect(access, HASTY) if access else None


def say_what_is_odd(memory: Memory) -> None:
    """To whoever reads the container's output: what a look can't rely on."""
    if memory is NONE:
        print("no earlier look is known: what fails is told anew", file=sys.stderr)
    elif memory.at > time.time() + CLOCKS_APART:
        print(f"the clock has gone back: the last look was at {moment(memory.at)}", file=sys.stderr)


def tell(
    urls: Sequence[str], memory: Memory, found: Sequence[Check], place: str
) -> dict[str, dict[str, float]]:
    """Tell each target what is news to it; returns what each was told by now.

    Who can't be reached is told by the next look.
    """
    told = {short_name(url): memory.told.get(short_name(url), {}) for url in urls}
    news = {url: news_for(told[short_name(url)], memory, found) for url in urls}
    due = {url: message(one, place) for url, one in news.items() if any(one)}
    for url, taken in send(due).items():
        if taken:
            told[short_name(url)] = told_after(told[short_name(url)], news[url], memory.at)
        else:
            number = urls.index(url) + 1
            print(
                f"alert URL number {number} took no message: the next look tries", file=sys.stderr
            )
    return told
