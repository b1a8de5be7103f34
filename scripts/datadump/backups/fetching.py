"""The bytes of an object in the bucket, asked for again where an answer was cut.

Raises StoreError.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from datadump.backups.catalogue import Backup
from datadump.ground.retry import pause_after
from datadump.s3.bucket import Bucket
from datadump.s3.errors import KeyTakenError, NotOfferedError, RefusedError, StoreError

MOST_TRIES = 10  # without a single byte


class DamagedError(StoreError):
    """The object in the bucket is not what was uploaded."""

    def __init__(self, url: str) -> None:
        super().__init__(
            f"the object in the bucket is not what was uploaded: {url} "
            "has other bytes than the sha256 of its metadata says"
        )


def fetch(
    bucket: Bucket, backup: Backup, start: int, end: int, pause: Callable[[float], object]
) -> Iterator[tuple[int, bytes]]:
    """The bytes from ``start`` to ``end``, in pieces as they come, each with its place.

    Asked for as often as it takes, from where the answer was cut; all of them again, where what
    came isn't what its checksum says. ``pause`` waits for so many seconds, or says that it is over.
    """
    at = furthest = start
    tries = 0
    while True:
        try:
            for chunk in bucket.read_range(backup.key, backup.etag, at, end - at):
                yield at, chunk
                at += len(chunk)
            break
        except KeyTakenError as error:
            url = bucket.url(backup.key)
            raise StoreError(f"{url} changed as it was fetched: try again") from error
        except (RefusedError, NotOfferedError):
            raise
        except StoreError as error:
            tries = 0 if at > furthest else tries + 1
            if tries >= MOST_TRIES or pause(pause_after(tries)):
                raise StoreError(
                    f"no success in {tries} tries, another run goes on from here: {error}"
                ) from error
            furthest = max(at, furthest)
            at = start if at == end else at
