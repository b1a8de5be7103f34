"""Environment variables, and the rules that several settings share."""

import os
import stat
import time
from collections.abc import Mapping

ZONEINFO = "/usr/share/zoneinfo"
UNITS = {"m": 60, "h": 3600, "d": 86400}  # seconds
ALNUM = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")


class SettingsError(Exception):
    """A setting is missing or makes no sense; the text names it and the remedy."""


def put_environment_in_force() -> Mapping[str, str]:
    """This process's environment, from now on with no empty variable and in the time zone of TZ.

    A variable that is empty is removed, since boto3 takes an empty setting at its word. Raises
    SettingsError for an unknown zone, which the C library would take for UTC without a word.
    """
    for name in [name for name, value in os.environ.items() if not value]:
        del os.environ[name]
    os.environ["TZ"] = time_zone(os.environ)
    time.tzset()
    check_time_zone(os.environ["TZ"])
    return os.environ


def time_zone(environment: Mapping[str, str]) -> str:
    """The name of the time zone that dates in keys and logs are in; not checked."""
    return environment.get("TZ") or "America/Sao_Paulo"


def check_plain_text(name: str, value: str) -> str:
    """The setting's value itself; raises SettingsError for what isn't plain text."""
    if not is_plain_text(value):
        raise SettingsError(f"{name}: it has control characters, or is no UTF-8")
    return value


def is_plain_text(text: str) -> bool:
    """Whether it has no control characters or line ends of any kind, and is UTF-8.

    ``is_plain_text`` of common/database_client.sh is the same rule.
    """
    return not any(
        c < " " or "\x7f" <= c < "\xa0" or c in "\u2028\u2029" or "\ud800" <= c <= "\udfff"
        for c in text
    )


def duration(name: str, text: str) -> int:
    """Seconds, for ``30m``, ``26h`` or ``8d``; raises SettingsError, which names the setting."""
    number, unit = text[:-1], text[-1:]
    if not (number.isascii() and number.isdigit() and int(number) and unit in UNITS):
        raise SettingsError(f"{name}: {text!r} is no time such as 30m, 26h or 8d")
    return int(number) * UNITS[unit]


def is_token(text: str) -> bool:
    """Whether the text is one word of printable ASCII."""
    return text.isascii() and text.isprintable() and " " not in text


def check_folder(name: str, path: str) -> None:
    """Raises SettingsError where the folder that this setting names is absent."""
    if not os.path.isdir(path):
        raise SettingsError(f"{name}: there is no folder {path!r}")


def check_access(name: str, path: str) -> None:
    """Raises SettingsError where this user can't work in the folder that this setting names."""
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        raise SettingsError(
            f"{name}: {path!r} can't be written by user id {os.geteuid()}: "
            "give the folder to that user"
        )


def check_readable(name: str, path: str) -> None:
    """Raises SettingsError where what this setting names is no file, or none for this user."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise SettingsError(f"{name}: {path!r} is not a file")
        readable = os.access(path, os.R_OK)
    except PermissionError:  # a folder on the way there
        readable = False
    except OSError as error:
        raise SettingsError(f"{name}: {path!r}: {error.strerror}") from error
    if not readable:
        raise unreadable(name, path)


def unreadable(name: str, path: str) -> SettingsError:
    """The error that a file is for others than this user."""
    return SettingsError(
        f"{name}: {path!r} can't be read by user id {os.geteuid()}: let that user read it"
    )


def check_time_zone(name: str) -> None:
    """Raises SettingsError where the system's time zones have none of that name."""
    try:
        with open(f"{ZONEINFO}/{name}", "rb") as file:
            known = ".." not in name and file.read(4) == b"TZif"
    except OSError:
        known = False
    if not known:
        raise SettingsError(f"TZ: there is no time zone {name!r}")
