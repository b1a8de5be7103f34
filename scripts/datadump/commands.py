"""The two commands of the way back, as a person gives them: restore and drill.

Exit status: 0 all is well, 1 a failure that was logged, 2 wrong settings or arguments.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from datadump import proof as proofs
from datadump.bucket import Bucket
from datadump.catalogue import LATEST, Catalogue, Details
from datadump.daily_log import log, log_unexpected
from datadump.download import DamagedError, Download
from datadump.drill import Outcome, drill
from datadump.dump_file import DumpError
from datadump.listing import as_json, as_outcome, as_table
from datadump.progress import printable
from datadump.proof import Proof
from datadump.restore import RestoreError, Target, restore
from datadump.server import SCRIPTS, Server, ServerError
from datadump.settings import (
    Settings,
    SettingsError,
    check_access,
    check_folder,
    read_settings,
    take_environment,
)
from datadump.store import StoreError, connect
from datadump.swap import SwapError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

FAILURES = (StoreError, OSError, ServerError, DumpError, SwapError, RestoreError)
SHOWN = 50  # backups
OVERWRITES = (
    "warning: the store ignores If-None-Match: uploaders that share a prefix there could overwrite "
    "each other's objects; give each an S3_PREFIX of its own"
)


class StoppedError(RestoreError):
    """Somebody wants it to end."""


def restore_command(arguments: Sequence[str]) -> int:
    """``restore --list`` or ``restore WHAT``; returns the exit status."""
    given = restore_parser().parse_args(arguments)
    if given.list == bool(given.what):
        restore_parser().error("say which backup: latest, a day, a key; or --list")
    action = list_backups if given.list else restore_one
    return run("restore failed", lambda settings: action(settings, given))


def restore_parser() -> argparse.ArgumentParser:
    """What the command understands."""
    parser = argparse.ArgumentParser(
        prog="restore", description="Restores a backup out of the bucket into the database."
    )
    parser.add_argument(
        "what", nargs="?", metavar="WHAT", help="latest, a day (2026-11-23) for its last, or a key"
    )
    parser.add_argument("--list", action="store_true", help="show the backups, newest first")
    parser.add_argument("--limit", type=int, default=SHOWN, help=f"of that list (default: {SHOWN})")
    parser.add_argument("--json", action="store_true", help="that list as JSON")
    parser.add_argument(
        "--into", metavar="NAME", help="another database than DB_NAME, by the account LOOK_USER"
    )
    parser.add_argument(
        "--definers",
        action="store_true",
        help="with --into: views, triggers, routines and events stay whose they were (SET USER)",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace a database; its data stays beside it"
    )
    return parser


def drill_command(arguments: Sequence[str]) -> int:
    """``restore-drill [WHAT]``; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="restore-drill",
        description="Proves a backup by restoring it into a server of its own.",
    )
    parser.add_argument("what", nargs="?", metavar="WHAT", default=LATEST, help="as for restore")
    given = parser.parse_args(arguments)
    return run("restore verification failed", lambda settings: drill_one(settings, given.what))


def run(failure: str, action: Callable[[Settings], int]) -> int:
    """Carry it out with the settings; a failure is one line of the log that begins so."""
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, stop)
    try:
        return action(read_settings(take_environment()))
    except SettingsError as error:
        log(str(error), to_stderr=True)
        return 2
    except FAILURES as error:
        log(f"{failure}: {error}")
    except KeyboardInterrupt:
        log(f"{failure}: stopped")
    except Exception as error:  # noqa: BLE001 - whoever reads the log needs a line of any fault
        log_unexpected(error)
    return 1


def stop(number: int, _: FrameType | None) -> NoReturn:
    """As a failure, so that what has to be undone is."""
    signal.signal(number, signal.SIG_IGN)
    raise StoppedError(f"stopped by {signal.Signals(number).name}")


