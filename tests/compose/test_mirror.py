"""The mirror in the running stack: a second bucket, which a restore then takes."""

from __future__ import annotations

import json

from support.compose import Checkout
from support.waiting import wait_for

MIRROR = "database-dumps-mirror"


def test_backups_are_mirrored_and_listed_from_there(backed_up: Checkout) -> None:
    """By a file that only its owner can read; the watch says so, and crond takes the schedule."""
    key, *keys = backed_up.credentials()
    credentials = backed_up.path / "mirror.txt"
    credentials.write_text("\n".join([key, keys[0], MIRROR]))
    credentials.chmod(0o600)
    backed_up.run("chown", "1000:1000", str(credentials))
    mirror = {
        "MIRROR_CREDENTIALS_FILE": "./mirror.txt",
        "MIRROR_ENDPOINT_URL_S3": "http://s3:8333",
    }
    newest = backed_up.objects()[-1]
    backed_up.compose("run", "--rm", "mirror", **mirror)
    assert backed_up.count(f"backup mirrored: {newest}") == 1
    copy = backed_up.store().get_object(Bucket=MIRROR, Key=newest)["Body"].read()
    assert copy == backed_up.object(newest)
    listed = backed_up.compose("run", "--rm", "restore", "--list", "--from", "mirror", **mirror)
    assert f"\n{newest} " in listed
    look = ("run", "--rm", "--no-deps", "-T", "watch", "python3", "/scripts/watch.py", "--json")
    found = json.loads(backed_up.run("docker", "compose", *look, **mirror).stdout)
    (check,) = [check for check in found["checks"] if check["name"] == "mirror"]
    assert check["passed"], check
    backed_up.compose("up", "--detach", "--no-deps", "mirror-schedule", **mirror)
    try:
        wait_for(
            "its next run is told",
            lambda: "mirror.py" in backed_up.compose("logs", "mirror-schedule", **mirror),
        )
    finally:
        backed_up.compose("rm", "--stop", "--force", "mirror-schedule")
