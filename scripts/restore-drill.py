#!/usr/bin/env python3
"""Proves a backup by restoring it into a server of its own: see --help. Exit status out."""

import sys

from datadump.commands.drill import drill_command

if __name__ == "__main__":
    sys.exit(drill_command(sys.argv[1:]))
