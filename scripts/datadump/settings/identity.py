"""The setting of the private key that opens encrypted dumps."""

from __future__ import annotations

import os
from collections.abc import Mapping

from datadump.ground.owner import read_as_owner
from datadump.settings.environment import SettingsError


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
