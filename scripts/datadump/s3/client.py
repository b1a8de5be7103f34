"""The connection to an S3 store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from datadump.s3.errors import store_errors
from datadump.settings.settings import Settings

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


def connect(settings: Settings) -> S3Client:
    """A client for the store. Sends nothing yet. Raises StoreError for a setting boto3 refuses."""
    keys = settings.credentials
    with store_errors(f"s3://{settings.bucket}"):
        client: S3Client = boto3.client(
            "s3",
            region_name=settings.region,
            endpoint_url=settings.endpoint_url,
            aws_access_key_id=keys.access_key_id if keys else None,
            aws_secret_access_key=keys.secret_access_key if keys else None,
            config=Config(
                # Without them a silent network would hold the lock on the folder for ever.
                connect_timeout=20,
                read_timeout=60,
                retries={"mode": "standard", "total_max_attempts": 5},
                # Only AWS is sure to have a host name for each bucket.
                s3={"addressing_style": "path" if settings.endpoint_url else "auto"},
            ),
        )
    return client


def is_aws(client: S3Client) -> bool:
    """Whether the client's store is Amazon's own."""
    return str(client.meta.endpoint_url).endswith((".amazonaws.com", ".amazonaws.com.cn"))


def wanted_checksums(client: S3Client, **parameters: str) -> dict[str, Any]:
    """These parameters of a request, unless boto3's own setting leaves checksums out.

    Some stores refuse the checksums that came with 2025's SDKs; the setting for them is
    AWS_REQUEST_CHECKSUM_CALCULATION=when_required.
    """
    supported = client.meta.config.request_checksum_calculation == "when_supported"
    return parameters if supported else {}
