"""Settings of the objects that are made: their storage class, the store's encryption, a lock."""

# Annotations are not postponed here: NamedTuple would compile each of them, at every idle tick.

from collections.abc import Mapping
from typing import NamedTuple

from datadump.settings.environment import SettingsError, is_token

ENCRYPTIONS = ("AES256", "aws:kms")
LOCKS = ("GOVERNANCE", "COMPLIANCE")
MOST_DAYS = 36_500  # a hundred years: S3's own limit


class ObjectSettings(NamedTuple):
    """How a store is to keep what is uploaded; '' and 0 for its own ways.

    ``lock``: GOVERNANCE or COMPLIANCE, for so many days from the upload on.
    """

    storage_class: str = ""
    encryption: str = ""
    kms_key_id: str = ""
    lock: str = ""
    lock_days: int = 0


DEFAULTS = ObjectSettings()


def read_object_settings(environment: Mapping[str, str]) -> ObjectSettings:
    """What S3_STORAGE_CLASS and the others say. Raises SettingsError."""
    settings = ObjectSettings(
        storage_class=word(environment, "S3_STORAGE_CLASS"),
        encryption=one_of(environment, "S3_SSE", ENCRYPTIONS),
        kms_key_id=word(environment, "S3_SSE_KMS_KEY_ID"),
        lock=one_of(environment, "S3_OBJECT_LOCK", LOCKS),
        lock_days=days(environment),
    )
    if settings.kms_key_id and settings.encryption != "aws:kms":
        raise SettingsError("S3_SSE_KMS_KEY_ID: it goes with S3_SSE=aws:kms")
    if bool(settings.lock) != bool(settings.lock_days):
        raise SettingsError("S3_OBJECT_LOCK: it goes with S3_OBJECT_LOCK_DAYS, and that with it")
    return settings


def word(environment: Mapping[str, str], name: str) -> str:
    """The setting, which is one word, or ''."""
    value = environment.get(name) or ""
    if not is_token(value):
        raise SettingsError(f"{name}: {value!r} is not one word")
    return value


def one_of(environment: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    """The setting, which is one of these, or ''."""
    value = environment.get(name) or ""
    if value and value not in choices:
        raise SettingsError(f"{name}: {value!r} is none of {', '.join(choices)}")
    return value


def days(environment: Mapping[str, str]) -> int:
    """The days of S3_OBJECT_LOCK_DAYS; 0 where it isn't set."""
    value = environment.get("S3_OBJECT_LOCK_DAYS") or ""
    if not value:
        return 0
    if not (value.isascii() and value.isdigit() and 0 < int(value) <= MOST_DAYS):
        raise SettingsError(
            f"S3_OBJECT_LOCK_DAYS: {value!r} is not a number of days from 1 to {MOST_DAYS}"
        )
    return int(value)
