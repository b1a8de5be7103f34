"""A relay between a program and its server, by which a test acts exactly at a certain query.

From then on it can also be a slow network.
"""

from __future__ import annotations

import math
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LOOPBACK = "127.0.0.1"


class Relay:
    """Passes all connections on; before the first packet that has the text, ``act`` is called."""

    text = b""  # until there is one, nothing is looked for
    act: Callable[[], object]
    bytes_a_second = math.inf  # once the text was seen

    def __init__(self, target: tuple[str, int], host: str = LOOPBACK) -> None:
        self.target = target
        self.seen = threading.Event()
        self.listener = socket.create_server((host, 0))
        self.port = str(self.listener.getsockname()[1])

    def serve(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:  # closed: the end
                return
            server = socket.create_connection(self.target)
            for source, drain in ((client, server), (server, client)):
                threading.Thread(target=self.pass_on, args=(source, drain), daemon=True).start()

    def pass_on(self, source: socket.socket, drain: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                if self.text and self.text in data and not self.seen.is_set():
                    self.seen.set()
                    self.act()
                if self.seen.is_set():
                    time.sleep(len(data) / self.bytes_a_second)
                drain.sendall(data)
            drain.shutdown(socket.SHUT_WR)
        except OSError:  # one side is gone
            source.close()
            drain.close()


@contextmanager
def serving(relay: Relay) -> Iterator[None]:
    """It relays as long as it is needed; connections that are open end by themselves."""
    threading.Thread(target=relay.serve, daemon=True).start()
    try:
        yield
    finally:
        relay.listener.shutdown(socket.SHUT_RDWR)
        relay.listener.close()


@contextmanager
def at_query(
    port: int,
    text: bytes,
    act: Callable[[], object] = lambda: None,
    bytes_a_second: float = math.inf,
) -> Iterator[str]:
    """The port to connect to instead of the server's; fails when the query never came."""
    relay = Relay((LOOPBACK, port))
    relay.text, relay.act, relay.bytes_a_second = text, act, bytes_a_second
    with serving(relay):
        yield relay.port
    assert relay.seen.is_set(), f"no query had {text!r}"
