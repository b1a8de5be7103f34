"""A proxy between the uploader and the store that breaks what a network and a store break."""

from __future__ import annotations

import http.client
import re
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit

from support.store import Store

ERROR = "<Error><Code>{}</Code><Message>by the proxy</Message></Error>"
LISTINGS = ("nothing listed", "listing cut", "listing encoded")
EMPTY_LISTING = b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"
OF_ONE_CONNECTION = {"transfer-encoding", "connection", "content-length"}
CODES = {
    500: "InternalError",
    503: "SlowDown",
    403: "AccessDenied",
    400: "InvalidArgument",
    409: "ConditionalRequestConflict",
    412: "PreconditionFailed",
    404: "NoSuchBucket",
    405: "MethodNotAllowed",
    501: "NotImplemented",
}


@dataclass
class Request:
    """What a fault is chosen by."""

    method: str
    path: str
    length: int
    headers: dict[str, str]  # names in lower case

    @property
    def is_object_put(self) -> bool:
        return self.method == "PUT" and "/datadump" in self.path and not self.is_part

    @property
    def is_part(self) -> bool:
        return self.method == "PUT" and "partNumber=" in self.path

    @property
    def ends_uploads(self) -> bool:
        """It looks for open multipart uploads, or aborts one."""
        return self.lists_uploads or (self.method == "DELETE" and "uploadId=" in self.path)

    @property
    def lists_objects(self) -> bool:
        return self.method == "GET" and "list-type=2" in self.path

    @property
    def lists_parts(self) -> bool:
        return self.method == "GET" and "uploadId=" in self.path

    @property
    def lists_uploads(self) -> bool:
        return self.method == "GET" and "uploads" in self.path

    @property
    def completes(self) -> bool:
        return self.method == "POST" and "uploadId=" in self.path


