"""The uploader's settings, read from environment variables and the credentials file.

An idle tick reads them too, every minute: hence NamedTuple, which costs a third of dataclasses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from datadump.settings.environment import check_printable, check_time_zone, time_zone
from datadump.settings.store import (
    Credentials,
    check_endpoint,
    check_region,
    normal_prefix,
    read_credentials,
)


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
