"""Multipart uploads at a key that are this dump's: they go on after a cut, and are ended."""

from __future__ import annotations

import hashlib

from datadump.ground.fingerprint import Fingerprint
from datadump.s3.bucket import Bucket
from datadump.s3.errors import DeniedError, NotOfferedError
from datadump.s3.metadata import Metadata
from datadump.s3.multipart import LARGEST_PUT, MultipartUploads, OpenUpload, slices
from datadump.upload.in_hand import DumpInHand


def mark_of(upload_id: str, fingerprint: Fingerprint) -> int:
    """What knows a multipart upload of these very bytes again: 32 bits, never 0."""
    digest = hashlib.sha256(f"{upload_id} {fingerprint.sha256}".encode()).digest()
    return int.from_bytes(digest[:4], "big") or 1


class OwnUploads:
    """A dump's multipart uploads at the key that it is noted for. Raises StoreError and OSError."""

    def __init__(self, bucket: Bucket, dump: DumpInHand) -> None:
        self._bucket, self._dump = bucket, dump

    def send(self, fingerprint: Fingerprint, metadata: Metadata) -> None:
        """Store the dump in parts, by the upload of an earlier try if the store still has it."""
        noted = self._noted(fingerprint)
        upload_id = noted or self._open(fingerprint, metadata)
        parts = slices(self._dump.path, fingerprint.size)
        self._at_key.send(upload_id, parts, fingerprint.size, resumed=noted is not None)

    def abort(self, fingerprint: Fingerprint) -> None:
        """End what is open at the key and this dump's: noted, or begun there since the note.

        The latter by requests whose answers were lost. Older ones may be another uploader's. Where
        the account may not do this, the rule that a new bucket gets ends them.
        """
        if fingerprint.size <= LARGEST_PUT:
            return
        for upload in self._list_open():
            noted = mark_of(upload.upload_id, fingerprint) == self._dump.noted.upload_mark
            if noted or upload.initiated >= self._dump.noted.noted_at:
                try:
                    self._at_key.abort(upload.upload_id)
                except (DeniedError, NotOfferedError) as error:
                    self._bucket.notices.warn(f"a multipart upload may stay open: {error}")

    @property
    def _at_key(self) -> MultipartUploads:
        return MultipartUploads(self._bucket, self._dump.key)

    def _noted(self, fingerprint: Fingerprint) -> str | None:
        """The id of the upload whose mark is noted; None where the store hasn't that any more."""
        if not self._dump.noted.upload_mark:
            return None
        for upload in self._list_open():
            if mark_of(upload.upload_id, fingerprint) == self._dump.noted.upload_mark:
                return upload.upload_id
        return None

    def _list_open(self) -> list[OpenUpload]:
        """Anybody's at the key; none where the account may not ask, or the store doesn't tell."""
        try:
            return self._at_key.list_open()
        except (DeniedError, NotOfferedError) as error:
            self._bucket.notices.warn(f"multipart uploads may stay open: {error}")
            return []

    def _open(self, fingerprint: Fingerprint, metadata: Metadata) -> str:
        upload_id = self._at_key.open(metadata)
        self._dump.note_upload(mark_of(upload_id, fingerprint))
        return upload_id
