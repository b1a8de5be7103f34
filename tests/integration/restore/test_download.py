"""A backup's way from the bucket into a file: whole and checked, or an error that says why."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from datadump.backups.catalogue import Catalogue
from datadump.backups.fetching import MOST_TRIES, DamagedError
from datadump.restore.download import Download
from datadump.restore.scratch import ScratchError
from datadump.s3.client import connect
from datadump.s3.errors import StoreError
from datadump.settings.pipelines import Pipeline
from datadump.settings.store import StoreAccess
from support.programs import SCRIPTS, Workplace
from support.proxy import Fault, Proxy, Request
from support.store import Store
from support.waiting import wait_for

MEBIBYTE = 1024 * 1024
KEY = "2026-11-23/datadump1.sql"
MOST_MEMORY = 100 * MEBIBYTE

# Fetches sys.argv[1] into sys.argv[2], in ranges of sys.argv[3] bytes; then says how many KiB of
# memory it had at most.
FETCHER = """
import os, re, sys
from datadump.restore import download
from datadump.backups.catalogue import Catalogue
from datadump.settings.pipelines import read_pipeline
from datadump.settings.store import read_store
from datadump.s3.client import connect
download.RANGE = int(sys.argv[3])
bucket = connect(read_store(os.environ))
backup = Catalogue(bucket, read_pipeline(os.environ)).find(sys.argv[1])
print(download.Download(bucket, backup, sys.argv[2]).fetch())
print(re.search("VmHWM:.*?([0-9]+) kB", open("/proc/self/status").read())[1])
"""


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """The folder that downloads go to."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.fixture
def small_ranges(monkeypatch: pytest.MonkeyPatch) -> int:
    """Their size in bytes."""
    monkeypatch.setattr("datadump.restore.download.RANGE", MEBIBYTE)
    return MEBIBYTE


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between one try and the next."""
    monkeypatch.setattr("datadump.ground.retry.LONGEST_PAUSE", 0.0)


def put_backup(
    store: Store, access: StoreAccess, content: bytes, stored: bytes | None = None
) -> None:
    """An object with the metadata of this content."""
    digest = hashlib.sha256(content).hexdigest()
    body = content if stored is None else stored
    store.put(access.bucket, KEY, body, **{"sha256": digest, "dump-id": "d"})


def download_of(access: StoreAccess, folder: Path, proxy: Proxy | None = None) -> Download:
    if proxy:
        access = access._replace(endpoint_url=proxy.url)
    bucket = connect(access)
    backup = Catalogue(bucket, Pipeline("FACULDADE", "", "")).find(KEY)
    return Download(bucket, backup, str(folder))


def start_fetcher(uploads: Workplace, folder: Path, size: int) -> subprocess.Popen[str]:
    """In a process of its own, by the settings of the workplace."""
    return subprocess.Popen(
        [sys.executable, "-c", FETCHER, KEY, str(folder), str(size)],
        env=uploads.environment(PYTHONPATH=str(SCRIPTS)),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def ranges(proxy: Proxy) -> list[tuple[int, int]]:
    """First and last byte of what was asked for, in the order of the file."""
    asked = [r.headers["range"].removeprefix("bytes=").split("-") for r in object_gets(proxy)]
    return sorted((int(first), int(last)) for first, last in asked)


def object_gets(proxy: Proxy) -> list[Request]:
    return [r for r in proxy.requests if is_object_get(r)]


def is_object_get(request: Request) -> bool:
    return request.method == "GET" and request.path.endswith("datadump1.sql")


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[None]:
    """With so many bytes."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    try:
        yield
    finally:
        # A test that failed may have files open there.
        subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.mark.parametrize("size", [0, 1, 16 * MEBIBYTE, 40 * MEBIBYTE + 1])
def test_object_arrives_byte_for_byte_in_ranges(
    store: Store, access: StoreAccess, proxy: Proxy, scratch: Path, size: int
) -> None:
    """Each asked for once, on the condition that it is still that object; gone after use."""
    content = os.urandom(MEBIBYTE) * 41
    put_backup(store, access, content[:size])
    download = download_of(access, scratch, proxy)
    path = Path(download.fetch())
    assert path.read_bytes() == content[:size]
    assert path.parent == scratch
    assert path.stat().st_mode & 0o777 == 0o600
    length = 16 * MEBIBYTE
    assert ranges(proxy) == [(n, min(n + length, size) - 1) for n in range(0, size, length)]
    assert all("if-match" in request.headers for request in object_gets(proxy))
    download.remove()
    assert list(scratch.iterdir()) == []


def test_memory_is_bounded(
    store: Store, access: StoreAccess, uploads: Workplace, scratch: Path
) -> None:
    """By the chunks under way, not by the object."""
    put_backup(store, access, os.urandom(MEBIBYTE) * 200)
    output, errors = start_fetcher(uploads, scratch, 16 * MEBIBYTE).communicate(timeout=60)
    assert errors == ""
    assert int(output.split()[-1]) * 1024 < MOST_MEMORY


