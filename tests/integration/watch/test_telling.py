"""What Apprise makes of an alarm: all of it arrives, as the plain text that it is."""

from __future__ import annotations

from datadump.watch.telling import send_one
from support.receivers import running_http, running_smtp

ALARM = "proof of shop: it FAILED: near '<i>' & <b>x</b>"


def test_long_alarm_arrives_in_parts() -> None:
    """A service takes so much in a message and refuses more: ntfy 7,800 characters, chats less."""
    with running_http() as (requests, url):
        target = f"{url.replace('http:', 'ntfy:')}/backups"
        assert send_one(target, "100 wrong", "\n\n".join([ALARM] * 400))
    assert len(requests) == 3


def test_alarm_is_text_and_no_markup() -> None:
    """What a server says has brackets in it; the lines stay apart."""
    with running_smtp() as (mailbox, url):
        assert send_one(url, "2 wrong", f"{ALARM}\n\n{ALARM}")
    assert mailbox.texts == [f"{ALARM}\r\n\r\n{ALARM}\r\n"]
