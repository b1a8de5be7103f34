"""The connection to an S3 store."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import boto3
import botocore.session
from botocore.config import Config
from botocore.configprovider import ConstantProvider
from botocore.exceptions import BotoCoreError

from datadump.s3.bucket import Bucket
from datadump.s3.errors import StoreError, judge, store_errors
from datadump.settings.connection import aws_files
from datadump.settings.environment import SettingsError
from datadump.settings.store import StoreAccess

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


class Patience(NamedTuple):
    """How long a store is waited for: seconds for a connection and for an answer, and tries."""

    connection: int
    answer: int
    tries: int


# Without these limits a silent network would hold the lock on the folder for ever.
PATIENT = Patience(connection=20, answer=60, tries=5)
HASTY = Patience(connection=5, answer=10, tries=2)  # where something else waits


def connect(access: StoreAccess, patience: Patience = PATIENT) -> Bucket:
    """The bucket of that access, whether or not there is one yet. Sends nothing to the store.

    Raises SettingsError for what boto3 refuses, and StoreError where it finds no keys.
    """
    url = f"s3://{access.bucket}"
    with settings_errors(url):
        session = session_for(access)
    with store_errors(url):
        if not access.credentials and session.get_credentials() is None:
            raise StoreError(f"boto3 finds no keys: {where_they_may_be()} ({url})")
    with settings_errors(url):
        client = client_of(session, access, patience)
    bucket = Bucket(client, access.bucket, access.objects)
    bucket.is_mirror = access.is_mirror
    return bucket


@contextmanager
def settings_errors(url: str) -> Iterator[None]:
    """Turn what boto3 raises before it has asked anybody into SettingsError, with the bucket."""
    try:
        yield
    except (BotoCoreError, ValueError) as error:
        raise SettingsError(f"boto3 refuses its settings: {error} ({url})") from error


def session_for(access: StoreAccess) -> boto3.Session:
    """boto3's settings; raises BotoCoreError for files and profiles that make no sense."""
    session = botocore.session.Session()
    if access.credentials:
        # A profile is for its keys. Beside others it may not even be there, which is an error.
        none = ConstantProvider(None)
        session.get_component("config_store").set_config_provider("profile", none)
    return boto3.Session(botocore_session=session)


def client_of(session: boto3.Session, access: StoreAccess, patience: Patience) -> S3Client:
    """boto3's client; raises BotoCoreError or ValueError for settings that make no sense."""
    keys = access.credentials
    style = access.addressing_style
    if style == "auto" and access.endpoint_url:
        style = "path"  # only AWS is sure to have a host name for each bucket
    client: S3Client = session.client(
        "s3",
        region_name=access.region,
        endpoint_url=access.endpoint_url,
        aws_access_key_id=keys.access_key_id if keys else None,
        aws_secret_access_key=keys.secret_access_key if keys else None,
        aws_session_token=(keys.session_token or None) if keys else None,
        config=Config(
            connect_timeout=patience.connection,
            read_timeout=patience.answer,
            retries={"mode": "standard", "total_max_attempts": patience.tries},
            ignore_configured_endpoint_urls=access.is_mirror or None,
            s3={"addressing_style": style},
        ),
    )
    client.meta.events.register("response-received.s3", judge)
    return client


def where_they_may_be() -> str:
    """What there is to say of keys that boto3 didn't find: the files that this user can't read."""
    hidden = [path for path in aws_files(os.environ) if is_hidden(path)]
    if hidden:
        return f"user id {os.geteuid()} can't read {' or '.join(hidden)}: let that user read it"
    return "neither in the environment nor in ~/.aws, nor has this machine a role"


def is_hidden(path: str) -> bool:
    """Whether there is such a file, or may be one, that this user can't read."""
    try:
        os.stat(path)
    except PermissionError:
        return True
    except OSError:
        return False
    return not os.access(path, os.R_OK)
