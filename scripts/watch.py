#!/usr/bin/env python3
"""Looks whether all is well, and tells people where it isn't: see --help. Exit status out."""

import sys

from datadump.commands.boundary import exit_status


def main() -> int:
    """The exit status of this command."""
    # Here, since it fails where a library can't be read.
    from datadump.commands.watch import watch_command

    return watch_command(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(exit_status(main, (), str))
