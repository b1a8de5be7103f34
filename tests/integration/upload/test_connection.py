"""The way to the store as people have it: proxies, addressing, keys that boto3 finds itself."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from support.programs import Workplace
from support.proxy import running_proxy
from support.store import DOMAIN, Store
from support.tunnel import running_tunnel

DUMP = b"dump"
ONE_STORE = pytest.mark.parametrize("store", ["seaweedfs-http"], indirect=True)


@pytest.fixture
def waiting(uploads: Workplace) -> Workplace:
    """A dump waits."""
    (uploads.dumps / "datadump.sql").write_bytes(DUMP)
    return uploads


def has_arrived(store: Store, bucket: str) -> bool:
    return list(store.objects(bucket).values()) == [DUMP]


def test_proxy_of_the_endpoints_scheme_is_gone_through(
    waiting: Workplace, store: Store, bucket: str
) -> None:
    """Unless NO_PROXY names the store."""
    with running_tunnel() as (tunnel, asked), running_proxy(store) as proxy:
        for no_proxy in ("127.0.0.1", "s3.example.com"):
            (waiting.dumps / "datadump.sql").write_bytes(DUMP)
            proxies = {"HTTPS_PROXY": tunnel, "HTTP_PROXY": proxy.url, "NO_PROXY": no_proxy}
            if store.certificate:
                proxies["HTTP_PROXY"] = "nonsense://"  # which isn't looked at
            assert waiting.tick(**proxies).returncode == 0, waiting.messages()
            gone_through = {*asked, *(urlsplit(one.path).netloc for one in proxy.requests)}
            expected = {urlsplit(store.endpoint_url).netloc} if no_proxy[0] == "s" else set()
            assert gone_through == expected
    assert list(store.objects(bucket).values()) == [DUMP, DUMP]


@ONE_STORE
@pytest.mark.parametrize(("style", "place"), [("virtual", "{0}.{1}"), ("path", "{1}/{0}")])
def test_addressing_style_decides_where_the_bucket_stands(
    waiting: Workplace, store: Store, bucket: str, style: str, place: str
) -> None:
    """In the host's name or in the path; a proxy is asked, which knows the name."""
    with running_proxy(store) as proxy:
        result = waiting.tick(
            S3_ADDRESSING_STYLE=style, AWS_ENDPOINT_URL_S3=f"http://{DOMAIN}", HTTP_PROXY=proxy.url
        )
    assert result.returncode == 0, waiting.messages()
    assert has_arrived(store, bucket)
    start = f"http://{place.format(bucket, DOMAIN)}"
    assert {one.path[: len(start)] for one in proxy.requests} == {start}


@ONE_STORE
def test_temporary_keys_of_a_file_go_with_their_token(waiting: Workplace, store: Store) -> None:
    """Which stands in the environment."""
    with running_proxy(store) as proxy:
        waiting.tick(AWS_ENDPOINT_URL_S3=proxy.url, AWS_SESSION_TOKEN="T0ken")
    assert {one.headers["x-amz-security-token"] for one in proxy.requests} == {"T0ken"}


@ONE_STORE
def test_profile_beside_a_credentials_file_is_not_looked_for(
    waiting: Workplace, store: Store, bucket: str
) -> None:
    """Boto3 alone would end with one that isn't there."""
    assert waiting.tick(AWS_PROFILE="nowhere").returncode == 0
    assert has_arrived(store, bucket)


def without_file(waiting: Workplace, bucket: str) -> dict[str, str]:
    return {
        "CREDENTIALS_FILE": "/dev/null",
        "S3_BUCKET": bucket,
        "AWS_EC2_METADATA_DISABLED": "true",
        "HOME": str(waiting.path),
    }


@ONE_STORE
def test_profile_has_the_keys_where_there_is_no_file(
    waiting: Workplace, store: Store, bucket: str
) -> None:
    """In ~/.aws/credentials."""
    keys = waiting.path / ".aws/credentials"
    keys.parent.mkdir()
    keys.write_text(
        f"[backups]\naws_access_key_id = {store.admin.access_key_id}\n"
        f"aws_secret_access_key = {store.admin.secret_access_key}\n"
    )
    settings = without_file(waiting, bucket)
    assert waiting.tick(**settings, AWS_PROFILE="backup").returncode == 2
    assert waiting.tick(**settings, AWS_PROFILE="backups").returncode == 0
    assert has_arrived(store, bucket)


@ONE_STORE
def test_no_keys_at_all_is_one_line(waiting: Workplace, bucket: str) -> None:
    """Which says where boto3 looks for them; the dump waits under its name."""
    assert waiting.tick(**without_file(waiting, bucket)).returncode == 1
    (message,) = waiting.messages()
    assert message.startswith("boto3 finds no keys: neither in the environment nor in ~/.aws")
    assert waiting.files() == {"datadump.sql": DUMP}


@ONE_STORE
@pytest.mark.parametrize(
    ("name", "value"),
    [("AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES", "x"), ("AWS_CONFIG_FILE", "/etc/passwd")],
)
def test_what_boto3_alone_knows_to_be_wrong_is_a_wrong_setting_too(
    waiting: Workplace, name: str, value: str
) -> None:
    """One line, status 2, and no traceback; the dump waits under its name."""
    result = waiting.tick(**{name: value})
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
    (message,) = waiting.messages()
    assert message.startswith("boto3 refuses its settings: ")
    assert waiting.files() == {"datadump.sql": DUMP}
