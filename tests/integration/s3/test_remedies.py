"""What a tick says where a real store, or none, refuses it and the remedy is known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.programs import Workplace
from support.store import ADMIN, Store, uploader_workplace

SECURE, PLAIN = "seaweedfs-https", "seaweedfs-http"


@pytest.fixture
def work(tmp_path: Path, stores: Callable[[str], Store]) -> Workplace:
    """With a dump that waits, and settings for the store that speaks https."""
    work = uploader_workplace(tmp_path / "work", stores(SECURE), "backups")
    (work.dumps / "datadump.sql").write_bytes(b"dump")
    return work


def said(work: Workplace, **settings: str) -> str:
    """The line of a tick that fails; the dump stays."""
    result = work.tick(**settings)
    assert result.returncode == 1, result.stdout
    assert "Traceback" not in result.stderr
    assert work.files() == {"datadump.sql": b"dump"}
    (message,) = work.messages()
    assert "s3://backups" in message
    return message


def test_http_asked_of_a_port_that_speaks_https(work: Workplace) -> None:
    """The endpoint's scheme is named."""
    endpoint = work.settings["AWS_ENDPOINT_URL_S3"].replace("https:", "http:")
    message = said(work, AWS_ENDPOINT_URL_S3=endpoint)
    assert message.endswith("if the store speaks https there: AWS_ENDPOINT_URL_S3=https://...")


def test_https_asked_of_a_port_that_speaks_http(
    work: Workplace, stores: Callable[[str], Store]
) -> None:
    """And the other way round."""
    endpoint = stores(PLAIN).endpoint_url.replace("http:", "https:")
    message = said(work, AWS_ENDPOINT_URL_S3=endpoint)
    assert message.endswith("if the store speaks http there: AWS_ENDPOINT_URL_S3=http://...")


def test_certificate_by_an_unknown_authority_names_the_setting(work: Workplace) -> None:
    """Compose's, and the one that boto3 knows."""
    message = said(work, AWS_CA_BUNDLE="")
    assert "AWS_CA_BUNDLE, which compose makes of S3_CA_FILE, has to name a file" in message


def test_certificate_of_another_host_is_told_from_an_unknown_authority(work: Workplace) -> None:
    """It is for 127.0.0.1 alone."""
    endpoint = work.settings["AWS_ENDPOINT_URL_S3"].replace("127.0.0.1", "localhost")
    message = said(work, AWS_ENDPOINT_URL_S3=endpoint)
    assert "the certificate is another host's" in message


def test_file_that_is_no_certificate_is_named(work: Workplace, tmp_path: Path) -> None:
    """Not a store's fault."""
    (tmp_path / "empty.pem").write_text("no certificate\n")
    message = said(work, AWS_CA_BUNDLE=str(tmp_path / "empty.pem"))
    assert "has to name a file of certificates (PEM)" in message


def test_wrong_secret_key_is_said_to_be_that_or_a_proxy(work: Workplace) -> None:
    """Both end in a signature that doesn't match."""
    keys = [ADMIN.access_key_id, "wrong", "backups"]
    Path(work.settings["CREDENTIALS_FILE"]).write_text("\n".join(keys))
    message = said(work)
    assert "(SignatureDoesNotMatch)" in message
    assert message.endswith(
        "the secret key isn't this key id's, or a proxy on the way changes path or host"
    )


def test_unknown_key_id_says_what_the_file_holds(work: Workplace) -> None:
    """Keys without quotes and names, in this order."""
    Path(work.settings["CREDENTIALS_FILE"]).write_text("somebody\nsecret\nbackups\n")
    message = said(work)
    assert "(InvalidAccessKeyId)" in message
    assert "key id, secret key and bucket, in this order" in message
