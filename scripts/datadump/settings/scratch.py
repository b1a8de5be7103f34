"""The setting of the scratch folder, in which a restore and a drill keep their files."""

from __future__ import annotations

from collections.abc import Mapping

from datadump.settings.environment import check_access, check_folder


def read_scratch(environment: Mapping[str, str]) -> str:
    """The folder that SCRATCH_DIR names.

    Raises SettingsError where it is absent, or this user can't work in it.
    """
    folder = environment.get("SCRATCH_DIR") or "/scratch"
    check_folder("SCRATCH_DIR", folder)
    check_access("SCRATCH_DIR", folder)
    return folder
