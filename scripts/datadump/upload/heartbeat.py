"""The heartbeat: somebody outside notices when no upload says any more that it went well."""

from __future__ import annotations

import sys
from http.client import HTTPException
from urllib.request import urlopen

from datadump.ground.terminal import printable

SECONDS = 5  # for the connection, and for each answer


def beat(url: str, *, well: bool) -> None:
    """Ask for the URL, or for its ``/fail``. It never makes a good upload fail."""
    try:
        with urlopen(url if well else f"{url}/fail", timeout=SECONDS) as answer:
            answer.read(1)
    except (OSError, ValueError, HTTPException) as error:
        reason = str(error).replace(url, "...")  # which is as good as a password
        print(printable(f"warning: no heartbeat was sent: {reason}"), file=sys.stderr)
