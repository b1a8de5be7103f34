"""Rules of the uploader's settings."""

from pathlib import Path

import pytest
from datadump.settings.environment import SettingsError, check_time_zone, time_zone
from datadump.settings.pipelines import Pipeline, read_pipeline
from datadump.settings.store import Credentials, StoreAccess, read_store
from datadump.settings.way_back import read_scratch

GOOD = b"AKIDEXAMPLE\nSeCrEt/+=\nmy-bucket\n"


def read(environment: dict[str, str]) -> tuple[StoreAccess, Pipeline]:
    """As a tick does."""
    check_time_zone(time_zone(environment))
    return read_store(environment), read_pipeline(environment)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The least that a tick needs."""
    (tmp_path / "dumps").mkdir()
    (tmp_path / "credentials.txt").write_bytes(GOOD)
    return {
        "DUMPS_DIR": str(tmp_path / "dumps"),
        "CREDENTIALS_FILE": str(tmp_path / "credentials.txt"),
    }


def test_defaults_are_the_contracts(environment: dict[str, str]) -> None:
    """What isn't set has the value of the settings table."""
    assert read(environment) == (
        StoreAccess(
            credentials=Credentials("AKIDEXAMPLE", "SeCrEt/+="),
            bucket="my-bucket",
            endpoint_url=None,
            region="us-east-1",
            addressing_style="auto",
        ),
        Pipeline(database="FACULDADE", dumps=environment["DUMPS_DIR"], prefix=""),
    )


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        GOOD.rstrip(b"\n"),
        GOOD.replace(b"\n", b"\r\n"),
        GOOD.replace(b"\n", b"\r"),
        b"\xef\xbb\xbf" + GOOD,
        " \ufeffAKIDEXAMPLE\n\n\ufeffSeCrEt/+=\nmy-bucket\n".encode(),
        b"\n  AKIDEXAMPLE \t\n SeCrEt/+=\n my-bucket  \n\n\n",
    ],
)
def test_line_ends_blanks_and_byte_order_mark_are_forgiven(
    environment: dict[str, str], content: bytes
) -> None:
    """Whatever editor wrote the credentials file."""
    Path(environment["CREDENTIALS_FILE"]).write_bytes(content)
    access = read_store(environment)
    assert (access.credentials, access.bucket) == (
        Credentials("AKIDEXAMPLE", "SeCrEt/+="),
        "my-bucket",
    )


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "has 0 lines"),
        (b"\n\n", "has 0 lines"),
        (b"AKIDEXAMPLE\nSeCrEt\n", "has 2 lines"),
        (GOOD + b"extra\n", "has 4 lines"),
        (b"AKIDEXAMPLE\n\nmy-bucket\n", "has 2 lines"),
        (b"AKIDEXAMPLE\nSeCrEt\n-bucket-\n", "third line"),
        (b"AKID EXAMPLE\nSeCrEt\nmy-bucket\n", "first line"),
        (b"AKIDEXAMPLE\nSeCr\xc3\xa9t\nmy-bucket\n", "second line"),
        (b"AKIDEXAMPLE\nmy-bucket\nSeCrEt/+=\n", "third line"),
        (b"\xff\xfe\x00S\x00e\n", "not a text file"),
    ],
)
def test_malformed_credentials_are_named_and_never_shown(
    environment: dict[str, str], content: bytes, complaint: str
) -> None:
    """One line says what is wrong with the file; no line of the file is in it."""
    Path(environment["CREDENTIALS_FILE"]).write_bytes(content)
    with pytest.raises(SettingsError) as error:
        read_store(environment)
    message = str(error.value)
    assert complaint in message
    assert environment["CREDENTIALS_FILE"] in message
    assert not any(part in message for part in ("SeCr", "AKID"))


@pytest.mark.parametrize("path", ["nowhere.txt", "dumps"])
def test_credentials_file_must_be_a_file(environment: dict[str, str], path: str) -> None:
    """Named and not there, or a folder that Docker made in its place."""
    environment["CREDENTIALS_FILE"] = str(Path(environment["DUMPS_DIR"]).parent / path)
    with pytest.raises(SettingsError, match=path):
        read_store(environment)


