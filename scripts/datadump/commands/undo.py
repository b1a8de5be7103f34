"""The undo of a restore, as a person gives it."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from subprocess import CalledProcessError

from datadump.commands.choosing import UnclearError
from datadump.commands.way_back import say_and_log
from datadump.ground.terminal import printable
from datadump.mariadb.client_options import client_options, remedies
from datadump.mariadb.server import Server
from datadump.restore.target import check_name
from datadump.restore.undo import SeveralError, undo
from datadump.settings.pipelines import are_several, read_pipeline
from datadump.settings.way_back import read_scratch


def undo_one(environment: Mapping[str, str], given: argparse.Namespace) -> int:
    """Take back the last restore with --overwrite, and log that; returns the exit status."""
    whole = read_pipeline(environment)
    name = given.into or given.database
    if not name and are_several(environment):
        raise UnclearError("which database? Say --database NAME")
    name = name or whole.database
    check_name(name)
    scratch = read_scratch(environment)
    account = "LOOK" if given.into else "RESTORE"
    try:
        options = client_options(account, environment)
    except CalledProcessError as error:
        return error.returncode
    server = Server(options, remedies=remedies(account, environment))
    try:
        undone = undo(server, name, given.what or "", scratch)
    except SeveralError as error:
        raise UnclearError("\n".join(map(printable, str(error).splitlines()))) from error
    return say_and_log(undone, name)
