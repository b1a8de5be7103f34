"""How the answers of a store are read, and what is asked for at all."""

from __future__ import annotations

import pytest
from datadump.backups.catalogue import Catalogue, NoBackupError
from datadump.ground.terminal import human_size
from datadump.settings.pipelines import Pipeline
from support.answers import bucket_with, error


@pytest.mark.parametrize(
    ("size", "expected"),
    [(0, "0 B"), (1023, "1,023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"),
     (1024**2 - 1, "1.0 MiB"), (5 * 1024**3, "5.0 GiB"), (3000 * 1024**4, "3,000.0 TiB")],
)  # fmt: skip
def test_sizes_are_in_the_unit_that_fits(size: int, expected: str) -> None:
    """Never 1024.0 of one."""
    assert human_size(size) == expected


@pytest.mark.parametrize("key", ["../other/2026-11-23/datadump1.sql", "a/./b.sql", "..", "x/.."])
def test_key_that_leads_out_of_the_prefix_is_no_backup(key: str) -> None:
    """S3 takes it for a name, others for a path: nobody is asked, and no proof is written there."""
    bucket, asked = bucket_with(error("NoSuchKey", status=404))
    with pytest.raises(NoBackupError, match="there is no object"):
        Catalogue(bucket, Pipeline("shop", "/dumps", "hosts/one/")).find(key)
    assert asked == []


@pytest.mark.parametrize(
    ("folders", "databases"),
    [(["..", ".", ".x", "a\\b", "%00", "a\x1b", "datadump.sql"], []), (["%2e%2e%2fx"], ["../x"])],
)
def test_folder_of_a_bucket_that_can_be_none_of_ours_is_no_pipeline(
    folders: list[str], databases: list[str]
) -> None:
    """The name of a database may hold anything; the folder on this machine is the encoded one."""
    found = Pipeline("", "/dumps", "").below(folders)
    assert [one.database for one in found] == databases
    assert [one.dumps for one in found] == [f"/dumps/{name}" for name in folders if databases]
