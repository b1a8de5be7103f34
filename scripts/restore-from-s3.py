#!/usr/bin/env python3
"""Restores a backup out of the bucket, or lists them: see --help. Exit status out."""

import sys

from datadump.commands.boundary import exit_status


def main() -> int:
    """The exit status of this command."""
    # Here, since it fails where a library can't be read.
    from datadump.commands.restore import restore_command

    return restore_command(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(exit_status(main, (), str))
