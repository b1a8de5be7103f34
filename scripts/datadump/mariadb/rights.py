"""What the account may do at the server, by its GRANTs. How these are read, a script knows."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from datadump.ground.paths import COMMON
from datadump.mariadb.server import Server

SCRIPT = os.path.join(COMMON, "rights.sh")
ALL = "ALL PRIVILEGES"
# The script takes a GRANT a line, and a name may have line ends: no other name has this instead.
LINE_END = "\x1e"


class Rights(NamedTuple):
    """The rights of one account, by the names that SHOW GRANTS has for them, ALL PRIVILEGES too.

    ``everywhere``: the global ones. ``on``: those on each database, whether it is there or not, the
    global ones among them; rights on single tables or routines aren't.
    """

    everywhere: frozenset[str]
    on: Mapping[str, frozenset[str]]

    def has(self, right: str, database: str = "") -> bool:
        """Whether the account has the right, on that database or, without one, everywhere."""
        held = self.on[database] if database else self.everywhere
        return right in held or ALL in held


def rights_on(server: Server, databases: Iterable[str]) -> Rights:
    """What the server's account may do there, its roles' rights included. Raises ServerError."""
    ((any_case,),) = server.query("SELECT @@lower_case_table_names")
    grants = [grant for (grant,) in server.query("SHOW GRANTS")]
    options = ["--any-case"] if any_case else []
    return Rights(
        everywhere=in_force(grants),
        on={name: in_force(grants, *options, name) for name in databases},
    )


def in_force(grants: Iterable[str], *arguments: str) -> frozenset[str]:
    """The rights that the script finds in these rows of SHOW GRANTS, told these arguments."""
    told = subprocess.run(
        ["bash", SCRIPT, *map(one_line, arguments)],
        input="".join(f"{one_line(grant)}\n" for grant in grants),
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        check=True,
    )
    return frozenset(told.stdout.strip(", ").split(", ")) - {""}


def one_line(text: str) -> str:
    """The text without line ends, and no other's."""
    return text.replace("\n", LINE_END)
