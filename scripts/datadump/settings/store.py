"""Settings of the store: the account's keys, the bucket, and how it is reached."""

# Annotations are not postponed here: NamedTuple would compile each of them, at every idle tick.

import os
import stat
from collections.abc import Mapping
from typing import NamedTuple

from datadump.ground.names import LONGEST_BUCKET
from datadump.ground.owner import read_as_owner
from datadump.settings.connection import (
    CHOICES,
    check_authorities,
    check_endpoint,
    check_profile,
    check_proxy,
    check_region,
    choice,
)
from datadump.settings.environment import ALNUM, SettingsError, is_token, unreadable
from datadump.settings.objects import DEFAULTS, ObjectSettings

SHORTEST_BUCKET = 3  # characters, by S3's rule
LONGEST_WORD = 30  # of letters and digits only; AWS's secret access keys have 40
S3_ALNUM = set("abcdefghijklmnopqrstuvwxyz0123456789")


class Credentials(NamedTuple):
    """The account's keys; never shown."""

    access_key_id: str
    secret_access_key: str
    session_token: str = ""  # of temporary keys

    def __repr__(self) -> str:
        return "Credentials(...)"


class StoreAccess(NamedTuple):
    """Whom to ask for which bucket, and as whom.

    ``credentials`` is None where boto3's own chain is to find the keys, ``endpoint_url`` where the
    store is AWS. ``addressing_style``: ``path``, ``virtual``, or ``auto``, the one of the store.
    ``objects``: of those that are uploaded. ``is_mirror``: its settings are the mirror's, and
    boto3's own don't lead elsewhere.
    """

    credentials: Credentials | None
    bucket: str
    endpoint_url: str | None
    region: str
    addressing_style: str
    objects: ObjectSettings = DEFAULTS
    is_mirror: bool = False


def read_store(environment: Mapping[str, str]) -> StoreAccess:
    """The access that CREDENTIALS_FILE and the settings beside it say; raises SettingsError.

    A variable that is empty counts as unset.
    """
    endpoint = check_endpoint("AWS_ENDPOINT_URL_S3", environment.get("AWS_ENDPOINT_URL_S3", ""))
    check_endpoint("AWS_ENDPOINT_URL", environment.get("AWS_ENDPOINT_URL", ""))
    check_proxy(environment, endpoint)
    credentials, bucket = read_credentials(
        environment.get("CREDENTIALS_FILE") or "/credentials.txt",
        environment.get("S3_BUCKET") or "",
        at_aws=endpoint is None,
    )
    if credentials:
        token = session_token(environment, credentials.access_key_id)
        credentials = credentials._replace(session_token=token)
    choices = {name: choice(environment, name) for name in CHOICES}
    access = StoreAccess(
        credentials=credentials,
        bucket=bucket,
        endpoint_url=endpoint,
        region=check_region("AWS_DEFAULT_REGION", environment),
        addressing_style=choices["S3_ADDRESSING_STYLE"],
    )
    check_files(environment, access)
    return access


def check_files(environment: Mapping[str, str], access: StoreAccess) -> None:
    """Raises SettingsError where this user can't read the files that boto3 is to read itself."""
    check_authorities(environment)
    if access.credentials is None:
        check_profile(environment)


def session_token(environment: Mapping[str, str], access_key_id: str) -> str:
    """The token of temporary keys that goes with this key; '' for none. Raises SettingsError.

    One that stands in the environment beside another key belongs to that.
    """
    token = environment.get("AWS_SESSION_TOKEN", "")
    if (environment.get("AWS_ACCESS_KEY_ID") or access_key_id) != access_key_id:
        return ""
    if not is_token(token):
        raise SettingsError("AWS_SESSION_TOKEN: it is no token, which is one word in one line")
    return token


def read_credentials(
    path: str, bucket_setting: str, *, at_aws: bool
) -> tuple[Credentials | None, str]:
    """The keys and the bucket from a file of three lines, or the bucket alone for ``/dev/null``.

    Raises SettingsError, whose text never holds a line of the file.
    """
    content = read_file("CREDENTIALS_FILE", path)
    if content is None:
        if not bucket_setting:
            raise SettingsError("S3_BUCKET: with CREDENTIALS_FILE=/dev/null it names the bucket")
        return None, check_bucket(bucket_setting, "S3_BUCKET", at_aws=at_aws)
    return parse_credentials("CREDENTIALS_FILE", path, content, at_aws=at_aws)


def parse_credentials(
    name: str, path: str, content: bytes, *, at_aws: bool
) -> tuple[Credentials, str]:
    """The keys and the bucket in the file that the setting of that name leads to.

    Raises SettingsError, whose text never holds a line of the file.
    """
    lines = lines_of(name, path, content)
    try:
        access_key_id, secret_access_key, bucket = lines
    except ValueError:
        raise SettingsError(
            f"{name}: {path!r} has {len(lines)} lines instead of three: "
            "access key id, secret access key, bucket"
        ) from None
    for place, key in (("first", access_key_id), ("second", secret_access_key)):
        if not is_token(key):
            raise SettingsError(f"{name}: the {place} line of {path!r} is no access key")
    bucket = check_bucket(bucket, f"{name}: the third line of {path!r}", at_aws=at_aws)
    return Credentials(access_key_id, secret_access_key), bucket


def lines_of(name: str, path: str, content: bytes) -> list[str]:
    """The lines of a credentials file that aren't blank; raises SettingsError for no text.

    Line ends of any system, blanks and a byte order mark around the lines are forgiven.
    """
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise SettingsError(f"{name}: {path!r} is not a text file") from None
    return list(filter(None, (line.strip("\ufeff \t") for line in text.splitlines())))


def check_bucket(name: str, source: str, *, at_aws: bool) -> str:
    """The bucket's name; raises SettingsError, which names the source, for what can't be one.

    What can't is not shown: it may be a secret on the wrong line.
    """
    if not is_s3_bucket(name) and (at_aws or not is_odd_bucket(name)):
        rule = "3 to 63 of a-z, 0-9, dot and hyphen"
        others = "" if at_aws else "; other stores than AWS: 1 to 63, A-Z and underscore as well"
        raise SettingsError(f"{source}: no bucket's name ({rule}{others})")
    return name


def is_s3_bucket(name: str) -> bool:
    """Whether S3 allows a bucket of that name."""
    fits = SHORTEST_BUCKET <= len(name) <= LONGEST_BUCKET and set(name) <= S3_ALNUM | set(".-")
    return fits and {name[0], name[-1]} <= S3_ALNUM and ".." not in name


def is_odd_bucket(name: str) -> bool:
    """Whether a store of one's own may have a bucket of that name, which boto3 takes.

    Not for so many letters and digits in a row that they are rather a secret access key.
    """
    fits = 0 < len(name) <= LONGEST_BUCKET and set(name) <= ALNUM | set("._-")
    return fits and name[0] in ALNUM and (len(name) <= LONGEST_WORD or not name.isalnum())


def read_file(name: str, path: str) -> bytes | None:
    """The credentials file's bytes, or None for the null device. Raises SettingsError."""
    try:
        status = os.stat(path)
        if stat.S_ISCHR(status.st_mode) and status.st_rdev == os.stat(os.devnull).st_rdev:
            return None
        if not stat.S_ISREG(status.st_mode):
            raise SettingsError(f"{name}: {path!r} is not a file")
        return read_as_owner(path)
    except PermissionError as error:
        raise unreadable(name, path) from error
    except OSError as error:
        raise SettingsError(f"{name}: {path!r}: {error.strerror}") from error
