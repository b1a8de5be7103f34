"""The files that the web server of dockerfiles/status shows."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from datadump.ground.files import replace_file
from datadump.sight.seen import Seen
from datadump.status.metrics import as_metrics
from datadump.status.page import as_page
from datadump.status.report import as_json
from datadump.watch.checks import Check


def publish(folder: str, checks: Sequence[Check], failing: Mapping[str, float], seen: Seen) -> None:
    """Replace the page, the JSON and the figures there. Raises OSError, which says so."""
    texts = {
        "index.html": as_page(checks, failing, seen),
        "status.json": as_json(checks, failing, seen),
        "metrics": as_metrics(checks, seen),
    }
    try:
        for name, text in texts.items():
            replace_file(os.path.join(folder, name), text)
    except OSError as error:
        raise OSError(f"the page isn't written to {folder}: {error.strerror}") from error
