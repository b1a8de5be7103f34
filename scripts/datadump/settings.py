"""The uploader's settings, read from environment variables and the credentials file.

An idle tick reads them too, every minute: hence NamedTuple, which costs a third of dataclasses.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Mapping
from typing import NamedTuple

from datadump.dump_folder import ROOM_FOR_PREFIX, escape
from datadump.owner import read_as_owner

SHORTEST_BUCKET, LONGEST_BUCKET = 3, 63
ALNUM = set("abcdefghijklmnopqrstuvwxyz0123456789")
ZONEINFO = "/usr/share/zoneinfo"


class SettingsError(Exception):
    """A setting is missing or makes no sense; the text names it and the remedy."""


class Credentials(NamedTuple):
    """The account's keys; never shown."""

    access_key_id: str
    secret_access_key: str

    def __repr__(self) -> str:
        return "Credentials(...)"


class Settings(NamedTuple):
    """What one run works with; :func:`check_folder` tells whether a folder can be used.

    ``credentials`` is None where boto3's own chain is to find the keys, ``endpoint_url`` where the
    store is AWS; ``prefix`` ends in a slash or is empty.
    """

    dumps_dir: str
    scratch_dir: str
    database: str
    credentials: Credentials | None
    bucket: str
    prefix: str
    endpoint_url: str | None
    region: str


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings of this environment; an empty variable counts as unset.

    Raises SettingsError.
    """

    def setting(name: str, default: str) -> str:
        return environment.get(name) or default

    check_time_zone(time_zone(environment))
    credentials, bucket = read_credentials(
        setting("CREDENTIALS_FILE", "/credentials.txt"), setting("S3_BUCKET", "")
    )
    return Settings(
        dumps_dir=setting("DUMPS_DIR", "/dumps"),
        scratch_dir=setting("SCRATCH_DIR", "/scratch"),
        database=check_printable("DB_NAME", setting("DB_NAME", "FACULDADE")),
        credentials=credentials,
        bucket=bucket,
        prefix=normal_prefix(setting("S3_PREFIX", "")),
        endpoint_url=check_endpoint(setting("AWS_ENDPOINT_URL_S3", "")),
        region=check_region(setting("AWS_DEFAULT_REGION", "us-east-1")),
    )


def take_environment() -> Mapping[str, str]:
    """This process's environment, with an empty variable unset and the time zone in force.

    Unset, since boto3 takes an empty setting at its word.
    """
    for name in [name for name, value in os.environ.items() if not value]:
        del os.environ[name]
    os.environ["TZ"] = time_zone(os.environ)
    time.tzset()
    return os.environ


def time_zone(environment: Mapping[str, str]) -> str:
    """The name of the time zone that dates in keys and logs are in."""
    return environment.get("TZ") or "America/Sao_Paulo"


def check_printable(name: str, value: str) -> str:
    """The value itself; raises SettingsError where it has control characters."""
    if not value.isprintable():
        raise SettingsError(f"{name}: {value!r} has characters that can't be printed")
    return value


def check_endpoint(url: str) -> str | None:
    """The URL itself, None for AWS; raises SettingsError for what can't be one."""
    scheme, _, host = url.partition("://")
    if url and (scheme not in {"http", "https"} or not host.strip("/:") or not is_token(host)):
        raise SettingsError(f"AWS_ENDPOINT_URL_S3: {url!r} is not like https://s3.example.com")
    return url or None


def check_region(name: str) -> str:
    """The name itself; raises SettingsError for what can't be a region's."""
    if not set(name) <= ALNUM | {"-"}:
        raise SettingsError(f"AWS_DEFAULT_REGION: {name!r} is not like us-east-1")
    return name


def is_token(text: str) -> bool:
    """Whether it is one word of printable ASCII."""
    return text.isascii() and text.isprintable() and " " not in text


def check_folder(name: str, path: str) -> None:
    """Raises SettingsError for one that is absent."""
    if not os.path.isdir(path):
        raise SettingsError(f"{name}: there is no folder {path!r}")


