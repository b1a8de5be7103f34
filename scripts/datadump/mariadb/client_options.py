"""The option file for an account that restores."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping

from datadump.ground.paths import COMMON

SCRIPT = os.path.join(COMMON, "database_client.sh")


def client_options(account: str, environment: Mapping[str, str]) -> bytes:
    """The text of the option file for the account RESTORE or LOOK, as the settings have it.

    Raises CalledProcessError where a setting is wrong; the script has logged which by then.
    """
    made = subprocess.run(
        ["bash", SCRIPT, f"{account}_USER", f"{account}_PASSWORD_FILE"],
        env=environment,
        stdout=subprocess.PIPE,
        check=True,
    )
    return made.stdout
