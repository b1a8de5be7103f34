"""What a download does where no store can be made to answer so."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from datadump.backups.catalogue import Backup
from datadump.backups.fetching import MOST_TRIES
from datadump.restore.download import Download
from datadump.s3.bucket import Bucket
from datadump.s3.errors import StoreError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

CONTENT = b"the dump\n"


class Garbling(Bucket):
    """Its first answers come in full, and are not what their checksum says."""

    def __init__(self, garbled: int) -> None:
        super().__init__(cast("S3Client", None), "bucket")
        self.garbled = garbled
        self.answers = 0

    def read_range(self, key: str, etag: str, start: int, length: int) -> Iterator[bytes]:
        self.answers += 1
        content = b"?" * len(CONTENT) if self.answers <= self.garbled else CONTENT
        yield content[start : start + length]
        if content != CONTENT:
            raise StoreError(f"wrong checksum of {key} {etag}")


def download_from(bucket: Bucket, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Download:
    monkeypatch.setattr("datadump.ground.retry.LONGEST_PAUSE", 0.0)
    return Download(bucket, Backup("key", len(CONTENT), "e", "", "", "", ""), str(folder))


def test_range_with_a_wrong_checksum_is_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From its start: whatever came of it may be wrong."""
    download = download_from(Garbling(2), tmp_path, monkeypatch)
    assert Path(download.fetch()).read_bytes() == CONTENT


def test_range_whose_checksum_stays_wrong_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same bytes again are no progress."""
    bucket = Garbling(1000)
    with pytest.raises(StoreError, match="no success in .* wrong checksum of key"):
        download_from(bucket, tmp_path, monkeypatch).fetch()
    assert bucket.answers == MOST_TRIES + 1


def test_warning_shows_no_key_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever writes to the bucket chooses it."""
    backup = Backup("\x1b[2J\x9b", len(CONTENT), "e", "", "", "", "")
    download = Download(Garbling(0), backup, str(tmp_path))
    download.fetch()
    assert capsys.readouterr().err.startswith("warning: s3://bucket/?[2J? has no sha256")


@pytest.mark.parametrize("suffix", ["part", "ranges"])
@pytest.mark.parametrize("strange", ["link", "another user's"])
def test_file_of_somebody_else_gets_no_byte_of_a_dump(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, strange: str
) -> None:
    """Nor is what a link leads to cut short; the text names the file and the remedy."""
    target = tmp_path / "target"
    target.write_bytes(b"kept")
    download = download_from(Garbling(0), tmp_path, monkeypatch)
    path = Path(download.path).with_suffix(f".{suffix}")
    if strange == "link":
        path.symlink_to(target)
    else:
        os.link(target, path)
        os.chown(path, 1000, 1000)
    with pytest.raises(OSError, match=f"^{path}: .*: remove what is there$"):
        download.fetch()
    assert target.read_bytes() == b"kept"
