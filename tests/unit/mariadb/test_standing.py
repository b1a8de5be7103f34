"""Who may make what belongs to others: the right has had two names."""

from __future__ import annotations

import pytest
from datadump.mariadb.rights import Rights
from datadump.mariadb.standing import Standing, account_called, called
from datadump.mariadb.throwaway import Account

ACCOUNT, ROLE = Account("restore", "%"), Account("restorer", "")


def standing(version: tuple[int, ...], *rights: str) -> Standing:
    return Standing(version, False, 0, ACCOUNT, ROLE, Rights(frozenset(rights), {}))


@pytest.mark.parametrize(
    ("version", "right", "enough"),
    [
        ((10, 5, 1), "SUPER", True),
        ((10, 5, 2), "SUPER", True),
        ((10, 11, 19), "SUPER", True),
        ((11, 0, 1), "SUPER", False),
        ((10, 5, 2), "SET USER", True),
        ((11, 8, 9), "SET USER", True),
        ((11, 8, 9), "ALL PRIVILEGES", True),
        ((10, 11, 19), "BINLOG ADMIN", False),
    ],
)
def test_right_for_what_belongs_to_others_is_the_version_s(
    version: tuple[int, ...], right: str, enough: bool
) -> None:
    """Until 11.0, SUPER held what is SET USER since."""
    assert standing(version, right).makes_for_others == enough
    assert standing(version).right_for_others == ("SUPER" if version < (10, 5, 2) else "SET USER")


@pytest.mark.parametrize("name", ["app@%", "a@b@localhost", "a role", "@localhost"])
def test_account_is_called_as_the_server_tells_it(name: str) -> None:
    """A role has no host."""
    assert called(account_called(name)) == name


def test_account_and_its_role_are_no_others() -> None:
    """Another host's account of that name is."""
    here = standing((11, 8, 9))
    assert [here.is_other(one) for one in (ACCOUNT, ROLE)] == [False, False]
    assert here.is_other(Account("restore", "localhost"))
    assert here.is_other(Account("restore", ""))
