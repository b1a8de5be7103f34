"""One run of the uploader, as crond starts it."""

from __future__ import annotations

import os
import time

from datadump.daily_log import log, log_unexpected
from datadump.dump_folder import DumpFolder
from datadump.owner import become_owner_of
from datadump.settings import Settings, SettingsError, check_access, read_settings, time_zone


def tick() -> int:
    """Upload what waits, and log it.

    Returns the exit status: 0 all is well, 1 a failure that was logged, 2 wrong settings.
    """
    for name in [name for name, value in os.environ.items() if not value]:
        del os.environ[name]  # boto3 takes an empty setting at its word
    os.environ["TZ"] = time_zone(os.environ)
    time.tzset()
    try:
        settings = read_settings(os.environ)
        become_owner_of(settings.dumps_dir)
        check_access(settings.dumps_dir)
        return upload_pending(settings)
    except SettingsError as error:
        log(str(error), to_stderr=True)
        return 2
    except OSError as error:
        log(str(error))
    except Exception as error:  # noqa: BLE001 - whoever reads the log needs a line of any fault
        log_unexpected(error)
    return 1


def upload_pending(settings: Settings) -> int:
    """The same, with the settings read and errors going up."""
    folder = DumpFolder(settings.dumps_dir)
    if not folder.lock():
        return 0
    pending = folder.pending()
    if not pending.taken and not pending.waiting:
        log("there is no file to upload")
        return 0
    # Not before it's needed: boto3 takes longer to import than everything else here together.
    from datadump.shipment import send_all

    return 0 if send_all(settings, folder, pending) else 1
