"""Settings of the store: the account's keys, the bucket, and how it is reached."""

# Annotations are not postponed here: NamedTuple would compile each of them, at every idle tick.

import os
import stat
from collections.abc import Mapping
from typing import NamedTuple

from datadump.ground.names import LONGEST_BUCKET
from datadump.ground.owner import read_as_owner
from datadump.settings.environment import SettingsError, is_token

SHORTEST_BUCKET = 3  # characters, by S3's rule
ALNUM = set("abcdefghijklmnopqrstuvwxyz0123456789")


class Credentials(NamedTuple):
    """The account's keys; never shown."""

    access_key_id: str
    secret_access_key: str

    def __repr__(self) -> str:
        return "Credentials(...)"


class StoreAccess(NamedTuple):
    """Whom to ask for which bucket, and as whom.

    ``credentials`` is None where boto3's own chain is to find the keys, ``endpoint_url`` where the
    store is AWS.
    """

    credentials: Credentials | None
    bucket: str
    endpoint_url: str | None
    region: str


def read_store(environment: Mapping[str, str]) -> StoreAccess:
    """The access that CREDENTIALS_FILE and the settings beside it say; raises SettingsError.

    A variable that is empty counts as unset.
    """
    credentials, bucket = read_credentials(
        environment.get("CREDENTIALS_FILE") or "/credentials.txt",
        environment.get("S3_BUCKET") or "",
    )
    return StoreAccess(
        credentials=credentials,
        bucket=bucket,
        endpoint_url=check_endpoint(environment.get("AWS_ENDPOINT_URL_S3") or ""),
        region=check_region(environment.get("AWS_DEFAULT_REGION") or "us-east-1"),
    )


def check_endpoint(url: str) -> str | None:
    """The URL of a store, None for the empty one of AWS; raises SettingsError for no URL."""
    scheme, _, host = url.partition("://")
    if url and (scheme not in {"http", "https"} or not host.strip("/:") or not is_token(host)):
        raise SettingsError(f"AWS_ENDPOINT_URL_S3: {url!r} is not like https://s3.example.com")
    return url or None


def check_region(name: str) -> str:
    """The region's name; raises SettingsError for what can't be one."""
    if not set(name) <= ALNUM | {"-"}:
        raise SettingsError(f"AWS_DEFAULT_REGION: {name!r} is not like us-east-1")
    return name


def read_credentials(path: str, bucket_setting: str) -> tuple[Credentials | None, str]:
    """The keys and the bucket from a file of three lines, or the bucket alone for ``/dev/null``.

    Raises SettingsError, whose text never holds a line of the file.
    """
    content = read_file(path)
    if content is None:
        if not bucket_setting:
            raise SettingsError("S3_BUCKET: with CREDENTIALS_FILE=/dev/null it names the bucket")
        return None, check_bucket(bucket_setting, "S3_BUCKET")
    lines = lines_of(content, path)
    try:
        access_key_id, secret_access_key, bucket = lines
    except ValueError:
        raise SettingsError(
            f"CREDENTIALS_FILE: {path!r} has {len(lines)} lines instead of three: "
            "access key id, secret access key, bucket"
        ) from None
    for place, key in (("first", access_key_id), ("second", secret_access_key)):
        if not is_token(key):
            raise SettingsError(f"CREDENTIALS_FILE: the {place} line of {path!r} is no access key")
    bucket = check_bucket(bucket, f"CREDENTIALS_FILE: the third line of {path!r}")
    return Credentials(access_key_id, secret_access_key), bucket


def lines_of(content: bytes, path: str) -> list[str]:
    """The lines of a credentials file that aren't blank; raises SettingsError for no text.

    Line ends of any system, blanks and a byte order mark around the lines are forgiven.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError(f"CREDENTIALS_FILE: {path!r} is not a text file") from None
    return list(filter(None, (line.strip("\ufeff \t") for line in text.splitlines())))


def check_bucket(name: str, source: str) -> str:
    """The bucket's name; raises SettingsError, which names the source, for one that S3 forbids.

    S3 allows 3 to 63 of a-z, 0-9, dot and hyphen. What breaks that is not shown: it may be a secret
    on the wrong line.
    """
    fits = SHORTEST_BUCKET <= len(name) <= LONGEST_BUCKET and set(name) <= ALNUM | set(".-")
    if not fits or name[0] not in ALNUM or name[-1] not in ALNUM or ".." in name:
        raise SettingsError(f"{source}: no bucket's name (3 to 63 of a-z, 0-9, dot and hyphen)")
    return name


def read_file(path: str) -> bytes | None:
    """The credentials file's bytes, or None for the null device. Raises SettingsError."""
    try:
        status = os.stat(path)
        if stat.S_ISCHR(status.st_mode) and status.st_rdev == os.stat(os.devnull).st_rdev:
            return None
        if not stat.S_ISREG(status.st_mode):
            raise SettingsError(f"CREDENTIALS_FILE: {path!r} is not a file")
        return read_as_owner(path)
    except OSError as error:
        raise SettingsError(f"CREDENTIALS_FILE: {path!r}: {error.strerror}") from error
