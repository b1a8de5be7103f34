"""Rules of the settings that lead to the store: all that boto3 takes, nothing that it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from datadump.settings.environment import SettingsError
from datadump.settings.store import StoreAccess, read_store

CREDENTIALS = "key\nsecret\nbucket\n"


@pytest.fixture
def credentials(tmp_path: Path) -> str:
    """The keys' file."""
    path = tmp_path / "credentials.txt"
    path.write_text(CREDENTIALS)
    return str(path)


def read(credentials: str, **environment: str) -> StoreAccess:
    return read_store({"CREDENTIALS_FILE": credentials, **environment})


@pytest.mark.parametrize(
    "url",
    [
        "http://minio:9000", "HTTPS://S3.example.com/", "https://s3.example.com:", "http://10.0.0.1",
        "http://[::1]:9000", "http://[fe80::1%25eth0]", "https://host./a/path", "http://my-host:65535",
    ],
)  # fmt: skip
def test_endpoint_that_boto3_takes_is_taken(credentials: str, url: str) -> None:
    """As it is."""
    assert read(credentials, AWS_ENDPOINT_URL_S3=url).endpoint_url == url


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("http://", "is not like https://"),
        ("http://:9000", "'' is no host"),
        ("http:///bucket", "is not like https://"),
        ("s3.example.com", "is not like https://"),
        ("ftp://s3.example.com", "is not like https://"),
        ("http://a b", "is not like https://"),
        ("http://h/?x=1", "as https://"),
        ("http://h#fragment", "as https://"),
        ("http://h\\x", "is not like https://"),
        ("http://my_minio:9000", "'my_minio' is no host"),
        ("http://-h", "'-h' is no host"),
        ("http://a..b", "'a..b' is no host"),
        (f"http://{'a' * 64}", "is no host"),
        (f"http://{'a.' * 128}com", "is no host"),
        ("http://::1:9000", "in brackets"),
        ("http://[::1]9000", "in brackets"),
        ("http://[h]:9000", "in brackets"),
        ("http://[fe80::]x]:1", "in brackets"),
        ("http://h:port", "'port' is no port"),
        ("http://h:99999", "'99999' is no port"),
        ("http://h:0", "'0' is no port"),
        ("http://h:९", "is not like https://"),
    ],
)
@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"])
def test_endpoint_that_boto3_trips_over_is_named(
    credentials: str, name: str, url: str, complaint: str
) -> None:
    """Also the one of all services, which boto3 falls back to."""
    with pytest.raises(SettingsError, match=f"^{name}: ") as error:
        read(credentials, **{name: url})
    assert complaint in str(error.value)


@pytest.mark.parametrize(
    "url", ["http://user:hunter2@minio:9000", "user:hunter2@minio", "http://minio/?token=hunter2"]
)
def test_secret_in_an_endpoint_is_refused_and_not_shown(credentials: str, url: str) -> None:
    """It would stand in every line that names the endpoint."""
    with pytest.raises(SettingsError, match="^AWS_ENDPOINT_URL_S3: ") as error:
        read(credentials, AWS_ENDPOINT_URL_S3=url)
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize("region", ["RegionOne", "GRA", "US", "auto", "garage", "12-3", "a" * 63])
def test_region_that_boto3_takes_is_taken(credentials: str, region: str) -> None:
    """Stores have names of their own for them."""
    assert read(credentials, AWS_DEFAULT_REGION=region).region == region


@pytest.mark.parametrize(
    "region", ["us_east_1", "sa.east", "123", "-a", "a-", "us east", "é", "a" * 64]
)
def test_region_that_boto3_trips_over_is_named(credentials: str, region: str) -> None:
    """It has to be part of a host's name."""
    with pytest.raises(SettingsError, match="^AWS_DEFAULT_REGION: "):
        read(credentials, AWS_DEFAULT_REGION=region)


@pytest.mark.parametrize("style", ["auto", "path", "virtual"])
def test_addressing_style_is_one_of_boto3s(credentials: str, style: str) -> None:
    """In capitals, too."""
    assert read(credentials, S3_ADDRESSING_STYLE=style.upper()).addressing_style == style


