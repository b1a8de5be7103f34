"""The embedded store: closed but for its S3 port, with keys that nobody else has."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from support.compose import Checkout
from support.waiting import wait_for

S3, GRPC = 8333, 18333
WARNING = "warning: the backups of db.example.com lie on this machine only"

# The ports of s3 that accept a connection.
SCAN = """
import socket
address = socket.gethostbyname("s3")
for port in range(1, 65536):
    with socket.socket() as probe:
        probe.settimeout(5)
        if probe.connect_ex((address, port)) == 0:
            print(port)
"""
# A gRPC request without a signature, by its bytes (RFC 9113, and SeaweedFS' weed/pb/s3.proto): make
# an administrator with these keys. Prints what S3 says to them then.
MAKE_ACCOUNT = """
import boto3, socket, struct
from botocore.exceptions import ClientError

def field(number, value):
    return bytes([number << 3 | 2, len(value)]) + value

def frame(kind, flags, stream, payload):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload

def header(name, value):
    return b"\\0" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()

keys = field(1, b"MADEUPKEY") + field(2, b"made-up-secret")
request = field(1, field(1, b"nobody") + field(2, keys) + field(3, b"Admin"))
headers = {
    ":method": "POST", ":scheme": "http", ":authority": "s3", "te": "trailers",
    ":path": "/messaging_pb.SeaweedS3IamCache/PutIdentity", "content-type": "application/grpc",
}
with socket.create_connection(("s3", 18333), 5) as connection:
    connection.sendall(
        b"PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n" + frame(4, 0, 0, b"")
        + frame(1, 4, 1, b"".join(header(*item) for item in sorted(headers.items())))
        + frame(0, 1, 1, b"\\0" + struct.pack(">I", len(request)) + request)
    )
    answers = connection.makefile("rb")
    while start := answers.read(9):
        answers.read(int.from_bytes(start[:3]))
        if start[3] == 1 and start[4] & 1: # the headers that end the stream
            print("answered")
            break
client = boto3.client(
    "s3", endpoint_url="http://s3:8333", aws_access_key_id="MADEUPKEY",
    aws_secret_access_key="made-up-secret", region_name="us-east-1",
)
try:
    client.list_buckets()
    print("let in")
except ClientError as error:
    print(error.response["Error"]["Code"])
"""
# The status of each request, which carries no signature.
ASK = """
import sys, urllib.error, urllib.request
for method, path in zip(sys.argv[1::2], sys.argv[2::2]):
    request = urllib.request.Request("http://s3:8333" + path, b"x", method=method)
    try:
        print(urllib.request.urlopen(request, timeout=5).status)
    except urllib.error.HTTPError as error:
        print(error.code)
"""


def in_another_container(clone: Checkout, script: str, *arguments: str) -> list[str]:
    """What the Python script prints in the uploader's container, which shares the network."""
    printed = clone.compose("exec", "-T", "send-to-s3", "python3", "-c", script, *arguments)
    return printed.splitlines()


def test_nothing_of_the_store_answers_other_containers_but_s3(clone: Checkout) -> None:
    """Neither filer, master nor volume server, which ask for no keys.

    The S3 server's gRPC port can't be bound apart from its S3 port. It answers, and does nothing
    for who can't sign.
    """
    assert in_another_container(clone, SCAN) == [str(S3), str(GRPC)]
    assert in_another_container(clone, MAKE_ACCOUNT) == ["answered", "InvalidAccessKeyId"]


def test_s3_asks_for_keys(clone: Checkout) -> None:
    """Whatever a request wants; with keys, all other tests show."""
    bucket = clone.credentials()[2]
    (key,) = clone.objects()[:1]
    wanted = [
        "GET", "/", "GET", f"/{bucket}", "GET", f"/{bucket}/{key}", "PUT", f"/{bucket}/new",
        "DELETE", f"/{bucket}/{key}", "PUT", "/new-bucket",
    ]  # fmt: skip
    assert set(in_another_container(clone, ASK, *wanted)) == {"403"}
    assert key in clone.objects()


def test_boto3_finds_the_keys_itself_where_the_file_is_the_null_device(clone: Checkout) -> None:
    """Those of the store, which lie there, too, are then not taken."""
    key_id, secret, bucket = clone.credentials()
    command = ("run", "--rm", "--no-deps", "-T", "restore", "--list")
    keys = {"AWS_ACCESS_KEY_ID": key_id, "AWS_SECRET_ACCESS_KEY": secret}
    settings = {"CREDENTIALS_FILE": "/dev/null", "S3_BUCKET": bucket}
    assert clone.objects()[0] in clone.compose(*command, **settings, **keys)
    refused = clone.run("docker", "compose", *command, CREDENTIALS_FILE="/dev/null", **keys)
    assert refused.returncode == 2
    assert ",S3_BUCKET: " in refused.stderr


@contextmanager
def fresh_store(clone: Checkout, **settings: str) -> Iterator[str]:
    """The container of a store with volumes of its own, beside the running one."""
    project = ("--project-name", "fresh")
    container = clone.compose(*project, "run", "--detach", "s3", **settings).split()[-1]
    try:
        yield container
    finally:
        subprocess.run(["docker", "rm", "--force", container], check=True, capture_output=True)
        clone.compose(*project, "down", "--volumes", **settings)


def docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", *arguments], text=True, capture_output=True, check=False)


def test_keys_are_made_at_the_first_start(clone: Checkout) -> None:
    """No two stores have the same, and one keeps its own. They are the owner's alone to read."""
    ours = clone.credentials()
    clone.compose("restart", "--timeout", "5", "s3")
    assert clone.credentials() == ours
    with fresh_store(clone) as container:
        read = ("exec", container, "cat", "/store/credentials.txt")
        wait_for("a new store's keys", lambda: docker(*read).returncode == 0)
        theirs = docker(*read).stdout.split()
        mode = docker("exec", container, "stat", "-c", "%a", "/store/credentials.txt").stdout
    assert ours[2] == theirs[2] == "database-dumps"
    assert not set(ours[:2]) & set(theirs[:2])
    assert [len(secret) for secret in theirs[:2]] == [20, 40]
    assert mode.strip() == "600"


@pytest.mark.parametrize("database", ["", "db.example.com"])
def test_store_warns_where_the_database_is_ones_own(clone: Checkout, database: str) -> None:
    """The backups would be lost with this machine. The sample needs no warning."""
    with fresh_store(clone, DB_HOST=database) as container:
        ask = ("exec", container, "wget", "-qO-", f"http://127.0.0.1:{S3}/healthz")
        wait_for("the store is up", lambda: docker(*ask).returncode == 0)
        told = docker("logs", container)
    assert (WARNING in told.stderr) == bool(database)


@pytest.mark.parametrize("part", ["s3", "mini"])
def test_container_ends_with_each_of_its_processes(clone: Checkout, part: str) -> None:
    """And starts anew; a kill costs no object."""
    before = clone.objects()
    name = clone.container("s3")["Id"]
    restarts = clone.container("s3")["RestartCount"]
    listed = docker("top", name, "-eo", "pid,args").stdout.splitlines()
    (pid,) = [line.split()[0] for line in listed if f"weed {part} " in line]
    os.kill(int(pid), signal.SIGKILL)
    wait_for("a restart", lambda: clone.container("s3")["RestartCount"] == restarts + 1)
    clone.compose("up", "--detach", "--wait", "--no-recreate", "s3")
    assert clone.objects() == before
