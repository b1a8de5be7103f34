"""All that waits in a folder is uploaded, and every outcome is a line of the daily log."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator

from datadump.dumps.folder import DumpFolder, Pending, require_readable
from datadump.ground.daily_log import log, log_unexpected
from datadump.s3.client import connect
from datadump.s3.errors import StoreError
from datadump.settings.pipelines import Pipeline
from datadump.settings.store import StoreAccess
from datadump.upload.in_hand import DumpInHand, new_id
from datadump.upload.numbering import Numbering
from datadump.upload.shipment import Shipment


def send_all(
    access: StoreAccess,
    pipeline: Pipeline,
    folder: DumpFolder,
    pending: list[Pending],
    today: Callable[[], str],
) -> bool:
    """Upload each, so that one that can't go doesn't keep the others. True: all have arrived.

    ``today`` tells the day that keys of this moment have, ``2026-11-23``.
    """
    # Python's own way would wait for the parts under way; a kill is safe at any moment.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        bucket = connect(access)
    except StoreError as error:
        log(str(error))
        return False
    numbering = Numbering(bucket, pipeline.prefix, today)
    arrived = [
        dump is not None
        and send_and_log(dump, Shipment(bucket, numbering, dump, pipeline.database))
        for dump in in_hand(folder, pending)
    ]
    return all(arrived)


def in_hand(folder: DumpFolder, pending: list[Pending]) -> Iterator[DumpInHand | None]:
    """Each dump in turn; one that waits is taken when it is its turn.

    None for one that can't be taken, which is logged.
    """
    for one in pending:
        try:
            require_readable(folder.path_of(one.name))
            dump = one.taken or folder.take(one.name, new_id())
            is_another = os.path.getmtime(folder.path_of(dump.name)) != one.mtime
        except FileNotFoundError:  # the dump side made room, or a person removed it
            continue
        except OSError as error:
            log(str(error))
            yield None
        else:
            # A newer one that has the name by now overtakes none: the next tick has both in order.
            if not is_another:
                yield DumpInHand(folder, dump)


def send_and_log(dump: DumpInHand, shipment: Shipment) -> bool:
    """Upload the dump; every outcome is one line of the daily log. True: it is not there any more.

    Until a key is noted for it the dump side may drop it, and logs that.
    """
    try:
        shipment.send()
    except (StoreError, OSError) as error:
        if dump.is_missing(error) and not dump.noted.destination:
            return True
        log(f"{dump.path}: {error}" if is_nameless(error) else str(error))
    except Exception as error:  # noqa: BLE001 - the dumps after this one are to go all the same
        log_unexpected(error)
    else:
        log("file successfully uploaded")
        return True
    return False


def is_nameless(error: Exception) -> bool:
    """Whether it is the system's, and says of no file."""
    return isinstance(error, OSError) and bool(error.errno) and error.filename is None
