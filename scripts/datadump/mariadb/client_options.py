"""The option file for the account that restores."""

from __future__ import annotations

import os
import subprocess
import sys

from datadump.ground.paths import COMMON


def client_options(role: str) -> bytes:
    """The option file for the account RESTORE or LOOK; wrong settings end this process."""
    client = os.path.join(COMMON, "database_client.sh")
    made = subprocess.run(
        ["bash", client, f"{role}_USER", f"{role}_PASSWORD_FILE"],
        stdout=subprocess.PIPE,
        check=False,
    )
    if made.returncode:
        sys.exit(made.returncode)  # it has said why
    return made.stdout
