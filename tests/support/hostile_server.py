"""A server of the MySQL protocol that means harm: no real one can be told to do what it does.

It greets as a MariaDB server without TLS, lets everybody in, and answers each query by the first of
its ``answers`` whose text is in it; all other queries succeed without rows. Also, where it is told
to, it asks for a file of the client's in answer to every query (LOCAL INFILE), or for the password
by another authentication plugin. All that a client sends is kept. The formats are those of the page
"Client/Server Protocol" in MariaDB's documentation.

    with hostile_server({"SELECT VERSION()": [("11.8.2-MariaDB",)]}) as server:
        dumps.dump(DB_PORT=server.port)
    assert server.received == []
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Rows = Sequence[Sequence[str]]

LONGEST_SILENCE = 30  # seconds of a client, until its connection is closed
QUIT, QUERY = 1, 3  # commands
OK = b"\0\0\0\2\0\0\0"
END = b"\xfe\0\0\2\0"  # of the columns, and of the rows
# Long passwords and flags, a database at login, protocol 4.1, LOCAL INFILE, transactions, secure
# connections, several results, plugins. TLS (0x800) isn't among them.
CAPABILITIES = 0x1 | 0x4 | 0x8 | 0x80 | 0x200 | 0x2000 | 0x8000 | 0x20000 | 0x80000
UTF8 = 33
TEXT = 253  # the type of every column
FILE_WANTED, OTHER_PLUGIN = b"\xfb", b"\xfe"
SCRAMBLE = b"abcdefghijklmnopqrst"
ASKING = (
    b"\5Your password, please:        \0"  # as the plugin ``dialog`` reads it: show this, send all
)


@dataclass
class HostileServer:
    """What it does, and what came of it."""

    answers: Mapping[str, Rows]
    wanted_file: str = ""  # that it asks the client for, in answer to every query
    wanted_plugin: str = ""  # by which the client is to send its password
    logins: list[bytes] = field(default_factory=list)  # what clients sent to be let in
    queries: list[str] = field(default_factory=list)
    received: list[bytes] = field(default_factory=list)  # of the file
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    threads: list[threading.Thread] = field(default_factory=list)

    @property
    def port(self) -> str:
        return str(self.listener.getsockname()[1])

    def start(self, target: Callable[..., None], *arguments: object) -> None:
        self.threads.append(threading.Thread(target=target, args=arguments, daemon=True))
        self.threads[-1].start()

    def serve(self) -> None:
        """Until the listener is closed."""
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                client.settimeout(LONGEST_SILENCE)
                self.start(self.attend, client)

    def stop(self) -> None:
        """And wait for the ends of all clients: what they sent is then known."""
        self.listener.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join(LONGEST_SILENCE)
        self.listener.close()

    def attend(self, client: socket.socket) -> None:
        """One client, to its end."""
        with suppress(OSError), client:
            connection = Connection(client)
            self.let_in(connection)
            while (command := connection.receive())[:1] not in {b"", bytes([QUIT])}:
                if command[0] == QUERY:
                    self.answer(connection, command[1:].decode(errors="replace"))
                else:
                    connection.send(OK)

    def let_in(self, connection: Connection) -> None:
        connection.send(greeting())
        self.logins.append(connection.receive())
        if self.wanted_plugin:
            connection.send(OTHER_PLUGIN + self.wanted_plugin.encode() + b"\0" + ASKING)
            self.logins.append(connection.receive())
        connection.send(OK)

    def answer(self, connection: Connection, query: str) -> None:
        self.queries.append(query)
        if self.wanted_file:
            connection.send(FILE_WANTED + self.wanted_file.encode())
            while part := connection.receive():
                self.received.append(part)
            connection.send(OK)
            return
        for text, rows in self.answers.items():
            if text in query and rows:
                connection.send_all(result(rows))
                return
        connection.send(OK)


class Connection:
    """Packets over a socket: each has its length and its number in front."""

    def __init__(self, client: socket.socket) -> None:
        self.client, self.number = client, 0

    def receive(self) -> bytes:
        """The next packet; empty at the end, too."""
        head = self.read(4)
        if not head:
            return b""
        self.number = head[3] + 1
        return self.read(int.from_bytes(head[:3], "little"))

    def read(self, size: int) -> bytes:
        content = b""
        while len(content) < size and (part := self.client.recv(size - len(content))):
            content += part
        return content

    def send(self, packet: bytes) -> None:
        head = len(packet).to_bytes(3, "little") + bytes([self.number % 256])
        self.client.sendall(head + packet)
        self.number += 1

    def send_all(self, packets: Iterable[bytes]) -> None:
        for packet in packets:
            self.send(packet)


def greeting() -> bytes:
    """The first packet: who it is, what it can do, and what the password is to be hashed with."""
    return (
        b"\x0a5.5.5-11.8.2-MariaDB\0"
        + struct.pack("<I", 1) + SCRAMBLE[:8] + b"\0"
        + struct.pack("<HBHH", CAPABILITIES & 0xFFFF, UTF8, 2, CAPABILITIES >> 16)
        + bytes([len(SCRAMBLE) + 1]) + bytes(10) + SCRAMBLE[8:] + b"\0mysql_native_password\0"
    )  # fmt: skip


def result(rows: Rows) -> Iterator[bytes]:
    """The packets of a result; all columns are texts."""
    yield bytes([len(rows[0])])
    for _ in rows[0]:
        names = [b"def", b"", b"", b"", b"column", b""]
        kind = struct.pack("<BHIBHBH", 12, UTF8, 1024, TEXT, 0, 0, 0)
        yield b"".join(bytes([len(name)]) + name for name in names) + kind
    yield END
    for row in rows:
        yield b"".join(sized(value.encode()) for value in row)
    yield END


def sized(value: bytes) -> bytes:
    """A text with its length, by which it may be of any size up to 16 MB."""
    return b"\xfd" + len(value).to_bytes(3, "little") + value


@contextmanager
def hostile_server(
    answers: Mapping[str, Rows] | None = None, *, wanted_file: str = "", wanted_plugin: str = ""
) -> Iterator[HostileServer]:
    """On a port of the loopback interface, for as long as the context lasts."""
    server = HostileServer(answers or {}, wanted_file, wanted_plugin)
    server.start(server.serve)
    try:
        yield server
    finally:
        server.stop()
