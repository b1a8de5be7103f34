"""What Apprise makes of an alarm: all of it arrives, as the plain text that it is."""

from __future__ import annotations

from datadump.watch.changes import News
from datadump.watch.checks import Check
from datadump.watch.telling import message, send_one
from support.receivers import running_http, running_smtp

ALARM = "proof of shop: it FAILED: near '<i>' & <b>x</b>"


def test_long_alarm_arrives_in_parts() -> None:
    """A service takes so much in a message and refuses more: ntfy 7,800 characters, chats less."""
    with running_http() as (requests, url):
        target = f"{url.replace('http:', 'ntfy:')}/backups"
        assert send_one(target, "100 wrong", "\n\n".join([ALARM] * 400))
    assert len(requests) == 3


def test_target_says_itself_what_becomes_of_a_long_alarm() -> None:
    """Where each part of a message costs."""
    with running_http() as (requests, url):
        target = f"{url.replace('http:', 'ntfy:')}/backups?overflow=truncate"
        assert send_one(target, "100 wrong", "\n\n".join([ALARM] * 400))
    assert len(requests) == 1


def test_message_of_a_whole_fleet_has_the_first_alarms_and_how_many_there_are() -> None:
    """The worst come first; some services charge for each hundred characters."""
    failing = [Check("backup", f"db{number}", False, "it is old") for number in range(100)]
    title, text = message(News(failing, failing[:1]), "s3://b")
    assert title == "Backups in s3://b: 100 wrong"
    told = text.split("\n\n")
    assert (told[19], told[20:]) == ("backup of db19: it is old", ["and 81 more: see the page"])


def test_alarm_is_text_and_no_markup() -> None:
    """What a server says has brackets in it; the lines stay apart."""
    with running_smtp() as (mailbox, url):
        assert send_one(url, "2 wrong", f"{ALARM}\n\n{ALARM}")
    assert mailbox.texts == [f"{ALARM}\r\n\r\n{ALARM}\r\n"]