def list_backups(settings: Settings, given: argparse.Namespace) -> int:
    """Print them."""
    if given.limit < 1:
        raise SettingsError(f"--limit: {given.limit} is not a number of backups")
    catalogue = Catalogue(connect(settings), settings)
    newest = catalogue.newest(given.limit)
    print(as_json(newest) if given.json else as_table(newest, catalogue.place))
    return 0


def restore_one(settings: Settings, given: argparse.Namespace) -> int:
    """Restore it, and log that."""
    check_scratch(settings)
    server = Server(client_options("LOOK" if given.into else "RESTORE"))
    client = connect(settings)
    backup = Catalogue(client, settings).find(given.what)
    definers = given.definers or not given.into
    target = Target(given.into or settings.database, given.overwrite, definers)
    if not given.into and backup.database not in {"", settings.database}:
        raise RestoreError(
            f"{backup.key} is a backup of {backup.database}, not of {settings.database}: "
            f"--into says where it is to go"
        )
    told = restore(Bucket(client, settings.bucket), backup, settings.scratch_dir, server, target)
    print(*map(printable, told), sep="\n", flush=True)
    log(f"restore completed: {backup.key}")
    return 0


def client_options(role: str) -> bytes:
    """The option file for the account RESTORE or LOOK; wrong settings end this process."""
    client = os.path.join(SCRIPTS, "database_client.sh")
    made = subprocess.run(
        ["bash", client, f"{role}_USER", f"{role}_PASSWORD_FILE"],
        stdout=subprocess.PIPE,
        check=False,
    )
    if made.returncode:
        sys.exit(made.returncode)  # it has said why
    return made.stdout


def check_scratch(settings: Settings) -> None:
    """Raises SettingsError."""
    check_folder("SCRATCH_DIR", settings.scratch_dir)
    check_access("SCRATCH_DIR", settings.scratch_dir)


def drill_one(settings: Settings, what: str) -> int:
    """Hold a drill, leave its proof in the bucket, and log the verdict."""
    check_scratch(settings)
    client = connect(settings)
    backup = Catalogue(client, settings).find(what)
    outcome = outcome_of(settings, client, backup)
    print(as_outcome(outcome), flush=True)
    write_proof(Bucket(client, settings.bucket), settings.prefix, proof_of(backup, outcome))
    if outcome.reason:
        log(f"restore verification failed: {outcome.reason} ({backup.key})")
        return 1
    log(f"restore verified: {backup.key}")
    return 0


def outcome_of(settings: Settings, client: S3Client, backup: Details) -> Outcome:
    """What the drill finds; an object that isn't what was uploaded is an outcome, too."""
    download = Download(Bucket(client, settings.bucket), backup, settings.scratch_dir)
    try:
        path = download.fetch()
    except DamagedError as error:
        return Outcome([], str(error))
    outcome = drill(path, settings.scratch_dir, seconds(backup.dumped_at))
    download.remove()
    return outcome


def seconds(dumped_at: str) -> float:
    """Since 1970; now, where the object doesn't tell, or tells what no server could take."""
    now = time.time()
    with suppress(ValueError, OverflowError):
        then = datetime.fromisoformat(dumped_at).timestamp()
        return then if 0 < then < now else now
    return now


def proof_of(backup: Details, outcome: Outcome) -> Proof:
    """What is to be known of the drill later."""
    return Proof(
        key=backup.key,
        dump_id=backup.dump_id,
        etag=backup.etag,
        verified=not outcome.reason,
        reason=outcome.reason,
        at=proofs.now(),
        numbers={
            "objects": len(outcome.findings),
            "rows": sum(finding.rows for finding in outcome.findings),
        },
    )


def write_proof(bucket: Bucket, prefix: str, proof: Proof) -> None:
    """And see by it whether the store lets objects be overwritten."""
    proofs.write(bucket, prefix, proof)
    if not proofs.writes_are_conditional(bucket, prefix, proof):
        print(OVERWRITES)
