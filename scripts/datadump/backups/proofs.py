"""What a drill leaves in the bucket about a backup: ``[PREFIX/]proofs/<rest of its key>.json``."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from datadump.s3.bucket import Bucket
from datadump.s3.errors import (
    ConflictError,
    KeyTakenError,
    MalformedError,
    NotOfferedError,
    RefusedError,
)
from datadump.s3.listing import Listing
from datadump.s3.metadata import LARGEST_NUMBER

PROOFS = "proofs"  # the folder
LARGEST = 1024 * 1024  # bytes; ours have a few hundred
LONGEST = 1024  # characters of a text in it; a longer reason is cut
MOST_NUMBERS = 100
MOST_SECONDS = 10 * 366 * 24 * 3600


class Proof(NamedTuple):
    """A drill's verdict on one object."""

    key: str
    dump_id: str  # '' where the object has none
    etag: str
    verified: bool
    reason: str  # why not; '' where it is
    at: str  # ISO 8601 with offset
    numbers: dict[str, int]  # what was compared, for a person
    seconds: dict[str, float]  # that each phase took; earlier proofs have none

    def speaks_for(self, dump_id: str, etag: str) -> bool:
        """Whether the drill was of the object that has this dump-id and this ETag.

        Not by the dump-id alone: somebody may have put other bytes there and kept the metadata.
        """
        return (self.dump_id, self.etag) == (dump_id, etag)

    def as_plain(self) -> dict[str, Any]:
        """The proof as JSON has it."""
        return {name.replace("_", "-"): value for name, value in self._asdict().items()}


def now() -> str:
    """The present moment, in ISO 8601 with offset."""
    return datetime.now().astimezone().isoformat(timespec="seconds")


class Proofs:
    """The proofs beside the backups of one prefix. All methods raise StoreError.

    ``prefix`` is empty or ends in a slash.
    """

    def __init__(self, bucket: Bucket, prefix: str) -> None:
        self._bucket, self._prefix = bucket, prefix

    def read(self, key: str) -> Proof | None:
        """The proof for the backup under that key, of this object or of one that was there before.

        None where there is none, or none that can be read.
        """
        return self._if_allowed(self.key_for(key))

    def newest(self) -> Proof | None:
        """The proof of the newest backup that has one which can be read."""
        listing, folder = Listing(self._bucket), f"{self._prefix}{PROOFS}/"
        for day in sorted(listing.folders_in(folder), reverse=True):
            keys = listing.keys_in(f"{folder}{day}/")
            for key in sorted(keys, key=lambda key: (len(key), key), reverse=True):
                if proof := self._if_allowed(key):
                    return proof
        return None

    def at(self, key: str) -> Proof | None:
        """The proof under that key of its own; None where it is no JSON of ours.

        AbsentError where there is none, and another RefusedError where it can't be read: it may say
        anything.
        """
        return parse(self._bucket.read(key, LARGEST))

    def write(self, proof: Proof) -> None:
        """Store it in place of an earlier one, whichever way that went."""
        self._bucket.write(self.key_for(proof.key), encode(proof))

    def remove(self, key: str) -> None:
        """Remove the proof for the backup under that key, if there is one."""
        self._bucket.remove(self.key_for(key))

    def writes_are_conditional(self, proof: Proof) -> bool:
        """Whether the store enforces ``If-None-Match: *``; StoreError where it can't be told.

        Tried with the very bytes of the proof that was just written, so that nothing is lost where
        the store ignores the condition.
        """
        try:
            self._bucket.write_where_free(self.key_for(proof.key), encode(proof))
        except (KeyTakenError, ConflictError):
            return True
        except (NotOfferedError, MalformedError):
            return False
        return False

    def _if_allowed(self, key: str) -> Proof | None:
        try:
            return self.at(key)
        except RefusedError:
            return None

    def key_for(self, key: str) -> str:
        """The key of the proof for the backup of that key, which may be outside of the prefix."""
        return f"{self._prefix}{PROOFS}/{key.removeprefix(self._prefix)}.json"


def encode(proof: Proof) -> bytes:
    """The JSON of a proof, which :func:`parse` reads."""
    return (json.dumps(proof.as_plain(), indent=2) + "\n").encode()


def parse(content: bytes) -> Proof | None:
    """The proof that these bytes of JSON are, or None where they are none of ours."""
    try:
        plain = json.loads(content)
        plain.setdefault("seconds", {})
        proof = Proof(*(plain[name.replace("_", "-")] for name in Proof._fields))
        datetime.fromisoformat(proof.at)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if not isinstance(proof.reason, str) or not isinstance(proof.verified, bool):
        return None
    proof = proof._replace(reason=proof.reason[:LONGEST])
    texts = (proof.key, proof.dump_id, proof.etag, proof.at)
    sound = (
        all(isinstance(text, str) and len(text) <= LONGEST for text in texts)
        and are_numbers(proof.numbers, {int}, LARGEST_NUMBER)
        and are_numbers(proof.seconds, {int, float}, MOST_SECONDS)
    )
    return proof if sound else None


def are_numbers(found: object, kinds: Collection[type], most: int) -> bool:
    """Whether that is a table of some numbers by their names, none of them negative or over that.

    NaN is no more than anything.
    """
    return (
        isinstance(found, dict)
        and len(found) <= MOST_NUMBERS
        and all(len(name) <= LONGEST for name in found)
        and all(type(number) in kinds and 0 <= number <= most for number in found.values())
    )
