#!/usr/bin/env python3
"""Removes backups that no rule keeps: see --help. Exit status out."""

import sys

from datadump.commands.boundary import exit_status


def main() -> int:
    """The exit status of this command."""
    # Here, since it fails where a library can't be read.
    from datadump.commands.prune import prune_command

    return prune_command(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(exit_status(main, (), str))
