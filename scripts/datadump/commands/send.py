"""One run of the uploader, as crond starts it."""

from __future__ import annotations

from datadump.dumps.folder import DumpFolder
from datadump.ground.daily_log import log, log_unexpected
from datadump.ground.owner import become_owner_of
from datadump.settings.environment import (
    SettingsError,
    check_access,
    check_folder,
    take_environment,
)
from datadump.settings.settings import Settings, read_settings


def tick() -> int:
    """Upload what waits, and log it.

    Returns the exit status: 0 all is well, 1 a failure that was logged, 2 wrong settings.
    """
    environment = take_environment()
    try:
        settings = read_settings(environment)
        check_folder("DUMPS_DIR", settings.dumps_dir)
        become_owner_of(settings.dumps_dir)
        check_access("DUMPS_DIR", settings.dumps_dir)
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
    from datadump.upload.shipment import send_all

    return 0 if send_all(settings, folder, pending) else 1
