#!/usr/bin/env python3
"""Copies to a second bucket what it lacks of the first: see --help. Exit status out."""

import sys

from datadump.commands.boundary import exit_status


def main() -> int:
    """The exit status of this command."""
    # Here, since it fails where a library can't be read.
    from datadump.commands.mirror import mirror_command

    return mirror_command(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(exit_status(main, (), str))
