"""The restore, as a person gives it."""

from __future__ import annotations

import argparse
import sys
from argparse import ArgumentTypeError
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from subprocess import CalledProcessError

from datadump.backups.catalogue import NoBackupError, newest_of
from datadump.backups.listing import as_json, as_table
from datadump.commands.choosing import UnclearError, catalogues_of, look_up
from datadump.commands.undo import undo_one
from datadump.commands.way_back import run, say_and_log
from datadump.exchange.cut import all_cut_exchanges
from datadump.ground.terminal import printable
from datadump.mariadb.client_options import client_options, has_password, remedies
from datadump.mariadb.complaints import ServerError
from datadump.mariadb.server import Server
from datadump.restore.download import Wanted
from datadump.restore.restore import Restore, one_restore
from datadump.restore.target import RestoreError, Target
from datadump.s3.bucket import Bucket
from datadump.s3.client import connect
from datadump.s3.listing import PastBucket
from datadump.settings.environment import SettingsError
from datadump.settings.mirror import require_mirror
from datadump.settings.pipelines import read_pipeline
from datadump.settings.store import StoreAccess, read_store
from datadump.settings.way_back import read_identity, read_scratch

SHOWN = 50  # backups
EARLIEST, LATEST = 1970, 9999  # years between which every zone has its moments


def restore_command(arguments: Sequence[str]) -> int:
    """``restore --list``, ``--undo`` or ``restore WHAT``; returns the exit status."""
    given = restore_parser().parse_args(arguments)
    if given.before and given.what:
        restore_parser().error(
            f"{given.what!r} is a word too many: --before says which backup, and its moment stands "
            "in quotes"
        )
    what = bool(given.what) and not given.undo
    if [given.list, given.undo, what, bool(given.before)].count(True) != 1:
        restore_parser().error(
            "say which backup: latest, a day, a key, or --before; or --list; or --undo"
        )
    if (given.list or given.undo) and (given.check or given.overwrite or given.table):
        restore_parser().error("--check, --overwrite and --table go with a backup")
    if given.undo and (given.as_of or given.place):
        restore_parser().error("--as-of and --from go with a backup, or with --list")
    if "" in {given.into, *given.table}:  # a variable that is unset, in somebody's script
        restore_parser().error("--into and --table: one names nothing")
    action = list_backups if given.list else undo_one if given.undo else restore_one
    return run("restore failed", lambda environment: action(environment, given))


def restore_parser() -> argparse.ArgumentParser:
    """The arguments that ``restore`` understands."""
    parser = argparse.ArgumentParser(
        prog="restore", description="Restores a backup out of the bucket into the database."
    )
    add_choice(parser)
    parser.add_argument(
        "--check", action="store_true", help="say what would fail or be lost, and change nothing"
    )
    parser.add_argument(
        "--undo",
        action="store_true",
        help="put back what the last --overwrite set aside; WHAT: which, where there are several",
    )
    parser.add_argument("--list", action="store_true", help="show the backups, newest first")
    parser.add_argument("--limit", type=int, default=SHOWN, help=f"of that list (default: {SHOWN})")
    parser.add_argument("--json", action="store_true", help="that list as JSON")
    add_target(parser)
    return parser


def add_choice(parser: argparse.ArgumentParser) -> None:
    """The arguments that say which backup."""
    parser.add_argument(
        "what", nargs="?", metavar="WHAT", help="latest, a day (2026-11-23) for its last, or a key"
    )
    parser.add_argument(
        "--before",
        type=moment,
        metavar="MOMENT",
        help="the last backup whose dump began before: '2026-11-26 02:00', in TZ",
    )
    parser.add_argument(
        "--as-of",
        type=moment,
        metavar="MOMENT",
        help="the bucket as it was then: with what was removed or overwritten since",
    )
    parser.add_argument("--from", dest="place", choices=["mirror"], help="not out of the bucket")
    parser.add_argument("--database", metavar="NAME", help="whose backups, of those of DB_NAMES")


def add_target(parser: argparse.ArgumentParser) -> None:
    """The arguments that say where to, and how."""
    parser.add_argument(
        "--into", metavar="NAME", help="another database than DB_NAME, by the account LOOK_USER"
    )
    parser.add_argument(
        "--table",
        action="append",
        default=[],
        metavar="NAME",
        help="only this table, with its triggers; may be said several times",
    )
    parser.add_argument(
        "--definers",
        action="store_true",
        help="with --into: views, triggers, routines and events stay whose they were (SET USER)",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace a database; its data stays beside it"
    )
    parser.add_argument(
        "--even-if-empty",
        action="store_true",
        help="with --overwrite: even where the dump holds no table",
    )
    parser.add_argument(
        "--even-if-foreign",
        action="store_true",
        help="run even what mariadb-dump doesn't write: another tool's dump, or a changed one",
    )


