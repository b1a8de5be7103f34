"""A node dies during an upload: nothing is lost, and what its disk has comes when it is back."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from typing import Any

from support.swarm import Node
from support.waiting import wait_for

from .conftest import LONG, NAMES, WAITING, Fleet, wait_until_none_waits, waiting

NOTE = re.compile(r"\.send-to-s3\.([0-9a-f]+)\.[^.]+\.\S+%2F", re.MULTILINE)


def test_dumps_of_a_node_that_dies_arrive_once(fleet: Fleet) -> None:
    """All others arrive, the schedule goes on elsewhere, and the page shows the gap meanwhile."""
    _, dying, other = fleet.swarm.nodes
    fleet.swarm.make_available(other, "drain")  # all is on the one, and nothing moves yet
    for stack in NAMES:
        fleet.deploy(stack)
    wait_for_new_backups(fleet)
    wait_for("the page is well", lambda: is_well(fleet), LONG, poll=2)
    cut = kill_during_an_upload(fleet, dying)
    wait_for("the page shows all gaps", lambda: len(gaps(fleet)) == len(NAMES), LONG, poll=2)

    fleet.swarm.make_available(other, "active")
    wait_for_new_backups(fleet)
    wait_for("the page is well again", lambda: is_well(fleet), LONG, poll=2)
    stop_dumps(fleet)
    for stack in NAMES:
        wait_until_none_waits(other, stack)
        finished = completed(dying, stack) + completed(other, stack)
        assert len(fleet.objects_of(stack)) == finished - len(waiting(dying, stack))
    assert cut not in dump_ids(fleet, "db7")

    dying.start()
    wait_for("the cut upload has arrived", lambda: cut in dump_ids(fleet, "db7"), LONG, poll=1)
    for stack in NAMES:
        wait_until_none_waits(dying, stack)
        finished = completed(dying, stack) + completed(other, stack)
        assert len(fleet.objects_of(stack)) == finished
        check_backups(fleet, stack)
    assert not open_uploads(fleet)


def wait_for_new_backups(fleet: Fleet) -> None:
    """One of each database, by its own schedule."""
    before = {stack: len(fleet.objects_of(stack)) for stack in NAMES}
    wait_for(
        "a new backup of each",
        lambda: all(len(fleet.objects_of(stack)) > before[stack] for stack in NAMES),
        LONG, poll=1,
    )  # fmt: skip


def kill_during_an_upload(fleet: Fleet, node: Node) -> str:
    """Right before the third part of a dump is sent; returns that dump's id.

    The store has begun that upload, and the node's disk has the note of it. The others have shipped
    theirs: no upload is between its arrival and the end of its local file.
    """

    def kill() -> None:
        for stack in NAMES.keys() - {"db7"}:
            wait_until_none_waits(node, stack)
        node.kill()

    fleet.relay.act = kill
    fleet.relay.text = b"partNumber=3"
    wait_for("the node is down", lambda: fleet.swarm.state_of(node) == "down", LONG, poll=1)
    (upload,) = open_uploads(fleet)
    assert upload.startswith("db7/shop/")
    (cut,) = NOTE.findall(node.in_volume("db7_dumps", WAITING))
    return str(cut)


def stop_dumps(fleet: Fleet) -> None:
    """None is taken from now on, and none is under way."""
    schedules = [f"{stack}_dump-schedule=0" for stack in NAMES]
    fleet.swarm.manager.docker("service", "scale", *schedules)


def status(fleet: Fleet, path: str) -> str:
    """A file of the page, as one sees it who joins its network; empty before the first look."""
    image = f"{fleet.swarm.registry}/watch:{fleet.swarm.tag}"
    script = f"busybox wget -q -O - http://status:8080/{path} 2>/dev/null || true"
    return fleet.swarm.manager.docker(
        "run", "--rm", "--network=db7_status", image, "sh", "-c", script
    )


def is_well(fleet: Fleet) -> bool:
    """With all databases on it."""
    page = status(fleet, "")
    return "<h1>Well</h1>" in page and all(name in page for name in NAMES.values())


def gaps(fleet: Fleet) -> set[str]:
    """The databases whose newest backup is too old, where the page says that something is wrong."""
    if "<h1>Wrong</h1>" not in status(fleet, ""):
        return set()
    found: Any = json.loads(status(fleet, "status.json") or "{}")
    return {
        check["database"]
        for check in found.get("checks", [])
        if check["name"] == "backup" and not check["passed"]
    }


def completed(node: Node, stack: str) -> int:
    """How many dumps were finished there, by its log."""
    lines = node.in_volume(f"{stack}_logs", "cat -- *.txt").splitlines()
    return sum(line.endswith(f",database dump completed: {NAMES[stack]}") for line in lines)


def open_uploads(fleet: Fleet) -> list[str]:
    """The keys of uploads in parts that were begun and not ended."""
    found = fleet.store.client().list_multipart_uploads(Bucket=fleet.bucket)
    return [upload["Key"] for upload in found.get("Uploads", [])]


def dump_ids(fleet: Fleet, stack: str) -> list[str]:
    keys = fleet.objects_of(stack)
    return [fleet.store.metadata(fleet.bucket, key)["dump-id"] for key in keys]


def check_backups(fleet: Fleet, stack: str) -> None:
    """Each dump is there once, and whole; the newest is what the database has."""
    objects = fleet.objects_of(stack)
    assert set(Counter(dump_ids(fleet, stack)).values()) == {1}
    for key, body in objects.items():
        metadata = fleet.store.metadata(fleet.bucket, key)
        assert metadata["sha256"] == hashlib.sha256(body).hexdigest()
        assert body.rstrip().splitlines()[-1].startswith(b"-- Dump completed on ")
        assert rows_of(fleet, stack, body) == rows_of(fleet, stack, None)


def rows_of(fleet: Fleet, stack: str, dump: bytes | None) -> str:
    """The checksum of its table's rows; of the dump's, loaded beside it."""
    database = fleet.databases[stack]
    name = database.name
    if dump is not None:
        name = "copy"
        database.run(b"CREATE OR REPLACE DATABASE copy")
        database.run(dump, name)
    return database.run(f"CHECKSUM TABLE {name}.things".encode()).split("\t")[1]