class Answer(NamedTuple):
    """What is answered in the store's place."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


PAGE = Answer(200, (("Content-Type", "text/html"),), b"<html><body>Welcome!</body></html>")

# A status to answer with, an answer, or "cut": the connection ends before the store sees the
# request, "half": in the middle of its body, "lost": after the store carried it out, "torn": in the
# middle of the answer's body, "slow": it takes half a second, "aborted": a 409 of another name. Of
# a listing alone, "nothing listed": that of an empty folder, "listing cut": nothing of what there
# is, and that there is more, "listing encoded": keys once more than it says.
Fault = int | str | Answer | None
Chooser = Callable[[Request], Fault]


@dataclass
class Proxy:
    """A running proxy; ``choose`` may be changed at any time."""

    url: str
    choose: Chooser = lambda request: None
    faults: Counter[str] = field(default_factory=Counter)
    part_bytes: int = 0  # of the bodies of UploadPart that were passed on
    requests: list[Request] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)  # headers and elements of the store's answers
    ignores_conditions: bool = False  # as if the store did: what has the key goes before a request
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, request: Request, fault: Fault) -> None:
        with self._lock:
            self.requests.append(request)
            if fault is not None:
                self.faults[str(fault)] += 1
            if request.is_part and fault in {None, "slow", "lost"}:
                self.part_bytes += request.length


class Handler(BaseHTTPRequestHandler):
    """One connection of the client's."""

    protocol_version = "HTTP/1.1"
    proxy: Proxy
    store: Store

    def handle_any(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.chunked = headers.get("transfer-encoding") == "chunked"
        length = int(headers.get("content-length", headers.get("x-amz-decoded-content-length", 0)))
        request = Request(self.command, self.path, length, headers)
        fault = self.proxy.choose(request)
        self.proxy.count(request, fault)
        if fault == "cut":
            self.close_connection = True
            return
        if fault == "half":
            self.rfile.read(request.length // 2)
            self.close_connection = True
            return
        body = self.read_chunks() if self.chunked else self.rfile.read(request.length)
        if isinstance(fault, int):
            self.answer(fault, {}, ERROR.format(CODES[fault]).encode() if fault in CODES else b"")
            return
        if fault == "aborted":
            self.answer(409, {}, ERROR.format("OperationAborted").encode())
            return
        if fault == "nothing listed":
            self.answer(200, {}, EMPTY_LISTING)
            return
        if isinstance(fault, Answer):
            self.answer(fault.status, dict(fault.headers), fault.body)
            return
        if self.proxy.ignores_conditions and "if-none-match" in headers:
            bucket, _, key = unquote(urlsplit(self.path).path)[1:].partition("/")
            self.store.remove(bucket, key)
        if fault == "slow":
            time.sleep(0.5)
        self.pass_on(body, fault)

    def read_chunks(self) -> bytes:
        """A body whose length the client doesn't tell: over https it ends in a checksum."""
        chunks = []
        while line := self.rfile.readline():
            length = int(line.split(b";")[0], 16)
            chunks.append(self.rfile.read(length))
            self.rfile.readline()
            if not length:
                return b"".join(chunks)
        raise ConnectionResetError

    def connection_to_store(self) -> http.client.HTTPConnection:
        address = urlsplit(self.store.endpoint_url).netloc
        if not self.store.certificate:
            return http.client.HTTPConnection(address, timeout=60)
        context = ssl.create_default_context(cafile=self.store.certificate.path)
        return http.client.HTTPSConnection(address, timeout=60, context=context)

    def pass_on(self, body: bytes, fault: Fault) -> None:
        connection = self.connection_to_store()
        try:
            connection.putrequest(
                self.command, self.path, skip_host=True, skip_accept_encoding=True
            )
            for name, value in self.headers.items():
                if name.lower() != "expect":
                    connection.putheader(name, value)
            connection.endheaders(body, encode_chunked=self.chunked)
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        if fault == "lost":
            self.close_connection = True
            return
        dropped = OF_ONE_CONNECTION | {name.lower() for name in self.proxy.hidden}
        headers = {n: v for n, v in response.getheaders() if n.lower() not in dropped}
        if content.startswith(b"<?xml"):
            for element in self.proxy.hidden:
                content = re.sub(rf"<{element}>[^<]*</{element}>".encode(), b"", content)
        length = response.getheader("Content-Length") if self.command == "HEAD" else None
        if fault == "listing cut":
            content = re.sub(rb"<Contents>.*</Contents>", b"", content, flags=re.DOTALL)
            content = content.replace(b"<IsTruncated>false<", b"<IsTruncated>true<")
        if fault == "listing encoded":
            content = re.sub(rb"(?<=<Key>)[^<]*", twice_quoted, content)
        if fault == "torn":
            self.close_connection = True
            length, content = str(len(content)), content[: len(content) // 2]
        self.answer(response.status, headers, content, length)

    def answer(
        self, status: int, headers: dict[str, str], body: bytes, length: str | None = None
    ) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Content-Length" not in self.proxy.hidden:
            self.send_header("Content-Length", length or str(len(body)))
        elif self.command != "HEAD":
            self.send_header("Transfer-Encoding", "chunked")
            body = b"%x\r\n%b\r\n" % (len(body), body) * bool(body) + b"0\r\n\r\n"
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:  # the client was killed
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any  # noqa: N815


def twice_quoted(match: re.Match[bytes]) -> bytes:
    return quote(quote(match[0], ""), "").encode()


@contextmanager
def running_proxy(store: Store) -> Iterator[Proxy]:
    """A proxy on a free port of the loopback interface, in front of that store."""
    proxy = Proxy("")
    handler = type("BoundHandler", (Handler,), {"proxy": proxy, "store": store})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        scheme = "http"
        if store.certificate:
            scheme = "https"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*store.certificate)
            # The handshake belongs to the connection's own thread.
            server.socket = context.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        proxy.url = f"{scheme}://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            thread.join()