def test_null_device_leaves_the_keys_to_boto3(environment: dict[str, str]) -> None:
    """The bucket then comes from S3_BUCKET."""
    access = read_store(environment | {"CREDENTIALS_FILE": "/dev/null", "S3_BUCKET": "role-bucket"})
    assert (access.credentials, access.bucket) == (None, "role-bucket")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TZ", "America/Nowhere"),
        ("TZ", "zone.tab"),
        ("TZ", "../zoneinfo/UTC"),
        ("DB_NAME", "two\nlines"),
        ("S3_PREFIX", "a//b"),
        ("S3_PREFIX", "../a"),
        ("S3_PREFIX", "x" * 101),
        ("S3_PREFIX", "a\nb"),
        ("S3_PREFIX", "a\\b"),  # some stores make it a slash
    ],
)
def test_setting_that_makes_no_sense_is_named(
    environment: dict[str, str], name: str, value: str
) -> None:
    """The message starts with the variable."""
    with pytest.raises(SettingsError, match=f"^{name}: "):
        read(environment | {name: value})


OWN_ENDPOINT = {"AWS_ENDPOINT_URL_S3": "https://s3.example.com"}


@pytest.mark.parametrize(
    "name", ["MyBucket", "my_bucket", "B", "My-Company_Backups.2024_production"]
)
@pytest.mark.parametrize("source", ["file", "S3_BUCKET"])
def test_bucket_at_an_endpoint_of_ones_own_is_named_as_boto3_takes_it(
    environment: dict[str, str], name: str, source: str
) -> None:
    """AWS makes none of such a name, and refuses it."""
    if source == "file":
        Path(environment["CREDENTIALS_FILE"]).write_text(f"AKIDEXAMPLE\nSeCrEt\n{name}\n")
    else:
        environment |= {"CREDENTIALS_FILE": "/dev/null", "S3_BUCKET": name}
    assert read_store(environment | OWN_ENDPOINT).bucket == name
    with pytest.raises(SettingsError, match="no bucket's name"):
        read_store(environment)


@pytest.mark.parametrize(
    "name", ["a b", "a/b", "é", "x" * 64, "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEYab"]
)
def test_what_is_a_bucket_nowhere_may_be_a_secret(environment: dict[str, str], name: str) -> None:
    """On the wrong line, as an access key of AWS without a slash: it isn't shown."""
    Path(environment["CREDENTIALS_FILE"]).write_text(f"AKIDEXAMPLE\nmy-bucket\n{name}\n")
    with pytest.raises(SettingsError, match="no bucket's name") as error:
        read_store(environment | OWN_ENDPOINT)
    assert name not in str(error.value)


@pytest.mark.parametrize(
    ("key_beside", "token"),
    [
        ({}, "T0ken"),
        ({"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE"}, "T0ken"),
        ({"AWS_ACCESS_KEY_ID": "ANOTHER"}, ""),
    ],
)
def test_session_token_goes_with_the_files_keys(
    environment: dict[str, str], key_beside: dict[str, str], token: str
) -> None:
    """Unless it belongs to another key of the environment, which the file wins over."""
    access = read_store(environment | key_beside | {"AWS_SESSION_TOKEN": "T0ken"})
    assert access.credentials == Credentials("AKIDEXAMPLE", "SeCrEt/+=", token)


def test_session_token_that_is_none_is_refused_unseen(environment: dict[str, str]) -> None:
    """It would be a header."""
    with pytest.raises(SettingsError, match="^AWS_SESSION_TOKEN: ") as error:
        read_store(environment | {"AWS_SESSION_TOKEN": "T0k en"})
    assert "T0k" not in str(error.value)


def test_null_device_needs_a_bucket(environment: dict[str, str]) -> None:
    """Nothing else could name it."""
    with pytest.raises(SettingsError, match="^S3_BUCKET: "):
        read_store(environment | {"CREDENTIALS_FILE": "/dev/null"})


def test_empty_variable_counts_as_unset(environment: dict[str, str]) -> None:
    """Compose passes an empty value for AWS_ENDPOINT_URL_S3= in .env: that is AWS."""
    empty = dict.fromkeys(("AWS_ENDPOINT_URL_S3", "S3_PREFIX", "TZ", "AWS_DEFAULT_REGION"), "")
    assert read(environment | empty) == read(environment)


@pytest.mark.parametrize("prefix", ["hosts/one", "/hosts/one/", "hosts/one/"])
def test_prefix_is_a_folder_with_or_without_slashes(prefix: str) -> None:
    """It ends in one slash and starts with none."""
    assert read_pipeline({"S3_PREFIX": prefix}).prefix == "hosts/one/"


def test_secrets_are_never_shown() -> None:
    """Not in a traceback, not in a debug print."""
    assert repr(Credentials("key", "secret")) == "Credentials(...)"


def test_scratch_folder_is_there_and_can_be_written(tmp_path: Path) -> None:
    """Else the line names the setting and the folder, its default too."""
    assert read_scratch({"SCRATCH_DIR": str(tmp_path)}) == str(tmp_path)
    with pytest.raises(SettingsError, match=r"^SCRATCH_DIR: there is no folder '/scratch'$"):
        read_scratch({})
