"""The connection to an S3 store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from datadump.s3.bucket import Bucket
from datadump.s3.errors import store_errors
from datadump.settings.store import StoreAccess

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


def connect(access: StoreAccess) -> Bucket:
    """The bucket of that access, whether or not there is one yet. Sends nothing.

    Raises StoreError for a setting that boto3 refuses.
    """
    keys = access.credentials
    with store_errors(f"s3://{access.bucket}"):
        client: S3Client = boto3.client(
            "s3",
            region_name=access.region,
            endpoint_url=access.endpoint_url,
            aws_access_key_id=keys.access_key_id if keys else None,
            aws_secret_access_key=keys.secret_access_key if keys else None,
            config=Config(
                # Without them a silent network would hold the lock on the folder for ever.
                connect_timeout=20,
                read_timeout=60,
                retries={"mode": "standard", "total_max_attempts": 5},
                # Only AWS is sure to have a host name for each bucket.
                s3={"addressing_style": "path" if access.endpoint_url else "auto"},
            ),
        )
    return Bucket(client, access.bucket)