@pytest.mark.usefixtures("no_pauses")
def test_cut_answer_goes_on_where_it_was_cut(
    store: Store, access: StoreAccess, proxy: Proxy, scratch: Path, small_ranges: int
) -> None:
    """Here every answer of more than 1,000 bytes, so that nothing comes in one go."""
    content = os.urandom(3 * small_ranges)
    put_backup(store, access, content)

    def choose(request: Request) -> Fault:
        if not is_object_get(request):
            return None
        first, last = request.headers["range"].removeprefix("bytes=").split("-")
        return "torn" if int(last) - int(first) >= 1000 else None

    proxy.choose = choose
    assert Path(download_of(access, scratch, proxy).fetch()).read_bytes() == content
    assert proxy.faults["torn"] > 3 * MOST_TRIES
    asked = ranges(proxy)
    assert len({first for first, _ in asked}) == len(asked)


@pytest.mark.usefixtures("no_pauses")
def test_download_without_progress_gives_up(
    store: Store, access: StoreAccess, proxy: Proxy, scratch: Path
) -> None:
    """With one line; a later run goes on."""
    put_backup(store, access, b"x")
    proxy.choose = lambda request: "torn" if is_object_get(request) else None
    download = download_of(access, scratch, proxy)
    with pytest.raises(StoreError) as raised:
        download.fetch()
    assert str(raised.value).startswith(f"no success in {MOST_TRIES} tries, another run goes on")
    assert str(raised.value).endswith(f"(s3://{access.bucket}/{KEY})")
    assert len(object_gets(proxy)) == MOST_TRIES
    proxy.choose = lambda request: None
    assert Path(download_of(access, scratch, proxy).fetch()).read_bytes() == b"x"


def test_refusal_is_not_tried_again(
    store: Store, access: StoreAccess, proxy: Proxy, scratch: Path
) -> None:
    """It would be the same."""
    put_backup(store, access, b"x")
    download = download_of(access, scratch, proxy)
    proxy.choose = lambda request: 403
    with pytest.raises(StoreError, match="AccessDenied"):
        download.fetch()
    assert len(object_gets(proxy)) == 1