CHOICES = {
    "S3_ADDRESSING_STYLE": "virtual",
    "AWS_REQUEST_CHECKSUM_CALCULATION": "WHEN_REQUIRED",
    "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_supported",
    "AWS_DEFAULTS_MODE": "in-region",
    "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT": "legacy",
    "AWS_STS_REGIONAL_ENDPOINTS": "regional",
    "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
}


@pytest.mark.parametrize("name", CHOICES)
def test_misspelt_choice_is_named_with_what_there_is(credentials: str, name: str) -> None:
    """All that boto3 trips over as it makes a client."""
    read(credentials, **{name: CHOICES[name]})
    with pytest.raises(SettingsError, match=f"^{name}: 'whensupported' is none of .*, "):
        read(credentials, **{name: "whensupported"})


@pytest.mark.parametrize(
    "proxy",
    [
        "proxy:3128",
        "http://my_proxy:3128/",
        "https://u:p@proxy",
        "u:p%40@10.0.0.1:1",
        "http://[::1]:1",
    ],
)
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy"])
def test_proxy_that_boto3_takes_is_taken(credentials: str, name: str, proxy: str) -> None:
    """With a user's password, and without a scheme."""
    read(credentials, **{name: proxy})


@pytest.mark.parametrize(
    "proxy",
    ["http://", "http://h:port", "http://h:99999", "::1", "http://a b", "socks5://h:1", "HTTP://h:1",
     "http://u:hunter2@h:port", "socks5://u:hunter2@h"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy"])
def test_proxy_that_boto3_trips_over_is_named_and_no_password_shown(
    credentials: str, name: str, proxy: str
) -> None:
    """The one for the endpoint's scheme: boto3 asks no other."""
    with pytest.raises(SettingsError, match=f"^{name}: ") as error:
        read(credentials, **{name: proxy})
    assert "hunter2" not in str(error.value)
    read(credentials, **{name: proxy, "AWS_ENDPOINT_URL_S3": "http://minio:9000"})


@pytest.mark.parametrize("name", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
@pytest.mark.parametrize("path", ["nowhere.pem", "."])
def test_authority_that_is_no_file_is_named(
    credentials: str, tmp_path: Path, name: str, path: str
) -> None:
    """Not there, or a folder, which Docker may have made in its place."""
    with pytest.raises(SettingsError, match=f"^{name}: '{tmp_path}.*(No such|not a) file"):
        read(credentials, **{name: str(tmp_path / path)})


CONFIG = "[default]\nregion=x\n[profile backups]\n[profile 'two words']\n"


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Settings for keys that boto3 finds itself, in a home of one's own."""
    folder = tmp_path / ".aws"
    folder.mkdir()
    (folder / "config").write_text(CONFIG)
    (folder / "credentials").write_text("[keys]\naws_access_key_id = x\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    return {"CREDENTIALS_FILE": "/dev/null", "S3_BUCKET": "bucket"}


@pytest.mark.parametrize("profile", ["default", "backups", "two words", "keys"])
def test_profile_is_in_one_of_boto3s_two_files(aws: dict[str, str], profile: str) -> None:
    """In either; each may be somewhere else."""
    read_store({**aws, "AWS_PROFILE": profile})
    elsewhere = {"AWS_CONFIG_FILE": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere"}
    with pytest.raises(SettingsError, match=f"^AWS_PROFILE: .* '{profile}' in '/nowhere' or"):
        read_store({**aws, **elsewhere, "AWS_PROFILE": profile})


@pytest.mark.parametrize("name", ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"])
def test_profile_that_is_not_there_is_named(aws: dict[str, str], name: str) -> None:
    """Where its keys are wanted: beside a credentials file it doesn't count."""
    with pytest.raises(SettingsError, match=f"^{name}: .* no profile 'backup' in '/"):
        read_store({**aws, name: "backup"})


def test_profile_beside_a_credentials_file_does_not_count(credentials: str) -> None:
    """The file has the keys."""
    assert read(credentials, AWS_PROFILE="nowhere") == read(credentials)
