"""Which key a dump gets: the number after its day's highest, in a bucket that is made for it."""

from __future__ import annotations

from collections.abc import Callable

from datadump.dumps.taken import Destination
from datadump.s3.bucket import Bucket
from datadump.s3.errors import RefusedError
from datadump.s3.keys import day_folder, next_key
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
        keys = self._bucket.keys_if_there(folder)
        if keys is None:
            dump.note(in_the_making)
            self._make_bucket(dump)
        if dump.noted.destination == in_the_making:
            finish(self._bucket)
        keys = [*(keys or []), *keys_of_others(dump), taken]
        key = next_key(keys, folder, dump.noted.finished_name)
        dump.note(Destination(self._bucket.name, key))

    def _make_bucket(self, dump: DumpInHand) -> None:
        try:
            make(self._bucket)
        except RefusedError:
            dump.note(None)
            raise


def keys_of_others(dump: DumpInHand) -> list[str]:
    """What its folder's other dumps are noted for: their numbers are taken, arrived or not."""
    return [
        other.destination.key
        for other in dump.folder.pending().taken
        if other.destination and other.dump_id != dump.noted.dump_id
    ]
