"""A swarm with three stacks, as the page says, that back three databases up into one bucket."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from support.compose import Checkout
from support.pages import blocks
from support.relay import Relay, serving
from support.store import Store
from support.swarm import (
    Database,
    Node,
    Swarm,
    address_of,
    running_database,
    running_store,
    running_swarm,
)
from support.waiting import wait_for

PAGE = "dockerfiles/swarm/README.md"
LONG = 240  # seconds, in which crond comes round often enough
WAITING = r"find . -type f ! -name '*lock' -printf '%i %f\n'"
PASSWORD = "a password"
BIG = 12_000  # rows of 1 kB, which are 24 MB of SQL: more than goes up in one request
SMALL = 3
NAMES = {"db7": "shop", "db8": "crm", "db9": "wiki"}
# In each minute: a dump, then the uploads, then a look. Nobody waits for the night.
DUMP_CRONTAB = "* * * * * /scripts/database_dump.sh\n"
CRONTABS = {
    "python/crontab": "* * * * * sleep 15; python3 /scripts/send-to-s3.py",
    "swarm/status-crontab": "* * * * * sleep 30; python3 /scripts/watch.py --all-prefixes",
}


def commands_of_the_page() -> list[str]:
    """The lines of its sh blocks."""
    return "".join(blocks(PAGE, "sh")).splitlines()


def command_of_the_page(words: str) -> str:
    """Its first one that has these words."""
    return next(command for command in commands_of_the_page() if words in command)


@dataclass
class Fleet:
    """The swarm, the bucket, and the databases by their stacks' names."""

    swarm: Swarm
    checkout: Checkout
    store: Store
    bucket: str
    relay: Relay  # on the way of db7's uploader to the store
    databases: dict[str, Database] = field(default_factory=dict)

    def run(self, command: str) -> str:
        """A command of the page, in the clone on the manager."""
        return self.swarm.manager.run("bash", "-c", command, folder=self.checkout.path)

    def write_settings(self, stack: str, **more: str) -> None:
        """Its env file, as the page has it."""
        database = self.databases[stack]
        folder = self.swarm.folder
        settings = {
            "STACK": stack, "REGISTRY": self.swarm.registry, "TAG": self.swarm.tag,
            "FILES_VERSION": "1", "DB_HOST": address_of(database.container), "DB_NAMES": "'*'",
            "S3_PREFIX": stack, "DB_PASSWORD_FILE": f"{folder}/password.txt",
            "CREDENTIALS_FILE": f"{folder}/credentials.txt", "BACKUP_MAX_AGE": "1m",
            "DUMP_CRONTAB": f"{folder}/dump-crontab", "STATUS_REPLICAS": "0",
            "AWS_ENDPOINT_URL_S3": self.store.endpoint_url,
        }  # fmt: skip
        if stack == "db7":  # it has the page, and the upload that is cut
            settings["AWS_ENDPOINT_URL_S3"] = f"http://{self.swarm.gateway}:{self.relay.port}"
            del settings["STATUS_REPLICAS"]
        lines = [f"{name}={value}\n" for name, value in (settings | more).items()]
        (self.checkout.path / f"{stack}.env").write_text("".join(lines))

    def deploy(self, stack: str) -> None:
        """By the page's own line."""
        self.run(command_of_the_page("stack deploy").replace("db7", stack))

    def objects_of(self, stack: str) -> dict[str, bytes]:
        """Its backups, by their keys."""
        prefix = f"{stack}/{NAMES[stack]}/2"
        found = self.store.objects(self.bucket)
        return {key: body for key, body in found.items() if key.startswith(prefix)}


@pytest.fixture(scope="session")
def swarm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Swarm]:
    with running_swarm(tmp_path_factory.mktemp("home")) as swarm:
        yield swarm


@pytest.fixture(scope="session")
def fleet(swarm: Swarm) -> Iterator[Fleet]:
    """With all stacks' settings; nothing is deployed yet."""
    checkout = Checkout.make(swarm.folder / "clone")
    for path, line in CRONTABS.items():
        (checkout.path / "dockerfiles" / path).write_text(f"{line}\n")
    with ExitStack() as running:
        store, bucket = running.enter_context(running_store(swarm))
        keys = "\n".join([*store.admin, bucket])
        (swarm.folder / "credentials.txt").write_text(keys)
        (swarm.folder / "password.txt").write_text(PASSWORD)
        (swarm.folder / "dump-crontab").write_text(DUMP_CRONTAB)
        store.client().create_bucket(Bucket=bucket)
        address = urlsplit(store.endpoint_url)
        relay = Relay((str(address.hostname), address.port or 0), host=swarm.gateway)
        running.enter_context(serving(relay))
        fleet = Fleet(swarm, checkout, store, bucket, relay)
        for stack, name in NAMES.items():
            database = running.enter_context(running_database(swarm, name, PASSWORD))
            fill(database, BIG if stack == "db7" else SMALL)
            fleet.databases[stack] = database
            fleet.write_settings(stack)
        for node in swarm.nodes[1:]:
            fleet.run(command_of_the_page("--label-add").replace("node2", node.host))
        yield fleet


def fill(database: Database, rows: int) -> None:
    """Each has other rows."""
    database.run(
        b"CREATE TABLE things (id INT PRIMARY KEY, thing BLOB) "
        b"SELECT seq AS id, RANDOM_BYTES(1000) AS thing FROM seq_1_to_%d" % rows,
        database.name,
    )


def waiting(node: Node, stack: str) -> set[str]:
    """The inodes of the dumps that wait on its disk: a note may be a second name of its dump."""
    lines = node.in_volume(f"{stack}_dumps", WAITING).splitlines()
    return {line.split(" ", 1)[0] for line in lines}


def wait_until_none_waits(node: Node, stack: str) -> None:
    wait_for(f"{stack} has shipped all", lambda: not waiting(node, stack), LONG, poll=1)
