"""Rules of what is said of a connection that a server refused."""

from __future__ import annotations

import pytest
from datadump.mariadb.client_options import DEFAULTS, SCRIPT, remedies


@pytest.mark.parametrize("name", DEFAULTS)
def test_settings_that_are_named_have_the_defaults_of_the_script(name: str) -> None:
    """Which makes the connection."""
    with open(SCRIPT) as script:
        assert f'"${{{name}:={DEFAULTS[name]}}}"' in script.read()


@pytest.mark.parametrize(
    ("settings", "user", "file"),
    [
        ({}, "RESTORE_USER restore", "RESTORE_PASSWORD_FILE /run/secrets/restore_password"),
        ({"LOOK_USER": "look"}, "LOOK_USER look", "RESTORE_PASSWORD_FILE /run/secrets/"),
        ({"LOOK_PASSWORD_FILE": "/look"}, "RESTORE_USER restore", "LOOK_PASSWORD_FILE /look"),
    ],
    ids=["neither", "the account", "the password"],
)
def test_settings_that_are_named_are_those_that_the_account_comes_from(
    settings: dict[str, str], user: str, file: str
) -> None:
    """That which looks may have one of its own, or share it with the one that restores."""
    assert f"({user}, with the password in {file}" in remedies("LOOK", settings)[1045]
    assert "(RESTORE_USER restore, " in remedies("RESTORE", settings)[1045]
