"""One run of the uploader, as crond starts it."""

from __future__ import annotations

import time

from datadump.commands.boundary import exit_status
from datadump.dumps.folder import DumpFolder
from datadump.ground.daily_log import SCRIPT as LOG_SCRIPT
from datadump.ground.daily_log import log
from datadump.ground.owner import become_owner_of
from datadump.settings.environment import check_access, check_folder, put_environment_in_force
from datadump.settings.pipelines import Pipeline, read_pipeline
from datadump.settings.store import StoreAccess, check_files, read_store


def tick() -> int:
    """Upload what waits, and log it.

    Returns the exit status: 0 all is well, 1 a failure that was logged, 2 wrong settings.
    """
    return exit_status(send, (OSError,), str)


def send() -> int:
    """Upload what waits, by this process's environment and as the owner of the folder.

    Returns the exit status: 0, or 1 where a dump didn't arrive. Raises SettingsError and OSError.
    """
    environment = put_environment_in_force()
    access, pipeline = read_store(environment), read_pipeline(environment)
    check_folder("DUMPS_DIR", pipeline.dumps)
    become_owner_of(pipeline.dumps, LOG_SCRIPT)
    check_access("DUMPS_DIR", pipeline.dumps)
    check_files(environment, access)  # once more: root could read all
    return upload_pending(access, pipeline)


def upload_pending(access: StoreAccess, pipeline: Pipeline) -> int:
    """Upload what waits in the pipeline's folder, unless another tick is at work there.

    Returns the exit status: 0, or 1 where a dump didn't arrive. Raises OSError.
    """
    folder = DumpFolder(pipeline.dumps)
    if not folder.lock():
        return 0
    pending = folder.pending()
    if not pending:
        log("there is no file to upload")
        return 0
    # Not before it's needed: boto3 takes longer to import than everything else here together.
    from datadump.upload.sending import send_all

    return 0 if send_all(access, pipeline, folder, pending, today) else 1


def today() -> str:
    """The day that keys of this moment have, ``2026-11-23``, in the zone of TZ."""
    return time.strftime("%Y-%m-%d")
