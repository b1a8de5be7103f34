"""An encrypted backup comes back with the private key alone, and damaged not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.age import encrypted, make_key
from support.mariadb import Server, contents, running_server
from support.programs import Workplace, today
from support.restoring import back_up, make_restorer, workplace
from support.shop import DATABASE, ODDITIES, make_account, rights
from support.store import Store

KEY = f"{today()}/datadump1.sql.zst.age"
CHUNK = 64 * 1024  # bytes, of age's
LARGE = """
CREATE TABLE large (v LONGTEXT);
INSERT INTO large SELECT HEX(RANDOM_BYTES(1000)) FROM seq_1_to_300;
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("encrypted")) as server:
        server.load((ODDITIES + LARGE).encode(), DATABASE)
        make_account(server, rights(server))
        make_restorer(server, DATABASE)
        yield server


@pytest.fixture
def recipient(tmp_path: Path) -> str:
    return make_key(tmp_path / "identity")


@pytest.fixture
def identity(tmp_path: Path, recipient: str) -> dict[str, str]:  # noqa: ARG001 - makes the file
    return {"AGE_IDENTITY_FILE": str(tmp_path / "identity")}


@pytest.fixture
def work(
    tmp_path: Path, server: Server, store: Store, bucket: str, recipient: str
) -> Iterator[Workplace]:
    """An encrypted backup is in the bucket."""
    work = workplace(tmp_path / "work", server, store, bucket)
    (tmp_path / "recipients").write_text(f"{recipient}\n")
    recipients = str(tmp_path / "recipients")
    back_up(work, DUMP_COMPRESSION="zstd", AGE_RECIPIENTS_FILE=recipients)
    yield work
    for (name,) in server.query(f"SHOW DATABASES LIKE '{DATABASE}\\_%'"):
        server.query(f"DROP DATABASE {name}")


def proofs(store: Store, bucket: str) -> list[str]:
    return [key for key in store.objects(bucket) if "proofs/" in key]


def test_private_key_brings_it_back_and_proves_it(
    work: Workplace, server: Server, identity: dict[str, str]
) -> None:
    """The listing shows by the name that it is encrypted."""
    assert KEY in work.restore("--list").stdout
    before = contents(server, DATABASE)
    result = work.restore("latest", "--overwrite", **identity)
    assert (result.returncode, result.stderr) == (0, ""), work.messages()
    assert contents(server, DATABASE) == before
    assert (
        work.restore("latest", "--table", "child", "--into", "shop_look", **identity).returncode
        == 0
    )
    drilled = work.drill(**identity)
    assert drilled.returncode == 0, work.messages()
    assert work.messages()[-1] == f"restore verified: {KEY}"


@pytest.mark.parametrize("key", ["none", "another", "no key", "absent"])
def test_without_the_private_key_nothing_is_touched_nor_proven(
    work: Workplace, server: Server, store: Store, bucket: str, tmp_path: Path, key: str
) -> None:
    """One line names the setting. No drill is held, so none has failed."""
    path = tmp_path / "other"
    if key == "another":
        make_key(path)
    elif key == "no key":
        path.write_text("nothing\n")
    settings = {} if key == "none" else {"AGE_IDENTITY_FILE": str(path)}
    before = contents(server, DATABASE)
    for program, words in (("restore", ["latest", "--overwrite"]), ("drill", [])):
        lines = work.messages()
        result = getattr(work, program)(*words, **settings)
        assert result.returncode == (2 if key == "absent" else 1)
        (message,) = work.messages()[len(lines) :]
        assert "AGE_IDENTITY_FILE" in message
        assert key != "none" or list(work.scratch.iterdir()) == []
    assert contents(server, DATABASE) == before
    assert proofs(store, bucket) == []


DAMAGE: dict[str, Callable[[bytes, str], bytes]] = {
    "cut at a chunk": lambda content, _: content[: len(content) - len(content) % CHUNK - CHUNK],
    "cut in its head": lambda content, _: content[:100],
    "a bit is flipped": lambda content, _: content[:-9] + bytes([content[-9] ^ 1]) + content[-8:],
    "two chunks are swapped": lambda content, _: (
        content[:-3 * CHUNK] + content[-2 * CHUNK : -CHUNK] + content[-3 * CHUNK : -2 * CHUNK]
        + content[-CHUNK:]
    ),
    "another's text": lambda _, recipient: encrypted(b"-- MariaDB dump 1\nSELECT 1;\n", recipient),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_backup_loads_nothing(
    work: Workplace, server: Server, store: Store, bucket: str,
    identity: dict[str, str], recipient: str, damage: str,
) -> None:  # fmt: skip
    """Although age gives out all chunks that are whole; no checksum in the metadata tells it."""
    content = DAMAGE[damage](store.objects(bucket)[KEY], recipient)
    store.put(bucket, "damaged.sql.zst.age", content)
    before = contents(server, DATABASE)
    assert work.restore("damaged.sql.zst.age", "--overwrite", **identity).returncode == 1
    assert work.messages()[-1].startswith("restore failed: ")
    assert work.messages()[-1].endswith(f"; {DATABASE} is as it was")
    assert contents(server, DATABASE) == before
    assert not server.query(f"SHOW DATABASES LIKE '{DATABASE}\\_%'")
    assert work.drill("damaged.sql.zst.age", **identity).returncode == 1
    assert work.messages()[-1].startswith("restore verification failed: ")
