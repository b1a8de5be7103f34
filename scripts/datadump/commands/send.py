"""One run of the uploader, as crond starts it."""

import time
from collections.abc import Mapping

from datadump.commands.boundary import exit_status
from datadump.dumps.folder import DumpFolder, Pending, folders_in
from datadump.ground.daily_log import SCRIPT as LOG_SCRIPT
from datadump.ground.daily_log import log
from datadump.ground.owner import become_owner_of
from datadump.settings.environment import check_access, check_folder, put_environment_in_force
from datadump.settings.objects import read_object_settings
from datadump.settings.pipelines import Pipeline, are_several, read_pipeline
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
    access = access._replace(objects=read_object_settings(environment))
    heartbeat = heartbeat_url(environment)
    check_folder("DUMPS_DIR", pipeline.dumps)
    become_owner_of(pipeline.dumps, LOG_SCRIPT)
    check_access("DUMPS_DIR", pipeline.dumps)
    check_files(environment, access)  # once more: root could read all
    # Of one database, too, those of several that were before: what waits there is not to be lost.
    folders = folders_in(pipeline.dumps, used=not are_several(environment))
    return upload_pending(access, [pipeline, *pipeline.below(folders)], heartbeat)


def heartbeat_url(environment: Mapping[str, str]) -> str | None:
    """The one of the settings, if any; raises SettingsError."""
    if not environment.get("HEARTBEAT_URL_FILE"):
        return None
    from datadump.settings.urls import read_heartbeat_url

    return read_heartbeat_url(environment)


def upload_pending(
    access: StoreAccess, pipelines: list[Pipeline], heartbeat: str | None = None
) -> int:
    """Upload what waits in the pipelines' folders, but for those that another tick works in.

    ``heartbeat``: a URL that is told how that went, if anything waited. Returns the exit status: 0,
    or 1 where a dump didn't arrive.
    """
    waiting, failed, others_at_work = all_pending(pipelines)
    if waiting:
        # Not before it's needed: boto3 takes longer to import than everything else here together.
        from datadump.upload.sending import send_all

        failed = not send_all(access, waiting, today) or failed
        if heartbeat:
            from datadump.upload.heartbeat import beat

            beat(heartbeat, well=not failed)
    elif not failed and not others_at_work:
        log("there is no file to upload")
    return int(failed)


def all_pending(
    pipelines: list[Pipeline],
) -> tuple[list[tuple[Pending, DumpFolder, Pipeline]], bool, bool]:
    """What waits, in folders that are locked by now.

    And whether a folder can't be used, which is logged, and whether another tick works in one.
    """
    waiting, failed, others_at_work = [], False, False
    for pipeline in pipelines:
        try:
            folder = DumpFolder(pipeline.dumps, pipeline.own_folder)
            if folder.lock():
                waiting += [(dump, folder, pipeline) for dump in folder.pending()]
            else:
                others_at_work = True
        except OSError as error:
            log(pipeline.failure(error))
            failed = True
    return waiting, failed, others_at_work


def today() -> str:
    """The day that keys of this moment have, ``2026-11-23``, in the zone of TZ."""
    return time.strftime("%Y-%m-%d")
