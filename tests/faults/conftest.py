"""The proxy in front of the store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.programs import Workplace
from support.proxy import Proxy, running_proxy
from support.store import Store


@pytest.fixture
def proxy(store: Store, uploads: Workplace) -> Iterator[Proxy]:
    """The uploader's way to the store leads through it."""
    with running_proxy(store.endpoint_url) as proxy:
        uploads.settings["AWS_ENDPOINT_URL_S3"] = proxy.url
        yield proxy
