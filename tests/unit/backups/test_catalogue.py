"""How the answers of a store are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest
from datadump.backups.catalogue import Backup, backup_of
from datadump.ground.terminal import human_size

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import HeadObjectOutputTypeDef


def test_metadata_counts_in_any_case() -> None:
    """Some gateways rewrite names; ETags come with and without quotes."""
    head = {
        "ContentLength": 7,
        "ETag": '"e"',
        "Metadata": {"Dump-Id": "d", "SHA256": "s", "Dumped-At": "t", "Database": "na%C3%AFve%25"},
    }
    backup = Backup("k", 7, "e", "t", "naïve%", "d", "s")
    assert backup_of("k", cast("HeadObjectOutputTypeDef", head)) == backup
    assert backup_of("k", cast("HeadObjectOutputTypeDef", head | {"ETag": "e"})) == backup


@pytest.mark.parametrize(
    ("size", "expected"),
    [(0, "0 B"), (1023, "1,023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"),
     (1024**2 - 1, "1.0 MiB"), (5 * 1024**3, "5.0 GiB"), (3000 * 1024**4, "3,000.0 TiB")],
)  # fmt: skip
def test_sizes_are_in_the_unit_that_fits(size: int, expected: str) -> None:
    """Never 1024.0 of one."""
    assert human_size(size) == expected
