"""What an upload says of its dump, and what is read of it."""

from __future__ import annotations

import pytest
from datadump.ground.terminal import human_size
from datadump.s3.metadata import Metadata, head_of, read_metadata, to_headers


@pytest.mark.parametrize("database", ["FACULDADE", "naïve", "100%", "%41", "a b/c=d", "学校"])
def test_metadata_is_read_as_it_was_written(database: str) -> None:
    """Whatever the database is called: what a header can't hold is encoded."""
    metadata = Metadata("2026-11-23T03:38:27-03:00", database, "d" * 32, "5" * 64)
    headers = to_headers(metadata)
    assert all(text.isascii() and text.isprintable() for text in headers.values())
    assert read_metadata(headers) == metadata


def test_names_count_in_any_case() -> None:
    """Some gateways rewrite them."""
    headers = {"Dump-Id": "d", "SHA256": "s", "Dumped-At": "t", "Database": "na%C3%AFve%25"}
    assert read_metadata(headers) == Metadata("t", "naïve%", "d", "s")


def test_metadata_of_absurd_size_is_cut() -> None:
    """S3 takes 2 KiB of it, others as much as a header holds."""
    long = "x" * 60_000
    told = read_metadata({"database": long, "dumped-at": long, "sha256": long, "dump-id": long})
    assert set(map(len, told)) == {1024}


@pytest.mark.parametrize("size", [-5, 10**400])
def test_size_that_no_object_has_is_told_as_one(size: int) -> None:
    """Whatever shows it can."""
    assert human_size(head_of({}, size).size)  # type: ignore[typeddict-item]


def test_metadata_that_is_not_there_is_empty() -> None:
    """Other tools' objects have none, or their own."""
    assert read_metadata({"author": "João"}) == Metadata("", "", "", "")
