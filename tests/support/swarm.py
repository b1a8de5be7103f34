"""A swarm of three nodes, each a container with Debian's own engine, and what stands beside it."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.onlookers import docker
from support.programs import ROOT
from support.store import Keys, Store, answers
from support.waiting import wait_for

# What an engine needs that runs in a container.
OPTIONS = (
    "--init", "--cap-add=ALL", "--cap-drop=SYS_RESOURCE", "--security-opt=seccomp=unconfined",
    "--security-opt=apparmor=unconfined", "--security-opt=systempaths=unconfined",
    "--cgroupns=host", "--volume=/sys/fs/cgroup:/sys/fs/cgroup:rw", "--tmpfs=/run",
)  # fmt: skip
CGROUPS = Path("/sys/fs/cgroup")
ROOT_PASSWORD = "root-password"


@dataclass(frozen=True)
class Node:
    """A machine of the swarm: its host name, and the container that it is."""

    host: str
    container: str

    def run(self, *command: str, folder: Path = Path("/")) -> str:
        """Run a command on that machine; returns what it prints. A failure shows all of it."""
        return docker("exec", "--workdir", str(folder), self.container, *command)

    def docker(self, *arguments: str) -> str:
        return self.run("docker", *arguments)

    def task(self, service: str) -> str:
        """The container of that service here; empty where none runs."""
        label = f"label=com.docker.swarm.service.name={service}"
        return self.docker("ps", "--quiet", "--filter", label)

    def in_volume(self, volume: str, script: str) -> str:
        """What a shell prints that looks into a volume of that machine, which may be dead."""
        folder = f"/disk/volumes/{volume}/_data"
        return docker(
            "run", "--rm", "--network=none", f"--volume={self.container}:/disk:ro",
            "debian:trixie-slim", "bash", "-c", f'cd "$0" && {script}', folder,
        )  # fmt: skip

    def kill(self) -> None:
        """As when the power fails."""
        docker("kill", self.container)

    def start(self) -> None:
        docker("start", self.container)
        wait_for(f"the engine of {self.host}", self.answers, 60)

    def answers(self) -> bool:
        command = ("docker", "exec", self.container, "docker", "info")
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


@dataclass
class Swarm:
    """The running one; ``folder`` is on each machine under the same path as here."""

    nodes: tuple[Node, Node, Node]
    network: str
    folder: Path
    registry: str
    tag: str

    @property
    def manager(self) -> Node:
        return self.nodes[0]

    @property
    def gateway(self) -> str:
        """Where a machine of the swarm reaches this process."""
        return docker(
            "network", "inspect", "--format", "{{(index .IPAM.Config 0).Gateway}}", self.network
        )

    def state_of(self, node: Node) -> str:
        """What the manager thinks of it: ready, down."""
        return self.manager.docker("node", "inspect", "--format", "{{.Status.State}}", node.host)

    def make_available(self, node: Node, availability: str) -> None:
        """Active, or drain: it then gets no task."""
        self.manager.docker("node", "update", "--availability", availability, node.host)


@contextmanager
def running_swarm(folder: Path) -> Iterator[Swarm]:
    """Node1 is the manager; node2 and node3 are workers. All have the images that hold the scripts.

    Nothing is left of it afterwards, neither of what it was built of.
    """
    name = f"swarm-{secrets.token_hex(3)}"
    with ExitStack() as leftovers:
        network = docker("network", "create", name)
        leftovers.callback(docker, "network", "rm", network)
        image = docker("build", "--quiet", str(ROOT / "tests/swarm/node"))
        leftovers.callback(docker, "image", "rm", image)
        hosts = ("node1", "node2", "node3")
        one, two, three = (
            leftovers.enter_context(running_node(Node(host, f"{name}-{host}"), image, name, folder))
            for host in hosts
        )
        swarm = Swarm((one, two, three), name, folder, f"registry.example.com/{name}", "tested")
        for node in swarm.nodes:
            wait_for(f"the engine of {node.host}", node.answers, 60)
        join(swarm)
        leftovers.enter_context(images_of(swarm))
        yield swarm


@contextmanager
def running_node(node: Node, image: str, network: str, folder: Path) -> Iterator[Node]:
    """An engine with a disk of its own, which outlives the kill of the container."""
    docker(
        "run", "--detach", "--name", node.container, "--hostname", node.host, "--network", network,
        *OPTIONS, f"--volume={node.container}:/var/lib/docker", f"--volume={folder}:{folder}",
        image, "dockerd", "--no-new-privileges", f"--cgroup-parent=/{node.container}",
    )  # fmt: skip
    try:
        yield node
    finally:
        docker("rm", "--force", node.container)
        docker("volume", "rm", node.container)
        remove_cgroups(node.container)


def remove_cgroups(name: str) -> None:
    """Those of the containers that were in a killed engine; their processes are gone."""
    parents = [*CGROUPS.glob(name), *CGROUPS.glob(f"*/{name}")]
    for parent in parents:
        folders = sorted(path for path in parent.rglob("*") if path.is_dir())
        for path in reversed([parent, *folders]):
            path.rmdir()


def join(swarm: Swarm) -> None:
    address = address_of(swarm.manager.container)
    swarm.manager.docker("swarm", "init", "--advertise-addr", address)
    token = swarm.manager.docker("swarm", "join-token", "--quiet", "worker")
    for node in swarm.nodes[1:]:
        node.docker("swarm", "join", "--token", token, f"{address}:2377")


@contextmanager
def images_of(swarm: Swarm) -> Iterator[None]:
    """Built of the commit, and loaded into each node: there is no registry."""
    names = {"REGISTRY": swarm.registry, "TAG": swarm.tag}
    built = subprocess.run(
        [ROOT / "scripts/build-images.sh"], stdout=subprocess.PIPE, text=True, check=True,
        env={"PATH": "/usr/bin:/bin", "HOME": "/root", **names},
    )  # fmt: skip
    images = built.stdout.split()
    archive = swarm.folder / "images.tar"
    try:
        docker("save", "--output", str(archive), *images)
        load = ("docker", "load", "--quiet", "--input", str(archive))
        loading = [
            subprocess.Popen(["docker", "exec", node.container, *load], stdout=subprocess.DEVNULL)
            for node in swarm.nodes
        ]
        assert [process.wait(timeout=300) for process in loading] == [0, 0, 0]
        archive.unlink()
        yield
    finally:
        docker("image", "rm", *images)


@contextmanager
def container_beside(
    swarm: Swarm, image: str, *command: str, options: tuple[str, ...]
) -> Iterator[str]:
    """In the swarm's network, but in no swarm; yields its name."""
    name = docker("run", "--detach", "--network", swarm.network, *options, image, *command)
    try:
        yield name
    finally:
        docker("rm", "--force", "--volumes", name)


