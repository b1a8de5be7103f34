"""A proxy as companies have one, for https: it lets a client through to whatever host it names."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socketserver import StreamRequestHandler, ThreadingTCPServer


class Tunnel(StreamRequestHandler):
    """One connection of a client's, which begins by ``CONNECT host:port``."""

    rbufsize = 0  # what follows the request is for the other end
    asked: list[str]

    def handle(self) -> None:
        host, _, port = self.rfile.readline().split()[1].decode().partition(":")
        while self.rfile.readline().strip():
            pass
        self.asked.append(f"{host}:{port}")
        with socket.create_connection((host, int(port))) as server:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=pass_on, args=(server, self.connection), daemon=True)
            back.start()
            pass_on(self.connection, server)
            back.join()


def pass_on(source: socket.socket, drain: socket.socket) -> None:
    with suppress(OSError):  # one side is gone
        while data := source.recv(65536):
            drain.sendall(data)
    with suppress(OSError):
        drain.shutdown(socket.SHUT_WR)


@contextmanager
def running_tunnel() -> Iterator[tuple[str, list[str]]]:
    """Its URL, and what it was asked for until now: ``127.0.0.1:8333``."""
    asked: list[str] = []
    handler = type("BoundTunnel", (Tunnel,), {"asked": asked})
    with ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", asked
        finally:
            server.shutdown()
            thread.join()
