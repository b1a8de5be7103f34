"""The way back from the way back: what an exchange set aside takes its place again."""

from __future__ import annotations

from datadump.exchange.beside import BEFORE, NEW, UNDONE, Aside, asides, free_name, program_file
from datadump.exchange.cut import alone, cut_exchange, swap_of, told
from datadump.exchange.program import KeptProgram, keep_program
from datadump.exchange.sides import Sides
from datadump.exchange.swap import Swap
from datadump.ground.daily_log import EXCHANGE_ENDED, log
from datadump.load.loading import Source
from datadump.mariadb.complaints import ServerError
from datadump.mariadb.objects import Schema
from datadump.mariadb.server import Server
from datadump.restore.outcome import Restored, described, with_surroundings
from datadump.restore.target import RestoreError
from datadump.sql.lines import DumpError


class SeveralError(Exception):
    """It isn't clear what is to come back; the text, of some lines, says what could be meant."""


def undo(server: Server, name: str, wanted: str, scratch: str) -> Restored:
    """Put back into the database of that name what the last exchange set aside.

    ``wanted``: the database beside it that holds that, or '' for the only one. What stands there
    goes to ``NAME_undone_<time>``. An exchange that was cut is mended. Raises RestoreError,
    SeveralError and SwapError, and ServerError where the server can't be asked.
    """
    with alone(server, name) as is_alone:
        if not is_alone:
            raise RestoreError(f"a restore into {name} is under way")
        try:
            undone = undo_alone(server, name, wanted, scratch)
        except (ServerError, DumpError, OSError) as error:
            raise RestoreError(f"{error}; {name} is as it was") from error
        return with_surroundings(undone, server, name, scratch)


def undo_alone(server: Server, name: str, wanted: str, scratch: str) -> Restored:
    """What :func:`undo` does where nobody else restores into that database."""
    if cut := cut_exchange(server, name):
        return mended(server, name, cut, wanted, scratch)
    return brought_back(server, name, chosen(server, name, wanted), scratch)


def chosen(server: Server, name: str, wanted: str) -> Aside:
    """The database beside that one that is meant."""
    kept = [aside for aside in asides(server, name) if aside.what != NEW]
    if wanted:
        meant = [aside for aside in kept if aside.name == wanted]
    else:
        meant = [aside for aside in kept if aside.what == BEFORE]
    if len(meant) == 1:
        return meant[0]
    if wanted or not meant:
        what = f"there is no {wanted}" if wanted else f"nothing is set aside for {name}"
        by_name = "; restore --undo NAME takes one of these: " if kept else ""
        names = ", ".join(map(described, kept))
        raise RestoreError(f"{what}{by_name}{names}; {name} is as it was")
    lines = [described(aside) for aside in reversed(meant)]
    raise SeveralError("\n".join(["which one? Say restore --undo NAME, newest first:", *lines]))


def mended(server: Server, name: str, cut: Aside, wanted: str, scratch: str) -> Restored:
    """Take back an exchange that was cut, or go on with it where it was an undo itself."""
    if wanted not in {"", cut.name, cut.note.incoming}:
        raise RestoreError(f"{told(server, cut, scratch)}: so before that, nothing else")
    swap = swap_of(server, cut, scratch)
    if not swap.has_moved():
        swap.put_back()
        if cut.what == UNDONE:
            return undo_alone(server, name, cut.note.incoming, scratch)
        said = f"the exchange of {cut.at:%H:%M:%S} is taken back: {name} is as it was before it"
        return Restored(cut.name, [said], [])
    if cut.what != UNDONE:
        log(f"{EXCHANGE_ENDED}{cut.name}")  # another one begins now
        return brought_back(server, name, cut, scratch)
    refused = swap.complete(program_of(server, name, cut.note.incoming, scratch))
    log(f"{EXCHANGE_ENDED}{cut.note.incoming}")
    return Restored(cut.note.incoming, swap.warnings, refused)


def brought_back(server: Server, name: str, aside: Aside, scratch: str) -> Restored:
    """The content of that database takes its place again."""
    home, incoming = Schema(server, name), Schema(server, aside.name)
    if not home.exists():
        home.create_like(incoming)
    sides = Sides(name, aside.name, free_name(server, name, UNDONE))
    swap = Swap(server, sides, aside.note, scratch)
    swap.prepare()
    program = program_of(server, name, aside.name, scratch)
    refused = swap.run(program)
    said = [*swap.warnings, f"{name} holds again what was in {aside.name}"]
    return Restored(aside.name, said, refused)


def program_of(server: Server, name: str, aside: str, scratch: str) -> Source:
    """What is program of a database that was set aside, as it was at home.

    Where its file is elsewhere, as it is now: its events are disabled then.
    """
    kept = KeptProgram(program_file(scratch, aside))
    if not kept.is_there:
        keep_program(server, Schema(server, aside), kept, None, [])
    return Source(kept.dump, name)
