"""The mirror, as a person or crond gives it."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

from datadump.commands.boundary import exit_status
from datadump.mirror.mirroring import FAILED, bring_up_to_date
from datadump.s3.client import connect
from datadump.s3.errors import StoreError
from datadump.settings.environment import put_environment_in_force
from datadump.settings.mirror import require_mirror
from datadump.settings.pipelines import read_pipeline
from datadump.settings.store import read_store


def mirror_command(arguments: Sequence[str]) -> int:
    """``mirror``; returns the exit status."""
    argparse.ArgumentParser(
        prog="mirror", description="Copies to a second bucket what it lacks of backups and proofs."
    ).parse_args(arguments)
    return exit_status(
        lambda: mirror(put_environment_in_force()),
        (OSError, StoreError),
        lambda error: f"{FAILED}: {error}",
    )


def mirror(environment: Mapping[str, str]) -> int:
    """Copy what the mirror lacks; returns the exit status."""
    access, whole = read_store(environment), read_pipeline(environment)
    second = require_mirror(environment, access)
    complete = bring_up_to_date(connect(access), connect(second), whole)
    return 0 if complete else 1
