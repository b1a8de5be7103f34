"""A bucket that isn't there is made: private, and with an end for forgotten multipart uploads."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from datadump.s3.bucket import Bucket, is_aws
from datadump.s3.errors import NotOfferedError, RefusedError, error_code

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import LifecycleRuleOutputTypeDef, LifecycleRuleTypeDef

DAYS_FOR_OPEN_UPLOADS = 7
NO_CONSTRAINT = "us-east-1"  # S3 refuses this region as a bucket's LocationConstraint


def make(bucket: Bucket) -> None:
    """Make the bucket, in the client's region, and able to lock objects where that is wanted.

    Raises StoreError, but not where it is ours already.

    Before anything is stored there it takes :func:`finish`.
    """
    region = bucket.client.meta.region_name
    lock: dict[str, Any] = {"ObjectLockEnabledForBucket": True} if bucket.objects.lock else {}
    with bucket.errors():
        try:
            if region == NO_CONSTRAINT:
                bucket.client.create_bucket(Bucket=bucket.name, **lock)
            else:
                bucket.client.create_bucket(
                    Bucket=bucket.name,
                    CreateBucketConfiguration={"LocationConstraint": region},
                    **lock,
                )
        except ClientError as error:
            if error_code(error) != "BucketAlreadyOwnedByYou":
                raise


def finish(bucket: Bucket) -> None:
    """Block public access to a bucket that was just made, and let open uploads expire there.

    One that has lifecycle rules was finished before, or is somebody's: it is left as it is. Raises
    StoreError.
    """
    rules = lifecycle_rules(bucket)
    if rules:
        return
    block_public_access(bucket)
    if rules is not None:
        expire_open_uploads(bucket)


def lifecycle_rules(bucket: Bucket) -> list[LifecycleRuleOutputTypeDef] | None:
    """The rules by which the store removes objects; None where it doesn't tell."""
    with suppress(NotOfferedError, RefusedError), bucket.errors():
        try:
            answer = bucket.client.get_bucket_lifecycle_configuration(Bucket=bucket.name)
        except ClientError as error:
            if error_code(error) == "NoSuchLifecycleConfiguration":
                return []
            raise
        return answer.get("Rules", [])
    return None


def block_public_access(bucket: Bucket) -> None:
    """No object of the bucket is ever public; only AWS must be able to do this."""
    try:
        with bucket.errors():
            bucket.client.put_public_access_block(
                Bucket=bucket.name,
                PublicAccessBlockConfiguration={
                    "BlockPublicAcls": True,
                    "IgnorePublicAcls": True,
                    "BlockPublicPolicy": True,
                    "RestrictPublicBuckets": True,
                },
            )
    except (NotOfferedError, RefusedError):  # rclone takes it for a request to make the bucket
        if is_aws(bucket.client):
            raise


def expire_open_uploads(bucket: Bucket) -> None:
    """The last net under uploads that nobody ends; without it, all the rest holds as well."""
    rule: LifecycleRuleTypeDef = {
        "ID": "open multipart uploads",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": DAYS_FOR_OPEN_UPLOADS},
    }
    with suppress(NotOfferedError, RefusedError), bucket.errors():
        bucket.client.put_bucket_lifecycle_configuration(
            Bucket=bucket.name, LifecycleConfiguration={"Rules": [rule]}
        )
