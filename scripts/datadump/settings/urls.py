"""URLs in files of their own, since they have passwords in them: who is told, and the heartbeat."""

from __future__ import annotations

from collections.abc import Mapping

from datadump.ground.owner import read_as_owner
from datadump.settings.environment import SettingsError, is_token, unreadable


def read_alert_urls(environment: Mapping[str, str]) -> list[str]:
    """The URLs of ALERT_URLS_FILE, one a line; none where it is unset. Raises SettingsError."""
    return lines_of("ALERT_URLS_FILE", environment)


def read_heartbeat_url(environment: Mapping[str, str]) -> str | None:
    """The URL of HEARTBEAT_URL_FILE, without a slash at its end; None where it is unset.

    Raises SettingsError.
    """
    lines = lines_of("HEARTBEAT_URL_FILE", environment)
    if not environment.get("HEARTBEAT_URL_FILE"):
        return None
    if (
        len(lines) != 1
        or not lines[0].startswith(("http://", "https://"))
        or not is_token(lines[0])
    ):
        raise SettingsError(
            "HEARTBEAT_URL_FILE: it has to hold one URL, as https://hc-ping.com/0123-4567"
        )
    return lines[0].rstrip("/")


def lines_of(name: str, environment: Mapping[str, str]) -> list[str]:
    """The lines of the file that this setting names; blank ones and those with # say nothing.

    The text of a SettingsError shows none of them.
    """
    path = environment.get(name)
    if not path:
        return []
    try:
        text = read_as_owner(path).decode("utf-8-sig")
    except PermissionError as error:
        raise unreadable(name, path) from error
    except OSError as error:
        raise SettingsError(f"{name}: {path!r}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{name}: {path!r} is not a text file") from error
    lines = [line.strip() for line in text.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]