def test_killed_download_goes_on_with_what_is_missing(
    store: Store,
    access: StoreAccess,
    proxy: Proxy,
    uploads: Workplace,
    scratch: Path,
    small_ranges: int,
) -> None:
    """No range that was on disk is fetched again, and each of the others is, once."""
    content = os.urandom(20 * small_ranges)
    put_backup(store, access, content)
    proxy.choose = lambda request: "slow" if is_object_get(request) else None
    process = start_fetcher(uploads, scratch, small_ranges)
    wait_for("some ranges are on disk", lambda: len(marked_ranges(scratch)) > 3)
    process.kill()
    process.communicate()
    on_disk = marked_ranges(scratch)
    assert len(on_disk) < 20
    wait_for("all requests of the dead are over", lambda: len(object_gets(proxy)) > 3)
    proxy.choose = lambda request: None
    proxy.requests.clear()
    assert Path(download_of(access, scratch, proxy).fetch()).read_bytes() == content
    assert {first // small_ranges for first, _ in ranges(proxy)} == set(range(20)) - on_disk
    assert len(object_gets(proxy)) == 20 - len(on_disk)


def marked_ranges(scratch: Path) -> set[int]:
    marks = b"".join(file.read_bytes() for file in scratch.glob("restore.*.ranges"))
    return {number for number, mark in enumerate(marks) if mark}


def test_object_that_changes_on_the_way_is_noticed(
    store: Store, access: StoreAccess, proxy: Proxy, scratch: Path, small_ranges: int
) -> None:
    """Nothing of it gets into the file of the other."""
    put_backup(store, access, b"a" * 10 * small_ranges)
    newer = b"b" * 10 * small_ranges

    def choose(request: Request) -> Fault:
        if is_object_get(request) and len(object_gets(proxy)) == 5:
            put_backup(store, access, newer)
        return None

    proxy.choose = choose
    download = download_of(access, scratch, proxy)
    with pytest.raises(StoreError) as raised:
        download.fetch()
    url = f"s3://{access.bucket}/{KEY}"
    assert str(raised.value) == f"{url} changed as it was fetched: try again"
    proxy.choose = lambda request: None
    assert Path(download_of(access, scratch, proxy).fetch()).read_bytes() == newer


@pytest.mark.parametrize("damage", ["flipped", "truncated", "emptied", "longer"])
def test_object_that_is_not_what_was_uploaded_is_an_error(
    store: Store, access: StoreAccess, scratch: Path, small_ranges: int, damage: str
) -> None:
    """It is named, and no file is left of it: a second run fetches anew."""
    content = os.urandom(2 * small_ranges)
    stored = {
        "flipped": content[:5] + bytes([content[5] ^ 1]) + content[6:],
        "truncated": content[:-1],
        "emptied": b"",
        "longer": content + b"\n",
    }[damage]
    put_backup(store, access, content, stored)
    with pytest.raises(DamagedError) as raised:
        download_of(access, scratch).fetch()
    assert str(raised.value).startswith(
        f"the object in the bucket is not what was uploaded: s3://{access.bucket}/{KEY} "
    )
    assert list(scratch.iterdir()) == []


def test_what_an_earlier_run_left_never_condemns_the_object(
    store: Store, access: StoreAccess, proxy: Proxy, scratch: Path, small_ranges: int
) -> None:
    """It is fetched anew before anything is said; so it is where only the notes were left."""
    content = os.urandom(3 * small_ranges)
    put_backup(store, access, content)
    first = download_of(access, scratch)
    path = Path(first.fetch())
    first.close()
    path.write_bytes(b"?" * len(content))
    second = download_of(access, scratch)
    assert Path(second.fetch()).read_bytes() == content
    second.close()
    path.unlink()
    third = download_of(access, scratch, proxy)
    assert Path(third.fetch()).read_bytes() == content
    assert len(object_gets(proxy)) == 3


@pytest.mark.parametrize("gone", ["file", "end of the file"])
def test_notes_count_for_nothing_without_the_bytes(
    store: Store, access: StoreAccess, scratch: Path, small_ranges: int, gone: str
) -> None:
    """Also where no sha256 would tell."""
    content = os.urandom(3 * small_ranges)
    store.put(access.bucket, KEY, content)
    first = download_of(access, scratch)
    path = Path(first.fetch())
    first.close()
    if gone == "file":
        path.unlink()
        os.truncate(path.with_suffix(".ranges"), 2)
    else:
        os.truncate(path, small_ranges)
    assert Path(download_of(access, scratch).fetch()).read_bytes() == content


def test_object_without_metadata_comes_with_a_warning(
    store: Store, access: StoreAccess, scratch: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Other tools put it there."""
    store.put(access.bucket, KEY, b"dump")
    assert Path(download_of(access, scratch).fetch()).read_bytes() == b"dump"
    (warning,) = capsys.readouterr().err.splitlines()
    assert warning.startswith(f"warning: s3://{access.bucket}/{KEY} has no sha256")


def test_folder_without_room_is_seen_before_anything_is_fetched(
    store: Store, access: StoreAccess, proxy: Proxy, scratch: Path
) -> None:
    """The text names folder, need and what is free."""
    put_backup(store, access, b"x" * 3 * MEBIBYTE)
    with small_disk(scratch, 2 * MEBIBYTE):
        download = download_of(access, scratch, proxy)
        with pytest.raises(ScratchError) as raised:
            download.fetch()
    assert str(raised.value) == (
        f"{scratch}: no room for s3://{access.bucket}/{KEY}: "
        "it takes another 3.0 MiB, and 2.0 MiB are free"
    )
    assert object_gets(proxy) == []


def test_what_is_on_disk_already_needs_no_room(
    store: Store, access: StoreAccess, scratch: Path, small_ranges: int
) -> None:
    """A second run in the same folder."""
    content = os.urandom(3 * small_ranges)
    put_backup(store, access, content)
    with small_disk(scratch, 4 * MEBIBYTE):
        first = download_of(access, scratch)
        first.fetch()
        first.close()
        second = download_of(access, scratch)
        assert Path(second.fetch()).read_bytes() == content
        second.close()


def test_disk_that_fills_up_on_the_way_is_an_error_that_names_the_file(
    store: Store, access: StoreAccess, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else took the room."""
    monkeypatch.setattr("datadump.restore.scratch.free_bytes", lambda folder: 10**12)
    put_backup(store, access, b"x" * 3 * MEBIBYTE)
    with small_disk(scratch, MEBIBYTE):
        download = download_of(access, scratch)
        with pytest.raises(OSError, match=f"No space left on device: '{scratch}/restore"):
            download.fetch()


def test_what_others_left_gives_way_where_room_is_short(
    store: Store, access: StoreAccess, scratch: Path
) -> None:
    """Not what somebody works on, and nothing that isn't a download's."""
    put_backup(store, access, b"x" * 3 * MEBIBYTE)
    with small_disk(scratch, 5 * MEBIBYTE):
        left, busy = (scratch / f"restore.{digit * 16}.part" for digit in "0f")
        for path in (left, left.with_suffix(".ranges"), busy, scratch / "foreign.part"):
            path.write_bytes(b"x" * (2 * MEBIBYTE if path == left else 1000))
        with busy.open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            download = download_of(access, scratch)
            kept = {Path(download.fetch()).name, busy.name, "foreign.part"}
        names = {path.name for path in scratch.iterdir() if path.suffix == ".part"}
        assert names == kept
        assert not left.with_suffix(".ranges").exists()
        download.remove()


def test_two_runs_do_not_write_the_same_file(
    store: Store, access: StoreAccess, scratch: Path
) -> None:
    """The second says so; when the first is done, it may."""
    put_backup(store, access, b"dump")
    first, second = (download_of(access, scratch) for _ in range(2))
    first.fetch()
    with pytest.raises(ScratchError, match=f"^{scratch}: another run is working on s3://"):
        second.fetch()
    first.remove()
    assert Path(second.fetch()).read_bytes() == b"dump"
    second.remove()
