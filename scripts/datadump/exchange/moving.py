"""The tables of an exchange, which change places by one statement: all of them, or none."""

from __future__ import annotations

from datadump.exchange.holders import HELD, holders
from datadump.ground.terminal import some_of
from datadump.mariadb.complaints import ServerError
from datadump.mariadb.objects import Schema
from datadump.mariadb.server import LOCK_WAIT, Server


class Moving:
    """Tables from ``incoming`` to ``home``, and what they replace from there to ``outgoing``.

    ``tables``: the only ones at home that make room, or None for all. All methods raise
    ServerError.
    """

    def __init__(
        self, server: Server, sides: tuple[Schema, Schema, Schema], tables: list[str] | None
    ) -> None:
        self._server, self._tables = server, tables
        self._home, self._incoming, self._outgoing = sides

    def leaving(self) -> list[str]:
        """The tables at home that make room."""
        there = self._home.tables()
        return there if self._tables is None else [one for one in there if one in self._tables]

    def wait(self) -> None:
        """Wait for those: whoever has one in a transaction would hold up the exchange half way."""
        tables = self.leaving()
        if not tables:
            return
        for holder in holders(self._server, self._home, tables):
            print(f"waiting {LOCK_WAIT} seconds at most for tables: in use by {holder}", flush=True)
        locks = ", ".join(f"{self._home.qualified(table)} WRITE" for table in tables)
        try:
            self._server.query(f"LOCK TABLES {locks}")  # until that connection ends, at once
        except ServerError as error:
            held = holders(self._server, self._home, tables) if error.number == HELD else []
            by = f"; in use by {some_of(held)}" if held else ""
            raise ServerError(f"{error}{by}", error.number) from error

    def unbind(self) -> None:
        """Drop all that keeps them from being moved. Events are moved: none is to run there."""
        if self._tables is None:
            self._home.move_events_to(self._outgoing)
            self._home.drop_views()
        self._home.drop_triggers(self._tables)
        self._incoming.drop_views()
        self._incoming.drop_triggers()

    def move(self) -> None:
        """Let them change places."""
        moves = [
            f"{origin.qualified(table)} TO {target.qualified(table)}"
            for origin, tables, target in (
                (self._home, self.leaving(), self._outgoing),
                (self._incoming, self._incoming.tables(), self._home),
            )
            for table in tables
        ]
        if moves:
            self._server.query(f"RENAME TABLE {', '.join(moves)}")

    def has_happened(self, leaving: int) -> bool:
        """Whether they have changed places. ``leaving``: how many made room, or were to."""
        nothing_moves = not leaving and not self._incoming.tables()
        return nothing_moves or bool(self._outgoing.tables())