def moment(text: str) -> str:
    """The text, where it is a moment; its zone is TZ's, which isn't known yet, or its own."""
    with suppress(ValueError):
        if EARLIEST < datetime.fromisoformat(text).year < LATEST:
            return text
    raise ArgumentTypeError(f"{text!r} is no moment such as '2026-11-26 02:00'")


def list_backups(environment: Mapping[str, str], given: argparse.Namespace) -> int:
    """Print the newest backups, as many as were asked for; returns the exit status."""
    access, whole = access_to(given.place, environment), read_pipeline(environment)
    if given.limit < 1:
        raise SettingsError(f"--limit: {given.limit} is not a number of backups")
    bucket = opened(access, given)
    catalogues = []
    with suppress(NoBackupError):
        catalogues = catalogues_of(bucket, environment, given.database)
    newest = newest_of(catalogues, given.limit)
    print(as_json(newest) if given.json else as_table(newest, bucket.url(whole.prefix)), flush=True)
    warn_of_cuts(environment)
    return 0


def access_to(place: str | None, environment: Mapping[str, str]) -> StoreAccess:
    """The access to the bucket, or to the mirror where that is the place. Raises SettingsError."""
    access = read_store(environment)
    return require_mirror(environment, access) if place else access


def warn_of_cuts(environment: Mapping[str, str]) -> None:
    """Say which exchanges at the server were cut, if it can be asked: it may be gone."""
    if not has_password("RESTORE", environment):
        return
    with suppress(CalledProcessError, ServerError, OSError):
        server = Server(client_options("RESTORE", environment))
        for line in all_cut_exchanges(server, read_scratch(environment)):
            print(f"warning: {printable(line)}", file=sys.stderr)


def opened(access: StoreAccess, given: argparse.Namespace) -> Bucket:
    """The bucket as it is, or was."""
    bucket = connect(access)
    if not given.as_of:
        return bucket
    then = past("--as-of", given.as_of)
    print(f"the bucket as of {then:%Y-%m-%d %H:%M:%S %z}", file=sys.stderr, flush=True)
    return PastBucket(bucket, then)


def past(option: str, text: str) -> datetime:
    """The option's moment; UnclearError for one to come: it is wrong, or of another zone."""
    meant, now = datetime.fromisoformat(text).astimezone(), datetime.now().astimezone()
    if meant > now:
        raise UnclearError(
            f"{option} {text} is to come: it is {now:%Y-%m-%d %H:%M:%S %z} now, by TZ. Is that "
            "moment of another time zone?"
        )
    return meant


def restore_one(environment: Mapping[str, str], given: argparse.Namespace) -> int:
    """Restore the backup that was asked for, and log that; returns the exit status."""
    access = access_to(given.place, environment)
    read_pipeline(environment)  # which may be wrong
    scratch, identity = read_scratch(environment), read_identity(environment)
    account = "LOOK" if given.into else "RESTORE"
    try:
        options = client_options(account, environment)
    except CalledProcessError as error:
        return error.returncode
    bucket = opened(access, given)
    before = past("--before", given.before) if given.before else None
    catalogue, backup = look_up(bucket, environment, given.database, given.what or "", before)
    if before:
        said = f"the last before {given.before}: {backup.key}, of {backup.dumped_at}"
        print(printable(said), flush=True)
    target = target_of(given, catalogue.pipeline.database)
    server = Server(options, remedies=remedies(account, environment))
    wanted = Wanted(bucket, scratch, identity, backup)
    with one_restore(wanted, server, target) as restore:
        if given.check:
            return check(restore, f"{backup.key} into {target.name}")
        return say_and_log(restore.run(), target.name)


def target_of(given: argparse.Namespace, database: str) -> Target:
    """Where to, and how, as it was asked for; ``database``: whose backup it is."""
    return Target(
        name=given.into or database,
        overwrite=given.overwrite,
        of_itself=not given.into,
        definers=given.definers or not given.into,
        even_if_empty=given.even_if_empty,
        even_if_foreign=given.even_if_foreign,
        tables=tuple(dict.fromkeys(given.table)),
    )


def check(restore: Restore, what: str) -> int:
    """Say what stands in the way of the restore; returns the exit status. No line of the log."""
    try:
        warnings = restore.check()
    except RestoreError as error:
        print(printable(f"this restore would fail: {error}"), flush=True)
        return 1
    else_ = " but the above" if warnings else ""
    print(printable(f"nothing{else_} stands in the way of {what}"), flush=True)
    return 0
