#!/usr/bin/env python3
"""Restores a backup out of the bucket, or lists them: see --help. Exit status out."""

import sys

from datadump.commands.restore import restore_command

if __name__ == "__main__":
    sys.exit(restore_command(sys.argv[1:]))
