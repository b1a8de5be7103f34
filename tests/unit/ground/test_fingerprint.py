"""Rules of checksums and part sizes."""

import hashlib
import io

import pytest
from datadump.ground.fingerprint import Fingerprint, fingerprint_of
from datadump.ground.terminal import MEBIBYTE
from datadump.s3.multipart import MOST_PARTS, SMALLEST_PART, part_size

GIBIBYTE = 1024**3


def test_contents_are_size_and_both_checksums() -> None:
    """CRC-32 of 123456789 is the check value of its catalogue entry, cbf43926."""
    digest = hashlib.sha256(b"123456789").hexdigest()
    assert fingerprint_of(io.BytesIO(b"123456789")) == Fingerprint(9, digest, "y/Q5Jg==")


@pytest.mark.parametrize("size", [0, 1, SMALLEST_PART * MOST_PARTS, 100 * GIBIBYTE, 5 * 10**12])
def test_a_thousand_parts_hold_any_object_up_to_5_tb(size: int) -> None:
    """Of a size between S3's limits of 5 MiB and 5 GiB, in whole mebibytes."""
    length = part_size(size)
    assert length * MOST_PARTS >= size
    assert SMALLEST_PART <= length <= 5 * GIBIBYTE
    assert length % MEBIBYTE == 0


def test_parts_stay_within_the_limit_of_s3_where_a_thousand_do_not_suffice() -> None:
    """S3 takes 10,000 parts of 5 GiB: enough for its 5 TiB."""
    assert part_size(5 * 1024 * GIBIBYTE) == 5 * GIBIBYTE
