"""Which key a dump gets: the number after its day's highest, in a bucket that is made for it."""

from __future__ import annotations

from collections.abc import Callable, Container

from datadump.dumps.taken import Destination
from datadump.s3.bucket import Bucket
from datadump.s3.errors import RefusedError, StoreError
from datadump.s3.keys import day_folder, first_free, next_key, number_of, numbered_key
from datadump.s3.listing import Listing
from datadump.s3.making import finish, make
from datadump.upload.in_hand import DumpInHand


class Numbering:
    """Gives dumps their keys in the bucket, below the prefix. Raises StoreError and OSError.

    ``prefix`` is empty or ends in a slash. ``today`` tells the day that keys have, ``2026-11-23``:
    it is asked for each key, since midnight may pass meanwhile.
    """

    def __init__(self, bucket: Bucket, prefix: str, today: Callable[[], str]) -> None:
        self._bucket, self._prefix, self._today = bucket, prefix, today

    def note_next_key(self, dump: DumpInHand, taken: str = "") -> None:
        """Choose the number after the day's highest, and note that key for the dump.

        Before a bucket is made, a note says so, and whoever finds it goes on with what a new bucket
        lacks. ``taken`` is a key that was found taken, which a listing that lags doesn't know yet.
        """
        in_the_making = Destination(self._bucket.name, dump.noted.finished_name)
        folder = day_folder(self._prefix, self._today())
        keys = Listing(self._bucket).keys_if_there(folder)
        if keys is None:
            dump.note(in_the_making)
            self._make_bucket(dump)
        if dump.noted.destination == in_the_making:
            finish(self._bucket)
        dump.note(Destination(self._bucket.name, self._next_key(dump, folder, keys or [], taken)))

    def _next_key(self, dump: DumpInHand, folder: str, listed: list[str], taken: str) -> str:
        others = keys_of_others(dump)
        key = next_key([*listed, *others, taken], folder, dump.noted.finished_name)
        if not taken.startswith(folder) or taken in listed:
            return key
        self._bucket.notices.warn(
            f"warning: the store's listing lacks {taken}, which is there: which key is free is "
            f"asked of each ({self._bucket.url(folder)})"
        )
        return self._free_key(dump, number_of(key, folder), folder, others)

    def _free_key(self, dump: DumpInHand, number: int, folder: str, others: Container[str]) -> str:
        """The first free key from that number on, whatever the listing says."""

        def key_of(number: int) -> str:
            return numbered_key(folder, number, dump.noted.finished_name)

        def is_taken(number: int) -> bool:
            return key_of(number) in others or self._bucket.head(key_of(number)) is not None

        free = first_free(number, is_taken)
        if free is None:
            raise StoreError(
                f"the store says of every key that it is taken ({self._bucket.url(folder)})"
            )
        return key_of(free)

    def _make_bucket(self, dump: DumpInHand) -> None:
        try:
            make(self._bucket)
        except RefusedError:
            dump.note(None)
            raise


def keys_of_others(dump: DumpInHand) -> list[str]:
    """What its folder's other dumps are noted for: their numbers are taken, arrived or not."""
    taken = [pending.taken for pending in dump.folder.pending() if pending.taken]
    return [
        other.destination.key
        for other in taken
        if other.destination and other.dump_id != dump.noted.dump_id
    ]
