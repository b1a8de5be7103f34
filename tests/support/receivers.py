"""Who is told: a real SMTP server and a real HTTP endpoint, on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

from support.waiting import free_port


class Mailbox:
    """What the SMTP server has taken."""

    def __init__(self) -> None:
        self.subjects: list[str] = []
        self.texts: list[str] = []

    async def handle_DATA(self, _: Any, __: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's
        mail = message_from_bytes(envelope.content, policy=default)
        body = mail.get_body(("plain", "html"))
        assert body is not None
        self.subjects.append(str(mail["Subject"]))
        self.texts.append(body.get_content())
        return "250 OK"


@contextmanager
def running_smtp(port: int = 0) -> Iterator[tuple[Mailbox, str]]:
    """A mail server, and the URL by which Apprise sends there."""
    mailbox, port = Mailbox(), port or free_port()
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield mailbox, mail_url(port)
    finally:
        controller.stop()


def mail_url(port: int) -> str:
    """Of a mail server there, or of none."""
    return f"mailto://127.0.0.1:{port}?to=me@example.com&from=watch@example.com"


@contextmanager
def running_http() -> Iterator[tuple[list[str], str]]:
    """An endpoint, whose requests are listed as ``GET /path``; the rest is its URL."""
    requests: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            requests.append(f"{self.command} {self.path}")
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

        do_GET = do_POST = answer  # noqa: N815

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield requests, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
