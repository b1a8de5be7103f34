"""Settings of the mirror: the second place, which gets what the first one has."""

from __future__ import annotations

from collections.abc import Mapping

from datadump.settings.connection import check_endpoint, check_proxy, check_region
from datadump.settings.environment import SettingsError
from datadump.settings.objects import DEFAULTS, read_object_settings
from datadump.settings.store import StoreAccess, parse_credentials, read_file

KEYS = "MIRROR_CREDENTIALS_FILE"


def read_mirror(environment: Mapping[str, str], first: StoreAccess) -> StoreAccess | None:
    """The access to the mirror of that first place; None where none is set. Raises SettingsError.

    The lock is a promise about each backup, so it counts there, too. A class and the store's own
    encryption are of the first store.
    """
    path = environment.get(KEYS)
    if not path:
        return None
    endpoint = check_endpoint(
        "MIRROR_ENDPOINT_URL_S3", environment.get("MIRROR_ENDPOINT_URL_S3", "")
    )
    check_proxy(environment, endpoint)
    content = read_file(KEYS, path) or b""
    credentials, bucket = parse_credentials(KEYS, path, content, at_aws=endpoint is None)
    if (bucket, place_of(endpoint)) == (first.bucket, place_of(first.endpoint_url)):
        raise SettingsError(f"{KEYS}: it names the bucket that is to be mirrored: take another")
    objects = read_object_settings(environment)
    return StoreAccess(
        credentials=credentials,
        bucket=bucket,
        endpoint_url=endpoint,
        region=check_region("MIRROR_REGION", environment),
        addressing_style="auto",
        objects=DEFAULTS._replace(lock=objects.lock, lock_days=objects.lock_days),
        is_mirror=True,
    )


def require_mirror(environment: Mapping[str, str], first: StoreAccess) -> StoreAccess:
    """The same; raises SettingsError where none is set, too."""
    mirror = read_mirror(environment, first)
    if mirror is None:
        raise SettingsError(f"{KEYS}: it isn't set, so there is no mirror")
    return mirror


def place_of(endpoint: str | None) -> str:
    """What tells a store's URL from another's."""
    return (endpoint or "").lower().rstrip("/")