@contextmanager
def running_store(swarm: Swarm) -> Iterator[tuple[Store, str]]:
    """The embedded store, alone, seen with the keys that it made; and its bucket's name."""
    script = f"--volume={ROOT}/dockerfiles/s3/start.sh:/start.sh:ro"
    options = ("--init", "--volume=/store", script, "--entrypoint=/bin/sh")
    image = "chrislusf/seaweedfs:4.48"
    with container_beside(swarm, image, "/start.sh", options=options) as name:
        read = ("docker", "exec", name, "cat", "/store/credentials.txt")
        told = wait_for("the store's keys", lambda: subprocess.run(
            read, capture_output=True, text=True, check=False).stdout)  # fmt: skip
        key, secret, bucket = told.split()
        store = Store(f"http://{address_of(name)}:8333", admin=Keys(key, secret))
        wait_for("the store answers", lambda: answers(store), 60)
        yield store, bucket


@dataclass(frozen=True)
class Database:
    """A server of its own, with one database."""

    container: str
    name: str

    def run(self, sql: bytes, database: str = "") -> str:
        """The SQL by the real client, as root; returns what it prints."""
        result = subprocess.run(
            ["docker", "exec", "--interactive", f"--env=MYSQL_PWD={ROOT_PASSWORD}", self.container,
             "mariadb", "--user=root", "--batch", "--skip-column-names", "--binary-mode", database],
            input=sql, capture_output=True, check=False,
        )  # fmt: skip
        assert result.returncode == 0, result.stderr.decode()
        return result.stdout.decode()


@contextmanager
def running_database(swarm: Swarm, name: str, password: str) -> Iterator[Database]:
    """With an account named backup, which may read it."""
    settings = {
        "MARIADB_ROOT_PASSWORD": ROOT_PASSWORD, "MARIADB_DATABASE": name,
        "MARIADB_USER": "backup", "MARIADB_PASSWORD": password,
    }  # fmt: skip
    options = tuple(f"--env={key}={value}" for key, value in settings.items())
    with container_beside(swarm, "mariadb:11.8", options=options) as container:
        check = ("docker", "exec", container, "healthcheck.sh", "--connect", "--innodb_initialized")
        wait_for(f"the server of {name}", lambda: not subprocess.run(
            check, capture_output=True, check=False).returncode, 120)  # fmt: skip
        yield Database(container, name)


def address_of(container: str) -> str:
    """Its IP address: what runs in a node knows no names of the outer engine's."""
    each = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
    return docker("inspect", "--format", each, container)