def check_access(name: str, path: str) -> None:
    """Raises SettingsError for a folder that this user can't work in."""
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        raise SettingsError(
            f"{name}: {path!r} can't be written by user id {os.geteuid()}: "
            "give the folder to that user"
        )


def check_time_zone(name: str) -> None:
    """The C library takes an unknown zone for UTC without a word; this raises SettingsError."""
    try:
        with open(f"{ZONEINFO}/{name}", "rb") as file:
            known = ".." not in name and file.read(4) == b"TZif"
    except OSError:
        known = False
    if not known:
        raise SettingsError(f"TZ: there is no time zone {name!r}")


def normal_prefix(prefix: str) -> str:
    """``host/one/`` for ``/host/one``; raises SettingsError for one that can't be part of a key."""
    prefix = prefix.strip("/")
    if not prefix:
        return ""
    if not prefix.isprintable() or "//" in prefix or {".", ".."} & set(prefix.split("/")):
        raise SettingsError(f"S3_PREFIX: {prefix!r} is not a plain path such as hosts/one")
    if len(escape(prefix).encode()) > ROOM_FOR_PREFIX:
        raise SettingsError(
            f"S3_PREFIX: {prefix!r} is over {ROOM_FOR_PREFIX} bytes (a slash counts as three)"
        )
    return prefix + "/"


def read_credentials(path: str, bucket_setting: str) -> tuple[Credentials | None, str]:
    """The keys and the bucket from a file of three lines, or the bucket alone for ``/dev/null``.

    Line ends of any system, blanks and a byte order mark around the lines are forgiven. Raises
    SettingsError, whose text never holds a line of the file.
    """
    content = read_file(path)
    if content is None:
        if not bucket_setting:
            raise SettingsError("S3_BUCKET: with CREDENTIALS_FILE=/dev/null it names the bucket")
        return None, check_bucket(bucket_setting, "S3_BUCKET")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError(f"CREDENTIALS_FILE: {path!r} is not a text file") from None
    lines = [line.strip("\ufeff \t") for line in text.splitlines()]
    try:
        access_key_id, secret_access_key, bucket = filter(None, lines)
    except ValueError:
        raise SettingsError(
            f"CREDENTIALS_FILE: {path!r} has {sum(map(bool, lines))} lines instead of three: "
            "access key id, secret access key, bucket"
        ) from None
    for place, key in (("first", access_key_id), ("second", secret_access_key)):
        if not is_token(key):
            raise SettingsError(f"CREDENTIALS_FILE: the {place} line of {path!r} is no access key")
    bucket = check_bucket(bucket, f"CREDENTIALS_FILE: the third line of {path!r}")
    return Credentials(access_key_id, secret_access_key), bucket


def check_bucket(name: str, source: str) -> str:
    """S3's rule for names: 3 to 63 of a-z, 0-9, dot and hyphen. Raises SettingsError.

    A name that breaks it is not shown: it may be a secret on the wrong line.
    """
    fits = SHORTEST_BUCKET <= len(name) <= LONGEST_BUCKET and set(name) <= ALNUM | set(".-")
    if not fits or name[0] not in ALNUM or name[-1] not in ALNUM or ".." in name:
        raise SettingsError(f"{source}: no bucket's name (3 to 63 of a-z, 0-9, dot and hyphen)")
    return name


def read_file(path: str) -> bytes | None:
    """The file's bytes, or None for the null device. Raises SettingsError."""
    try:
        status = os.stat(path)
        if stat.S_ISCHR(status.st_mode) and status.st_rdev == os.stat(os.devnull).st_rdev:
            return None
        if not stat.S_ISREG(status.st_mode):
            raise SettingsError(f"CREDENTIALS_FILE: {path!r} is not a file")
        return read_as_owner(path)
    except OSError as error:
        raise SettingsError(f"CREDENTIALS_FILE: {path!r}: {error.strerror}") from error
