"""The keys of a bucket, as its store lists them, which is not always as they are."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from datadump.s3.bucket import Bucket
from datadump.s3.errors import BucketAbsentError, FlawedListingError, foreign_answer
from datadump.s3.metadata import bare_etag

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import ListObjectsV2OutputTypeDef

PAUSE_AFTER_A_SLIP = 0.5  # seconds


class Stored(NamedTuple):
    """An object as a listing tells of it."""

    key: str
    size: int  # bytes; 0 where the store tells none
    etag: str  # without quotes; '' where the store tells none


class Listing:
    """What the store lists of a bucket, with a request for each 1,000 keys.

    Every method raises StoreError, for an answer that is no listing, too.
    """

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def keys_if_there(self, prefix: str) -> list[str] | None:
        """The keys that start so; None where the store says twice that there is no bucket.

        Said once it may be a slip, and what follows from it is not to be undone. A warning tells
        where the listing has a flaw, and keys are missing.
        """
        for pause in (PAUSE_AFTER_A_SLIP, 0):
            try:
                return self._keys_as_told(prefix)
            except BucketAbsentError:
                time.sleep(pause)
        return None

    def _keys_as_told(self, prefix: str) -> list[str]:
        found = []
        try:
            for page in self._pages(prefix):
                found += keys_of(page)
        except FlawedListingError as flaw:
            self._bucket.notices.warn(f"warning: {flaw}")
        return found

    def keys_in(self, folder: str) -> list[str]:
        """The keys right below the folder, which ends in a slash, and not those that are deeper.

        Raises FlawedListingError where the store doesn't tell all.
        """
        return [key for page in self._pages(folder, Delimiter="/") for key in keys_of(page)]

    def folders_in(self, folder: str) -> list[str]:
        """The names right below the folder, which ends in a slash, that have something below.

        Raises FlawedListingError where the store doesn't tell all.
        """
        pages = self._pages(folder, Delimiter="/")
        found = [name for page in pages for name in folders_of(page)]
        return [name.removeprefix(folder).rstrip("/") for name in found]

    def stored_after(self, prefix: str, start: str) -> list[Stored]:
        """What is stored under keys that start so and come after ``start`` in their order.

        Raises FlawedListingError where the store doesn't tell all.
        """
        pages = self._pages(prefix, StartAfter=start)
        items = [item for page in pages for item in page.get("Contents", []) if "Key" in item]
        return [
            Stored(item["Key"], item.get("Size", 0), bare_etag(item.get("ETag", "")))
            for item in items
        ]

    def _pages(self, prefix: str, **options: str) -> Iterator[ListObjectsV2OutputTypeDef]:
        url = self._bucket.url(prefix)
        with self._bucket.errors():
            for page in self._bucket.client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket.name,
                Prefix=prefix,
                **options,  # type: ignore[arg-type]
            ):
                check_names(page, prefix, url)
                yield page
                check_end(page, url)


def keys_of(page: ListObjectsV2OutputTypeDef) -> list[str]:
    """The keys on a page of a listing."""
    return [item["Key"] for item in page.get("Contents", []) if "Key" in item]


def folders_of(page: ListObjectsV2OutputTypeDef) -> list[str]:
    """What a page of a listing tells only the beginning of: keys up to the next slash."""
    return [item["Prefix"] for item in page.get("CommonPrefixes", []) if "Prefix" in item]


def check_names(page: ListObjectsV2OutputTypeDef, prefix: str, url: str) -> None:
    """Raises ClientError for an answer that is no listing.

    And FlawedListingError for one that isn't of what starts with the prefix.
    """
    if not page.keys() - {"ResponseMetadata"}:  # all that boto3 finds in somebody's page
        raise foreign_answer("ListObjectsV2", page["ResponseMetadata"])
    for name in keys_of(page) + folders_of(page):
        if not name.startswith(prefix):
            raise FlawedListingError(
                f"the store's listing has {name!r} where only {prefix!r} was asked for: it encodes "
                f"keys otherwise than it says; take an S3_PREFIX of plain letters ({url})"
            )


def check_end(page: ListObjectsV2OutputTypeDef, url: str) -> None:
    """Raises FlawedListingError where there is more after this page, and no way to ask for it."""
    if page.get("IsTruncated") and not page.get("NextContinuationToken"):
        raise FlawedListingError(
            f"the store's listing is cut: there is more, and it doesn't say how to ask for that "
            f"({url})"
        )
