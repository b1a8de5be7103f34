"""Both programs together: the dumps of nights in which there was no store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.mariadb import Server
from support.programs import Workplace
from support.shop import DATABASE
from support.store import Store, uploader_workplace

NIGHTS = 3


@pytest.fixture
def night(server: Server) -> Iterator[None]:
    """A table by whose rows each night's dump is known."""
    server.query(f"CREATE TABLE {DATABASE}.night (number INT)")
    yield
    server.query(f"DROP TABLE {DATABASE}.night")


@pytest.mark.usefixtures("night")
@pytest.mark.parametrize("store", ["seaweedfs-http"], indirect=True)
def test_dumps_of_an_outage_all_arrive_in_order(
    dumps: Workplace, server: Server, store: Store, bucket: str, tmp_path: Path
) -> None:
    """None replaces another, and one tick ships them all, byte for byte."""
    uploads = uploader_workplace(tmp_path / "uploads", store, bucket)
    uploads.settings["DUMPS_DIR"] = str(dumps.dumps)
    made = []
    for number in range(1, NIGHTS + 1):
        server.query(f"INSERT INTO {DATABASE}.night VALUES ({number})")
        assert dumps.dump().returncode == 0, dumps.messages()
        made.append((dumps.dumps / "datadump.sql").read_bytes())
        assert uploads.tick(AWS_ENDPOINT_URL_S3="http://127.0.0.1:1").returncode == 1
    assert len(set(made)) == NIGHTS
    assert sorted(dumps.files().values()) == sorted(made)
    assert uploads.tick().returncode == 0, uploads.messages()
    assert [body for _, body in sorted(store.objects(bucket).items())] == made
    assert dumps.files() == {}
