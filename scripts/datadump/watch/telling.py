"""Messages to people, by Apprise: mail, chat and a hundred more, by a URL for each."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from datadump.ground.terminal import printable
from datadump.settings.environment import SettingsError
from datadump.watch.changes import News

SECONDS = 5  # for a connection, and for an answer
MOST_TOLD = 20  # checks in a message; a whole fleet that stops is one piece of news
EXAMPLE = "mailto://user:password@mail.example.com?to=me@example.com"


def check_urls(urls: Sequence[str]) -> None:
    """Raises SettingsError, which shows no URL, for one that Apprise doesn't know."""
    import apprise  # here, and in send: it takes longer than a look

    for number, url in enumerate(urls, 1):
        if not isinstance(
            apprise.Apprise.instantiate(url, suppress_exceptions=True), apprise.NotifyBase
        ):
            raise SettingsError(
                f"ALERT_URLS_FILE: URL number {number} is none that Apprise knows, as {EXAMPLE}"
            )


def send(messages: dict[str, tuple[str, str]]) -> dict[str, bool]:
    """Send each URL its title and text, all at once; whether each was taken."""
    with ThreadPoolExecutor(max(len(messages), 1)) as pool:
        taken = pool.map(lambda url: send_one(url, *messages[url]), messages)
        return dict(zip(messages, taken, strict=True))


def send_one(url: str, title: str, text: str) -> bool:
    """Whether the target has taken it, within some seconds."""
    import apprise

    # What is longer than a service takes would be refused, at each look again.
    options = f"cto={SECONDS}&rto={SECONDS}" + ("" if "overflow=" in url else "&overflow=split")
    target = apprise.Apprise()
    return bool(
        target.add(url + ("&" if "?" in url else "?") + options)
        and target.notify(body=text, title=title, body_format=apprise.NotifyFormat.TEXT)
    )


def message(news: News, place: str) -> tuple[str, str]:
    """Title and text; ``place`` is where the backups are."""
    failing, well = len(news.failing), len(news.well_again)
    title = f"{failing} wrong" if failing else f"{well} well again"
    lines = [printable(f"{check}") for check in news.failing]
    lines += [printable(f"well again: {check}") for check in news.well_again]
    more = [f"and {len(lines) - MOST_TOLD} more: see the page"] if lines[MOST_TOLD:] else []
    return f"Backups in {place}: {title}", "\n\n".join(lines[:MOST_TOLD] + more)
