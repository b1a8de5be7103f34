"""The watch in the running stack: its health is that of the backups."""

from __future__ import annotations

from support.compose import Checkout
from support.waiting import wait_for

from .conftest import LOOK


def health(clone: Checkout) -> str:
    status: str = clone.container("watch")["State"]["Health"]["Status"]
    return status


def test_watch_is_unhealthy_while_the_store_is_away(backed_up: Checkout) -> None:
    """A look finds that, the log has a line of it, and of its end."""
    assert "FAILED" not in backed_up.compose(*LOOK)
    wait_for("healthy", lambda: health(backed_up) == "healthy", 60)
    backed_up.compose("stop", "--timeout", "5", "s3")
    result = backed_up.run("docker", "compose", *LOOK)
    assert result.returncode == 1
    assert "nothing is known of backups" in result.stdout
    wait_for("unhealthy", lambda: health(backed_up) == "unhealthy", 60)
    backed_up.compose("up", "--detach", "--wait", "s3")
    backed_up.compose(*LOOK)
    wait_for("healthy again", lambda: health(backed_up) == "healthy", 60)
    lines = backed_up.log_lines()
    failed = [n for n, line in enumerate(lines) if ",check failed: bucket: " in line]
    passed = [n for n, line in enumerate(lines) if ",check passed: bucket: " in line]
    assert failed[-1] < passed[-1]


def test_watch_can_tell_people_and_the_uploader_cannot(backed_up: Checkout) -> None:
    """The library for that is in the watch's image alone."""
    importing = ("python3", "-c", "import apprise")
    backed_up.compose("exec", "-T", "watch", *importing)
    result = backed_up.run("docker", "compose", "exec", "-T", "send-to-s3", *importing)
    assert "No module named 'apprise'" in result.stderr


def test_prune_shows_what_would_go(backed_up: Checkout) -> None:
    """By the rules of .env; without one it is a wrong setting."""
    key = backed_up.objects()[-1]
    shown = backed_up.compose("run", "--rm", "prune", "--dry-run", KEEP_DAILY="7")
    (line,) = [line for line in shown.splitlines() if line.startswith(f"{key} ")]
    assert " kept " in line
    assert backed_up.run("docker", "compose", "run", "--rm", "prune").returncode == 2
