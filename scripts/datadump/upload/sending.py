"""All that waits in a folder is uploaded, and every outcome is a line of the daily log."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable
from itertools import starmap
from typing import NamedTuple

from datadump.dumps.folder import DumpFolder, Pending, require_readable
from datadump.ground.daily_log import log, log_unexpected
from datadump.s3.bucket import Bucket
from datadump.s3.client import connect
from datadump.s3.errors import StoreError
from datadump.settings.pipelines import Pipeline
from datadump.settings.store import StoreAccess
from datadump.upload.in_hand import DumpInHand, new_id
from datadump.upload.numbering import Numbering
from datadump.upload.shipment import Shipment


class Waiting(NamedTuple):
    """A dump to upload, its folder, and whose it is."""

    dump: Pending
    folder: DumpFolder
    pipeline: Pipeline


def send_all(
    access: StoreAccess,
    waiting: Iterable[tuple[Pending, DumpFolder, Pipeline]],
    today: Callable[[], str],
) -> bool:
    """Upload all, oldest first; one that can't go keeps no other. True: all have arrived.

    ``today`` tells the day that keys of this moment have, ``2026-11-23``.
    """
    # Python's own way would wait for the parts under way; a kill is safe at any moment.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        bucket = connect(access)
    except StoreError as error:
        log(str(error))
        return False
    in_order = sorted(starmap(Waiting, waiting), key=lambda one: one.dump[:2])
    arrived = [send_one(bucket, one, today) for one in in_order]
    return all(arrived)


def send_one(bucket: Bucket, waiting: Waiting, today: Callable[[], str]) -> bool:
    """Take the dump if nobody has, and upload it. True: it is not there any more, or not this one.

    Every failure is a line of the log.
    """
    one, folder, pipeline = waiting
    try:
        require_readable(folder.path_of(one.name))
        taken = one.taken or folder.take(one.name, new_id())
        is_another = os.path.getmtime(folder.path_of(taken.name)) != one.mtime
    except FileNotFoundError:  # the dump side made room, or a person removed it
        return True
    except OSError as error:
        log(pipeline.failure(error))
        return False
    if is_another:  # it has the name by now, and overtakes none: the next tick has all in order
        return True
    dump = DumpInHand(folder, taken)
    numbering = Numbering(bucket, pipeline.prefix, today)
    return send_and_log(dump, Shipment(bucket, numbering, dump, pipeline.database), pipeline)


def send_and_log(dump: DumpInHand, shipment: Shipment, pipeline: Pipeline) -> bool:
    """Upload the dump; every outcome is one line of the daily log. True: it is not there any more.

    Until a key is noted for it the dump side may drop it, and logs that.
    """
    try:
        shipment.send()
    except (StoreError, OSError) as error:
        if dump.is_missing(error) and not dump.noted.destination:
            return True
        log(pipeline.failure(f"{dump.path}: {error}" if is_nameless(error) else error))
    except Exception as error:  # noqa: BLE001 - the dumps after this one are to go all the same
        log_unexpected(error, pipeline.failure)
    else:
        log(f"file successfully uploaded{pipeline.ending}")
        return True
    return False


def is_nameless(error: Exception) -> bool:
    """Whether it is the system's, and says of no file."""
    return isinstance(error, OSError) and bool(error.errno) and error.filename is None
