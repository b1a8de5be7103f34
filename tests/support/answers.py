"""A bucket whose store gives the answers that a test wants; boto3 reads them as those of any."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from datadump.s3.bucket import Bucket
from datadump.s3.client import connect
from datadump.settings.store import Credentials, StoreAccess

from support.proxy import Answer

ENDPOINT = "http://store.example:9000"
NAME = "backups"


class Raw(BytesIO):
    """An answer's bytes, as urllib3 has them."""

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        yield self.read()


@dataclass
class Answering:
    """Gives the answers in turn, and the last one to all further requests."""

    answers: list[Answer]
    asked: list[str] = field(default_factory=list)  # method and path

    def __call__(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        self.asked.append(f"{request.method} {request.url.removeprefix(ENDPOINT)}")
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        body = b"" if request.method == "HEAD" else answer.body
        return AWSResponse(request.url, answer.status, dict(answer.headers), Raw(body))


def bucket_with(*answers: Answer, endpoint: str = ENDPOINT) -> tuple[Bucket, list[str]]:
    """The bucket, and the requests that it sent until now."""
    keys = Credentials("id", "secret")
    bucket = connect(StoreAccess(keys, NAME, endpoint, "us-east-1", "auto"))
    answering = Answering(list(answers))
    bucket.client.meta.events.register("before-send.s3", answering)
    return bucket, answering.asked


def error(code: str, message: str = "", *, status: int = 400, more: str = "") -> Answer:
    """A store's own; ``more``: other elements of it."""
    body = f"<Error><Code>{code}</Code><Message>{message}</Message>{more}</Error>"
    return Answer(status, (("Content-Type", "application/xml"),), body.encode())
