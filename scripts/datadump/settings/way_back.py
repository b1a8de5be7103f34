"""Settings of restores and drills: where their files lie, and what opens encrypted dumps."""

from __future__ import annotations

import os
from collections.abc import Mapping

from datadump.ground.owner import read_as_owner
from datadump.settings.environment import SettingsError, check_access, check_folder


def read_scratch(environment: Mapping[str, str]) -> str:
    """The folder that SCRATCH_DIR names.

    Raises SettingsError where it is absent, or this user can't work in it.
    """
    folder = environment.get("SCRATCH_DIR") or "/scratch"
    check_folder("SCRATCH_DIR", folder)
    check_access("SCRATCH_DIR", folder)
    return folder


def read_identity(environment: Mapping[str, str]) -> int | None:
    """A descriptor of what AGE_IDENTITY_FILE holds, in memory; None where it isn't set.

    Raises SettingsError for a file that can't be read; whether it holds a key, age knows.
    """
    path = environment.get("AGE_IDENTITY_FILE")
    if not path:
        return None
    try:
        content = read_as_owner(path)
    except OSError as error:
        raise SettingsError(f"AGE_IDENTITY_FILE: '{path}': {error.strerror}") from error
    # In memory, and read by age from there: whose the file is need not be who runs age.
    descriptor = os.memfd_create("age-identity")
    os.fchmod(descriptor, 0o600)
    os.write(descriptor, content)
    return descriptor
