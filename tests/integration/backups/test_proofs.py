"""The drill's proof as a means to try what the store enforces."""

from __future__ import annotations

import pytest
from datadump.backups.proofs import Proof, encode, now, write, writes_are_conditional
from datadump.s3.bucket import Bucket
from datadump.s3.client import connect
from datadump.s3.errors import StoreError
from datadump.settings.settings import Settings
from support.proxy import Proxy
from support.store import Store

PROOF = Proof("2026-11-23/datadump1.sql", "d", "e", verified=True, reason="", at=now(), numbers={})


def written_proof(settings: Settings, proxy: Proxy) -> Bucket:
    bucket = Bucket(connect(settings._replace(endpoint_url=proxy.url)), settings.bucket)
    write(bucket, "", PROOF)
    return bucket


def test_store_that_enforces_the_condition_is_known_by_its_refusal(
    store: Store, settings: Settings, proxy: Proxy
) -> None:
    """And the proof stays as it is."""
    bucket = written_proof(settings, proxy)
    assert writes_are_conditional(bucket, "", PROOF)
    assert [r.headers.get("if-none-match") for r in proxy.requests] == [None, "*"]
    assert list(store.objects(settings.bucket).values()) == [encode(PROOF)]


@pytest.mark.parametrize("answer", [200, 501])
def test_store_that_ignores_the_condition_or_does_not_know_it_is_told_apart(
    settings: Settings, proxy: Proxy, answer: int
) -> None:
    """By what it answers to a write that it has to refuse."""
    bucket = written_proof(settings, proxy)
    proxy.choose = lambda request: answer
    assert not writes_are_conditional(bucket, "", PROOF)


def test_refusal_of_another_kind_says_nothing_about_the_condition(
    settings: Settings, proxy: Proxy
) -> None:
    """A right that is missing, for one."""
    bucket = written_proof(settings, proxy)
    proxy.choose = lambda request: 403
    with pytest.raises(StoreError, match="AccessDenied"):
        writes_are_conditional(bucket, "", PROOF)
