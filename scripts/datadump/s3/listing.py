"""The keys of a bucket, as its store lists them, which is not always as they are.

Those of a moment in the past, too: where the bucket keeps versions, what was removed or overwritten
since is there still, behind what is shown.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from datadump.s3.bucket import Bucket
from datadump.s3.errors import BucketAbsentError, FlawedListingError, foreign_answer
from datadump.s3.metadata import bare_etag, plausible

Page = Mapping[str, Any]  # boto3's answer to ListObjectsV2, or to ListObjectVersions
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
        return [item["Key"] for item in self._items(folder, Delimiter="/")]

    def folders_in(self, folder: str) -> list[str]:
        """The names right below the folder, which ends in a slash, that have something below.

        Raises FlawedListingError where the store doesn't tell all.
        """
        pages = self._pages(folder, Delimiter="/")
        found = [name for page in pages for name in folders_of(page)]
        return [name.removeprefix(folder).rstrip("/") for name in found]

    def stored(self, prefix: str, after: str = "") -> Iterator[Stored]:
        """What is stored under keys that start so and come after that one, as the store tells it.

        Raises FlawedListingError where the store doesn't tell all.
        """
        for item in self._items(prefix, **({"StartAfter": after} if after else {})):
            etag = bare_etag(item.get("ETag", ""))
            yield Stored(item["Key"], plausible(item.get("Size", 0)), etag)

    def version_of(self, key: str) -> str | None:
        """The id of the version that the object had at the bucket's moment; None for no object.

        Raises FlawedListingError where the store doesn't tell all.
        """
        found = (item["VersionId"] for item in self._items(key) if item["Key"] == key)
        return next(found, None)

    def _items(self, prefix: str, **options: str) -> Iterable[Mapping[str, Any]]:
        """What is told of each object, now or as of the bucket's moment."""
        pages, moment = self._pages(prefix, **options), self._bucket.as_of
        return then_there(pages, moment) if moment else chain.from_iterable(map(items_of, pages))

    def _pages(self, prefix: str, **options: str) -> Iterator[Page]:
        url = self._bucket.url(prefix)
        operation: Any = "list_object_versions" if self._bucket.as_of else "list_objects_v2"
        with self._bucket.errors():
            for page in self._bucket.client.get_paginator(operation).paginate(
                Bucket=self._bucket.name, Prefix=prefix, **options
            ):
                check_names(page, prefix, url)
                yield page
                check_end(page, url)


class PastBucket(Bucket):
    """A bucket as it was at a moment, for reading. Every method raises StoreError.

    A bucket that keeps no versions has of then what was not overwritten or removed since.
    """

    def __init__(self, bucket: Bucket, as_of: datetime) -> None:
        super().__init__(bucket.client, bucket.name, bucket.objects)
        self.as_of, self.is_mirror = as_of, bucket.is_mirror
        self._version_of = cache(Listing(self).version_of)

    def at(self, key: str) -> dict[str, Any]:
        """See there; raises the store's error for a key that has no object where there was none."""
        if version := self._version_of(key):
            return super().at(key) | {"VersionId": version}
        absent = {"Code": "NoSuchKey", "Message": f"there was none at {self.as_of}"}
        raise ClientError(
            {"Error": absent, "ResponseMetadata": {"HTTPStatusCode": 404}},
            "GetObject",
        )


def then_there(pages: Iterable[Page], moment: datetime) -> list[Mapping[str, Any]]:
    """The version of each object that was the current one then, of pages of ListObjectVersions.

    They tell the newest first, and a removal, which is a version without a size, apart.
    """
    items = chain.from_iterable(map(items_of, pages))
    told = [item for item in items if item["LastModified"] <= moment]
    oldest_first = told[::-1]
    oldest_first.sort(key=lambda item: item["LastModified"])  # seconds, and many fit into one
    current = {item["Key"]: item for item in oldest_first}
    return [current[key] for key in sorted(current) if "Size" in current[key]]


def items_of(page: Page) -> list[Mapping[str, Any]]:
    """What a page of a listing tells of each object, and of each version."""
    kinds = ("Contents", "DeleteMarkers", "Versions")
    return [item for kind in kinds for item in page.get(kind, []) if "Key" in item]


def keys_of(page: Page) -> list[str]:
    """The keys on a page of a listing."""
    return [item["Key"] for item in items_of(page)]


def folders_of(page: Page) -> list[str]:
    """What a page of a listing tells only the beginning of: keys up to the next slash."""
    return [item["Prefix"] for item in page.get("CommonPrefixes", []) if "Prefix" in item]


def check_names(page: Page, prefix: str, url: str) -> None:
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


def check_end(page: Page, url: str) -> None:
    """Raises FlawedListingError where there is more after this page, and no way to ask for it."""
    is_told = page.get("NextContinuationToken") or page.get("NextKeyMarker")
    if page.get("IsTruncated") and not is_told:
        raise FlawedListingError(
            f"the store's listing is cut: there is more, and it doesn't say how to ask for that "
            f"({url})"
        )
