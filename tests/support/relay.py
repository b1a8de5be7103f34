"""A relay between the dump and its server, by which a test acts exactly at a certain query.

From then on it can also be a slow network.
"""

from __future__ import annotations

import math
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Relay:
    """Passes all connections on; before the first packet that has the text, ``act`` is called."""

    def __init__(
        self, port: int, text: bytes, act: Callable[[], object], bytes_a_second: float
    ) -> None:
        self.target, self.text, self.act = port, text, act
        self.bytes_a_second = bytes_a_second  # once the text was seen
        self.seen = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = str(self.listener.getsockname()[1])

    def serve(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:  # closed: the end
                return
            server = socket.create_connection(("127.0.0.1", self.target))
            for source, drain in ((client, server), (server, client)):
                threading.Thread(target=self.pass_on, args=(source, drain), daemon=True).start()

    def pass_on(self, source: socket.socket, drain: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                if self.text in data and not self.seen.is_set():
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
def at_query(
    port: int,
    text: bytes,
    act: Callable[[], object] = lambda: None,
    bytes_a_second: float = math.inf,
) -> Iterator[str]:
    """The port to connect to instead of the server's; fails when the query never came."""
    relay = Relay(port, text, act, bytes_a_second)
    threading.Thread(target=relay.serve, daemon=True).start()
    try:
        yield relay.port
    finally:
        relay.listener.shutdown(socket.SHUT_RDWR)
        relay.listener.close()
    assert relay.seen.is_set(), f"no query had {text!r}"
