"""The drill's proof as a means to try what the store enforces."""

from __future__ import annotations

import pytest
from datadump.backups.proofs import Proof, Proofs, encode, now
from datadump.s3.client import connect
from datadump.s3.errors import StoreError
from datadump.settings.store import StoreAccess
from support.proxy import Proxy
from support.store import Store

PROOF = Proof(
    "2026-11-23/datadump1.sql", "d", "e", verified=True, reason="", at=now(), numbers={}, seconds={}
)


def written_proof(access: StoreAccess, proxy: Proxy) -> Proofs:
    proofs = Proofs(connect(access._replace(endpoint_url=proxy.url)), "")
    proofs.write(PROOF)
    return proofs


def test_store_that_enforces_the_condition_is_known_by_its_refusal(
    store: Store, access: StoreAccess, proxy: Proxy
) -> None:
    """And the proof stays as it is."""
    proofs = written_proof(access, proxy)
    assert proofs.writes_are_conditional(PROOF)
    assert [r.headers.get("if-none-match") for r in proxy.requests] == [None, "*"]
    assert list(store.objects(access.bucket).values()) == [encode(PROOF)]


@pytest.mark.parametrize("answer", [200, 501])
def test_store_that_ignores_the_condition_or_does_not_know_it_is_told_apart(
    access: StoreAccess, proxy: Proxy, answer: int
) -> None:
    """By what it answers to a write that it has to refuse."""
    proofs = written_proof(access, proxy)
    proxy.choose = lambda request: answer
    assert not proofs.writes_are_conditional(PROOF)


def test_refusal_of_another_kind_says_nothing_about_the_condition(
    access: StoreAccess, proxy: Proxy
) -> None:
    """A right that is missing, for one."""
    proofs = written_proof(access, proxy)
    proxy.choose = lambda request: 403
    with pytest.raises(StoreError, match="AccessDenied"):
        proofs.writes_are_conditional(PROOF)
