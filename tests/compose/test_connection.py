"""The way to the store as people have it: an authority of one's own, proxies, keys of a shell."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator

import pytest
from support.certificates import make_certificates
from support.compose import USER, Checkout
from support.programs import ROOT
from support.waiting import wait_for

from .conftest import Stack

NAME = "store.test"
PROXY = f"http://{NAME}:3128"
LIST = ("run", "--rm", "--no-deps", "-T", "restore", "--list")
# Of somebody who works with AWS, behind a proxy.
SHELL = {
    "AWS_ACCESS_KEY_ID": "AKIAMADEUP", "AWS_SECRET_ACCESS_KEY": "made-up",
    "AWS_SESSION_TOKEN": "token", "AWS_PROFILE": "work", "AWS_DEFAULT_REGION": "sa-east-1",
    "HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "socks5://127.0.0.1:9",
    "AWS_CA_BUNDLE": "/nowhere", "NO_PROXY": "example.com",
}  # fmt: skip
# The embedded store by https, and a proxy that says whereto it is asked.
PROGRAM = """
import socket, ssl, sys
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
sys.path.insert(0, "/tests")
from support.tunnel import Tunnel, pass_on

class Told(list):
    def append(self, host):
        print("asked for", host, flush=True)

class Front(BaseRequestHandler):
    def handle(self):
        client = context.wrap_socket(self.request, server_side=True)
        with socket.create_connection(("s3", 8333)) as store:
            Thread(target=pass_on, args=(store, client), daemon=True).start()
            pass_on(client, store)

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/keys/server.pem", "/keys/server.key")
proxy = ThreadingTCPServer(("", 3128), type("Proxy", (Tunnel,), {"asked": Told()}))
Thread(target=proxy.serve_forever, daemon=True).start()
ThreadingTCPServer(("", 443), Front).serve_forever()
"""


@pytest.fixture(scope="module")
def front(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The container of the program, in the store's network; the stack's clone has the authority."""
    keys = tmp_path_factory.mktemp("front") / "keys"
    make_certificates(keys, f"DNS:{NAME}")
    shutil.copy(keys / "ca.pem", stack.checkout.path / "ca.pem")
    started = docker(
        "run", "--detach", "--network=clone_store", f"--network-alias={NAME}",
        f"--volume={keys}:/keys:ro", f"--volume={ROOT}/tests:/tests:ro", "clone-python",
        "python3", "-c", PROGRAM,
    )  # fmt: skip
    container = started.strip()
    listens = "import socket; socket.create_connection(('127.0.0.1', 443))"
    try:
        wait_for("it listens", lambda: succeeds("exec", container, "python3", "-c", listens))
        yield container
    finally:
        docker("rm", "--force", container)
        (stack.checkout.path / "ca.pem").unlink()


def docker(*arguments: str) -> str:
    return subprocess.run(
        ["docker", *arguments], check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def succeeds(*arguments: str) -> bool:
    return subprocess.run(["docker", *arguments], capture_output=True, check=False).returncode == 0


def test_store_with_an_authority_of_ones_own(clone: Checkout, front: str) -> None:
    """Is trusted by S3_CA_FILE, and refused without; through a proxy and past it."""
    (key, *_) = clone.objects()
    https = {"AWS_ENDPOINT_URL_S3": f"https://{NAME}"}
    refused = clone.run("docker", "compose", *LIST, **https)
    assert refused.returncode == 1
    assert "certificate verify failed" in refused.stdout
    trusted = https | {"S3_CA_FILE": "./ca.pem"}
    assert key in clone.compose(*LIST, **trusted)
    assert key in clone.compose(*LIST, **trusted, HTTPS_PROXY=PROXY, NO_PROXY=NAME)
    assert docker("logs", front) == ""
    assert key in clone.compose(*LIST, **trusted, HTTPS_PROXY=PROXY)
    assert set(docker("logs", front).splitlines()) == {f"asked for {NAME}:443"}


def test_shell_of_somebody_does_not_come_between_us_and_the_embedded_store(clone: Checkout) -> None:
    """Neither by the keys of another store nor by a proxy."""
    (key, *_) = clone.objects()
    assert key in clone.compose(*LIST, **SHELL)
    nobody_listens = "http://127.0.0.1:9"
    named = {"AWS_ENDPOINT_URL_S3": "http://s3:8333", "HTTP_PROXY": nobody_listens}
    assert key in clone.compose(*LIST, **named)


def test_profile_is_found_in_a_folder_that_an_override_mounts(clone: Checkout) -> None:
    """As the page of accounts shows it."""
    (key, *_) = clone.objects()
    key_id, secret, bucket = clone.credentials()
    file = clone.path / ".aws/credentials"
    file.parent.mkdir(mode=0o700)
    file.write_text(f"[work]\naws_access_key_id = {key_id}\naws_secret_access_key = {secret}\n")
    file.chmod(0o600)
    clone.run("chown", "-R", f"{USER}:{USER}", str(file.parent))
    override = clone.path / "docker-compose.override.yml"
    page = (clone.path / "scripts/aws.md").read_text()
    override.write_text(page.partition("```yaml\n")[2].partition("```")[0])
    settings = {"CREDENTIALS_FILE": "/dev/null", "S3_BUCKET": bucket, "HOME": str(clone.path)}
    tick = ("run", "--rm", "--no-deps", "-T", "send-to-s3", "python3", "/scripts/send-to-s3.py")
    try:
        assert key in clone.compose(*LIST, **settings, AWS_PROFILE="work")
        clone.compose(*tick, **settings, AWS_PROFILE="work")
        other = clone.run("docker", "compose", *tick, **settings, AWS_PROFILE="play")
        assert other.returncode == 2
        assert ",AWS_PROFILE: " in other.stderr
    finally:
        override.unlink()


def test_two_stacks_run_side_by_side(clone: Checkout) -> None:
    """With a name and ports of its own, the second one's dump is in the second one's store."""
    ours = clone.objects()
    second = {
        "COMPOSE_PROJECT_NAME": "beside", "S3_PORT": "18333", "STATUS_PORT": "18334",
        "DUMPS_DIR": "./beside/dumps", "LOGS_DIR": "./beside/logs",
    }  # fmt: skip
    try:
        clone.compose("up", "--detach", "--quiet-pull", **second)
        wait_for(
            "the second one's dump",
            lambda: clone.compose("ps", "--all", "--status=exited", "--quiet", "dump", **second),
        )
        clone.compose("exec", "-T", "send-to-s3", "python3", "/scripts/send-to-s3.py", **second)
        listed = clone.compose("run", "--rm", "-T", "restore", "--list", **second).splitlines()
        published = clone.compose("port", "s3", "8333", **second)
    finally:
        clone.compose("--profile", "*", "down", "--volumes", "--timeout", "2", **second)
        images = [f"beside-{name}" for name in ("python", "dump", "watch", "status")]
        subprocess.run(["docker", "rmi", *images], check=False)
    assert published == "127.0.0.1:18333\n"
    assert len(listed) == 2
    assert listed[1].split()[0].endswith("/datadump1.sql")
    assert clone.objects() == ours
