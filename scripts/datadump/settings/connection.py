"""Settings of the way to the store: what boto3 takes, and nothing that it trips over.

By itself boto3 would say so only when there is something to upload, at times in a traceback.
"""

import os
from collections.abc import Mapping

from datadump.settings.environment import ALNUM, SettingsError, check_readable, is_token

LONGEST_HOST = 255  # characters
LONGEST_LABEL = 63  # of the parts between a host's dots
LAST_PORT = 65535
CHECKSUMS = ("when_supported", "when_required")
ENDPOINTS = ("legacy", "regional")
CHOICES = {  # the first of each is what counts where none is set
    "S3_ADDRESSING_STYLE": ("auto", "path", "virtual"),
    "AWS_REQUEST_CHECKSUM_CALCULATION": CHECKSUMS,
    "AWS_RESPONSE_CHECKSUM_VALIDATION": CHECKSUMS,
    "AWS_DEFAULTS_MODE": ("legacy", "auto", "standard", "in-region", "cross-region", "mobile"),
    "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT": ENDPOINTS,
    "AWS_STS_REGIONAL_ENDPOINTS": ENDPOINTS,
    "AWS_ACCOUNT_ID_ENDPOINT_MODE": ("preferred", "disabled", "required"),
}


def check_endpoint(name: str, url: str) -> str | None:
    """The URL of a store, None for the empty one of AWS.

    Raises SettingsError for what is no URL, or has more in it than leads to a store. Its text shows
    nothing that may be a secret.
    """
    if not url:
        return None
    if "@" in url:
        raise SettingsError(f"{name}: a user and a password don't belong there: a file has them")
    if "?" in url or "#" in url:
        raise SettingsError(f"{name}: it ends before a ? or a #, as https://s3.example.com")
    scheme, _, rest = url.partition("://")
    authority = rest.partition("/")[0]
    if scheme.lower() not in {"http", "https"} or not authority or not is_plain(rest):
        raise SettingsError(f"{name}: {url!r} is not like https://s3.example.com")
    host = check_authority(name, authority)
    if not host.startswith("[") and not is_host(host):
        raise SettingsError(
            f"{name}: {host!r} is no host for boto3, which takes letters, digits, hyphens and dots"
        )
    return url


def check_proxy(environment: Mapping[str, str], endpoint: str | None) -> None:
    """Raises SettingsError where the proxy for that endpoint is no URL; shows no password."""
    scheme = "http" if (endpoint or "").lower().startswith("http:") else "https"
    for name in (f"{scheme}_proxy", f"{scheme}_proxy".upper()):
        address = environment.get(name, "").removeprefix("http://").removeprefix("https://")
        authority = address.rpartition("@")[2].partition("/")[0]
        if environment.get(name):
            if "://" in address or not authority or not is_plain(authority):
                raise SettingsError(f"{name}: a proxy is like http://proxy.example.com:3128")
            check_authority(name, authority)


def check_authority(name: str, authority: str) -> str:
    """The host of a URL's ``host:port``.

    Raises SettingsError for a port that can't be, and for an IPv6 address without brackets.
    """
    host, colon, port = authority.rpartition(":")
    if not colon or authority.endswith("]"):
        host, port = authority, ""
    inside = host.removeprefix("[").removesuffix("]")
    bracketed = host == f"[{inside}]" and set(inside) <= ALNUM | set(":.%")
    if bracketed != (":" in host):
        raise SettingsError(
            f"{name}: an IPv6 address stands in brackets, and nothing else does: http://[::1]:9000"
        )
    if port and not (port.isdecimal() and 0 < int(port) <= LAST_PORT):
        raise SettingsError(f"{name}: {port!r} is no port")
    return host


def is_host(name: str) -> bool:
    """Whether boto3 takes it for a host's name, or an IPv4 address."""
    return len(name) <= LONGEST_HOST and all(map(is_label, name.removesuffix(".").split(".")))


def is_label(text: str) -> bool:
    """Whether it may stand between the dots of a host's name."""
    fits = 0 < len(text) <= LONGEST_LABEL and set(text) <= ALNUM | {"-"}
    return fits and "-" not in {text[0], text[-1]}


def is_plain(text: str) -> bool:
    """Whether it may be part of a URL as it is; a backslash is a slash to some."""
    return is_token(text) and "\\" not in text


def check_region(name: str, environment: Mapping[str, str]) -> str:
    """The region of that setting; raises SettingsError for what boto3 makes no host's name of."""
    region = environment.get(name) or "us-east-1"
    if not is_label(region) or region.isdecimal():
        raise SettingsError(
            f"{name}: {region!r} is not like us-east-1: letters, digits and hyphens"
        )
    return region


def choice(environment: Mapping[str, str], name: str) -> str:
    """What one of CHOICES is set to, in lower case; raises SettingsError for any other word."""
    value = environment.get(name, "").lower() or CHOICES[name][0]
    if value not in CHOICES[name]:
        raise SettingsError(f"{name}: {value!r} is none of {', '.join(CHOICES[name])}")
    return value


def check_authorities(environment: Mapping[str, str]) -> None:
    """Raises SettingsError where this user can't read the file of the authorities to trust."""
    name = "AWS_CA_BUNDLE" if environment.get("AWS_CA_BUNDLE") else "REQUESTS_CA_BUNDLE"
    if path := environment.get(name):
        check_readable(name, path)


def check_profile(environment: Mapping[str, str]) -> None:
    """Raises SettingsError where this user can't read the profile that boto3 is to take."""
    name = "AWS_DEFAULT_PROFILE" if environment.get("AWS_DEFAULT_PROFILE") else "AWS_PROFILE"
    profile = environment.get(name)
    paths = aws_files(environment)
    if profile and not any(profile in profiles_in(path) for path in paths):
        raise SettingsError(
            f"{name}: user id {os.geteuid()} finds no profile {profile!r} in "
            f"{' or '.join(map(repr, paths))}"
        )


def aws_files(environment: Mapping[str, str]) -> list[str]:
    """The two files in which boto3 looks for profiles and keys."""
    return [
        os.path.expanduser(environment.get("AWS_CONFIG_FILE") or "~/.aws/config"),
        os.path.expanduser(environment.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials"),
    ]


def profiles_in(path: str) -> set[str]:
    """The heads of the file's sections, as profiles; none where it can't be read.

    Their quotes and the word before them are taken off: what boto3 makes of a file, it says itself.
    """
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = [line.strip() for line in file]
    except OSError:
        return set()
    heads = {line[1:].partition("]")[0] for line in lines if line.startswith("[")}
    return {head.strip().removeprefix("profile ").strip(" \t\"'") for head in heads}
