"""Exchanges that were cut: told, with what is missing and what mends it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from datadump.exchange.beside import UNDONE, Aside, all_asides, asides, program_file
from datadump.exchange.program import KeptProgram
from datadump.exchange.sides import Sides
from datadump.exchange.swap import Swap
from datadump.ground.terminal import some_of
from datadump.load.loading import Source
from datadump.load.programs import Refused
from datadump.mariadb.objects import Schema
from datadump.mariadb.server import Server


@contextmanager
def alone(server: Server, name: str) -> Iterator[bool]:
    """Nobody else restores into that database as long as the context lasts; False: somebody does.

    Raises ServerError.
    """
    with server.lock(f"restore into {name}") as free:
        yield free


def cut_exchange(server: Server, name: str) -> Aside | None:
    """What was getting the content of that database when its exchange was cut; None for none.

    Of several the newest, which is to be mended first. To be asked where nobody else restores into
    that database. Raises ServerError.
    """
    cut = [aside for aside in asides(server, name) if aside.is_being_exchanged]
    return cut[-1] if cut else None


def all_cut_exchanges(server: Server, scratch: str) -> list[str]:
    """Every exchange at the server that was cut, in a line for a person. Raises ServerError."""
    lines = []
    for name in sorted({aside.home for aside in all_asides(server) if aside.is_being_exchanged}):
        with alone(server, name) as is_alone:
            if is_alone and (cut := cut_exchange(server, name)):
                lines.append(told(server, cut, scratch))
    return lines


def swap_of(server: Server, cut: Aside, scratch: str) -> Swap:
    """The exchange that was cut, to go on with."""
    return Swap(server, Sides(cut.home, cut.note.incoming, cut.name), cut.note, scratch)


def gone_on_with(
    server: Server, cut: Aside, source: Source, scratch: str
) -> tuple[list[Refused], list[str]]:
    """Bring an exchange to its end whose tables had changed places by then.

    ``source``: the dump that they came from. Returns what of their program the server refused, and
    what a person should know. Raises SwapError.
    """
    if cut.note.tables is not None:
        triggers = KeptProgram(program_file(scratch, cut.note.incoming))
        source = source._replace(dump=triggers.dump)
    swap = swap_of(server, cut, scratch)
    refused = swap.complete(source)
    return refused, [*swap.warnings, f"what {cut.home} held before is in {cut.name}"]


def told(server: Server, cut: Aside, scratch: str) -> str:
    """The exchange that was cut, in a line for a person: what is missing, and what mends it."""
    mends = "restore --undo again mends it"
    if cut.what != UNDONE:
        mends = (
            f"restore --undo brings back what it held, the same restore ({cut.note.backup}) goes on"
        )
    missing = lacking(server, cut, scratch)
    return f"the exchange of {cut.at:%Y-%m-%d %H:%M:%S} was cut: {cut.home} {missing}; {mends}"


def lacking(server: Server, cut: Aside, scratch: str) -> str:
    """What of its program the database lacks, by the names that it had."""
    kept = KeptProgram(program_file(scratch, cut.name))
    if not kept.is_there:
        return "may lack triggers, views, routines and events"
    missing = kept.names() - Schema(server, cut.home).objects()
    names = [f"{kind} {one}" for kind, one in sorted(missing)]
    return f"lacks {some_of(names)}" if names else "lacks no trigger, view or event by name"
