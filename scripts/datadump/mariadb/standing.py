"""Who the account is at the server, what it may do there, and what the server is set to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from datadump.mariadb.rights import Rights, rights_on
from datadump.mariadb.server import Server
from datadump.mariadb.throwaway import Account

TRUST = "log_bin_trust_function_creators"


class Standing(NamedTuple):
    """An account at a server.

    ``distrusts``: whether the server writes a binary log, and isn't told to trust whoever makes a
    function or a trigger. ``packet``: bytes that a statement must have less of. ``role``: the
    account's current one, with no host, if there is one.
    """

    version: tuple[int, ...]
    distrusts: bool
    packet: int
    account: Account
    role: Account
    rights: Rights

    @property
    def right_for_others(self) -> str:
        """The right to make what belongs to others than the account and its role."""
        return "SET USER" if self.version >= (10, 5, 2) else "SUPER"

    @property
    def makes_for_others(self) -> bool:
        """Whether the account has that right; before MariaDB 11.0, SUPER holds it."""
        old = self.version < (11,) and self.rights.has("SUPER")
        return old or self.rights.has(self.right_for_others)

    def is_other(self, owner: Account) -> bool:
        """Whether that is neither the account nor its role."""
        return owner not in {self.account, self.role}


def standing_at(server: Server, databases: Iterable[str] = ()) -> Standing:
    """The standing of the server's account; its rights on these databases. Raises ServerError."""
    ((version, distrusts, packet, user, role),) = server.query(
        f"SELECT VERSION(), @@log_bin AND NOT @@{TRUST}, @@GLOBAL.max_allowed_packet, "
        "CURRENT_USER(), CURRENT_ROLE()"
    )
    return Standing(
        version=tuple(int(number) for number in re.findall(r"\d+", version)[:3]),
        distrusts=bool(distrusts),
        packet=packet,
        account=account_called(user),
        role=Account(role or "", ""),
        rights=rights_on(server, databases),
    )


def account_called(name: str) -> Account:
    """The account of this name without quotes, as the server tells it; a role has no host."""
    user, _, host = name.rpartition("@")
    return Account(user, host) if "@" in name else Account(name, "")


def called(account: Account) -> str:
    """The account as a person names it."""
    return f"{account.user}@{account.host}" if account.host else account.user
