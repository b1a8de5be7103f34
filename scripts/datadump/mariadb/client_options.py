"""The way to the server for an account that restores, as the settings have it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping

from datadump.ground.paths import COMMON

DEFAULTS = {  # as the script has them
    "DB_HOST": "database",
    "DB_PORT": "3306",
    "DB_TLS": "auto",
    "RESTORE_USER": "restore",
    "RESTORE_PASSWORD_FILE": "/run/secrets/restore_password",
}
NOT_LET_IN = (1045, 1698)
NOT_REACHED = (2002, 2003, 2005)
NOT_ENCRYPTED = (2026,)
SCRIPT = os.path.join(COMMON, "database_client.sh")


def client_options(account: str, environment: Mapping[str, str]) -> bytes:
    """The text of the option file for the account RESTORE or LOOK, as the settings have it.

    Raises CalledProcessError where a setting is wrong; the script has logged which by then.
    """
    made = subprocess.run(
        ["bash", SCRIPT, *variables(account, environment)],
        env=environment,
        stdout=subprocess.PIPE,
        check=True,
    )
    return made.stdout


def has_password(account: str, environment: Mapping[str, str]) -> bool:
    """Whether that account's password file is there: without one, nobody means to use it."""
    _, file = variables(account, environment)
    return os.path.isfile(environment.get(file) or DEFAULTS["RESTORE_PASSWORD_FILE"])


def variables(account: str, environment: Mapping[str, str]) -> list[str]:
    """The names of the two settings of that account: RESTORE's, where LOOK's aren't set."""
    return [
        f"{account}_{what}" if environment.get(f"{account}_{what}") else f"RESTORE_{what}"
        for what in ("USER", "PASSWORD_FILE")
    ]


def remedies(account: str, environment: Mapping[str, str]) -> dict[int, str]:
    """What to look at where the server refuses a connection of that account, by the error's number.

    The settings are checked by then.
    """
    user, file = variables(account, environment)
    told = {**DEFAULTS, **environment}
    who = f"({user} {told[user]}, with the password in {file} {told[file]})"
    where = f"(DB_HOST {told['DB_HOST']}, DB_PORT {told['DB_PORT']})"
    encrypted = f"(DB_TLS {told['DB_TLS']})"
    return (
        dict.fromkeys(NOT_LET_IN, who)
        | dict.fromkeys(NOT_REACHED, where)
        | dict.fromkeys(NOT_ENCRYPTED, encrypted)
    )
