#!/usr/bin/env python3
"""Uploads the dumps that wait in DUMPS_DIR; crond runs it. Settings in, exit status out."""

import sys

from datadump.commands.send import tick

if __name__ == "__main__":
    sys.exit(tick())
