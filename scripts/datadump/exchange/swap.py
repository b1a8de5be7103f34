"""The content of one database takes the place of another's, which stays beside it.

MariaDB can't rename a database. It renames tables into another one, all of them by one statement,
but none that has a trigger, and no view. So what is program (triggers, views, routines, events) is
dropped and made again from files, on both sides. It isn't atomic: a note at the database that gets
the old data says for so long that it is under way. Whoever finds that note later goes on from it.

The same is done for some tables alone, and what is program is their triggers then.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from datadump.exchange import foreign_keys
from datadump.exchange.beside import Note, State, program_file
from datadump.exchange.moving import Moving
from datadump.exchange.program import BESIDE_TABLES, PROGRAM, KeptProgram, keep_program
from datadump.exchange.sequences import correct_sequences
from datadump.exchange.sides import (
    AS_IT_WAS,
    EXCHANGED,
    LACKS_NEW_PROGRAM,
    LACKS_OLD_PROGRAM,
    Sides,
    SwapError,
    undisturbed,
)
from datadump.ground.daily_log import EXCHANGE_BEGUN, EXCHANGE_ENDED, log
from datadump.load.loading import Source, load_file
from datadump.load.programs import Refused
from datadump.mariadb.complaints import ServerError
from datadump.mariadb.objects import Schema
from datadump.mariadb.server import Server
from datadump.sql.lines import DumpError
from datadump.sql.sections import Kind


class Swap:
    """An exchange between the databases of these names, of all or of the note's tables.

    ``warnings``: what the old data loses by it, in sentences for a person. ``standing``: how the
    database in use is, in words. All methods raise SwapError.
    """

    def __init__(self, server: Server, sides: Sides, note: Note, scratch: str) -> None:
        self._server, self._sides = server, sides
        self._home, self._incoming, self._outgoing = (Schema(server, name) for name in sides)
        self._tables = note.tables
        self._note = replace(note, state=State.EXCHANGING, incoming=sides.incoming)
        self._moving = Moving(server, (self._home, self._incoming, self._outgoing), self._tables)
        self._kept = KeptProgram(program_file(scratch, sides.outgoing))
        self._kept_of_incoming = KeptProgram(program_file(scratch, sides.incoming))
        self._state = AS_IT_WAS
        self.warnings: list[str] = []

    @property
    def standing(self) -> str:
        """How the database in use is now."""
        return self._state.format(**self._sides._asdict(), program=self._kept.dump.path)

    def prepare(self) -> None:
        """Keep what will be dropped in a file, before anything is changed.

        Raises SwapError where the account can't read all of it, ServerError and OSError.
        """
        keys = []
        if self._tables is not None:
            own = foreign_keys.foreign_keys(self._server, self._home, [self._home.name])
            keys = foreign_keys.crossing(own, self._tables)
        broken = keep_program(self._server, self._home, self._kept, self._tables, keys)
        self.warnings += [f"the view {view} was broken, and isn't kept" for view in broken]

    def run(self, program: Source) -> list[Refused]:
        """Let them change places. ``program``: has what is program of what comes, at home.

        Returns what of that the server refused.
        """
        with self._guarded():
            self._moving.wait()
            self._begin()
            try:
                self._state = LACKS_OLD_PROGRAM
                self._moving.unbind()
                self._moving.move()
            except ServerError:
                self._put_back()
                raise
            return self._finish(program)

    def has_moved(self) -> bool:
        """Whether the tables of an exchange that was cut had changed places by then."""
        with self._guarded():
            return self._moving.has_happened(self._note.moving)

    def complete(self, program: Source) -> list[Refused]:
        """Go on with an exchange that was cut when the tables had changed places; see run."""
        with self._guarded():
            return self._finish(program)

    def put_back(self) -> None:
        """Take back an exchange that was cut before the tables changed places."""
        with self._guarded():
            self._put_back()

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        with undisturbed():
            try:
                yield
            except (ServerError, DumpError, OSError) as error:
                raise SwapError(f"{error}; {self.standing}") from error

    def _begin(self) -> None:
        self._note = replace(self._note, moving=len(self._moving.leaving()))
        self._outgoing.create_like(self._home, self._note.comment)
        log(f"{EXCHANGE_BEGUN}{self._outgoing.name}")

    def _end(self) -> None:
        # Before the note goes: after a kill in between the exchange is told, and ends again. The
        # other way round the watch would miss its end for ever.
        log(f"{EXCHANGE_ENDED}{self._outgoing.name}")

    def _put_back(self) -> None:
        """No table was moved: make what was dropped again. Routines were not."""
        self._state = LACKS_OLD_PROGRAM
        self._home.drop_triggers(self._tables)
        kinds = PROGRAM - {Kind.ROUTINES}
        program = Source(self._kept.dump, self._home.name, kinds)
        if refused := load_file(self._server, program, self._home.name, None).refused:
            raise ServerError(str(refused[0]))
        self._end()
        self._outgoing.drop_without_tables()
        self._state = AS_IT_WAS

    def _finish(self, program: Source) -> list[Refused]:
        """The tables have changed places: all the rest, as often as it takes."""
        self._state = LACKS_NEW_PROGRAM
        if self._tables is None:
            self._correct_all()
        else:
            self._correct_foreign_keys(self._tables)
        self._home.drop_triggers(self._tables)
        refused = load_file(
            self._server, program._replace(kinds=PROGRAM), self._home.name, None
        ).refused
        self._state = EXCHANGED
        self._keep_what_was(self._outgoing)
        self._incoming.drop_without_tables()
        self._end()
        if self._outgoing.objects():
            self._outgoing.annotate(replace(self._note, state=State.KEPT).comment)
        else:  # tables of which none was there
            self._outgoing.drop()
            self._kept.remove()
        self._kept_of_incoming.remove()
        return refused

    def _correct_all(self) -> None:
        for schema, was in ((self._home, self._incoming), (self._outgoing, self._home)):
            self.warnings += correct_sequences(self._server, schema, was)
        self._home.drop_routines()

    def _correct_foreign_keys(self, tables: list[str]) -> None:
        """Those at home refer to tables at home: what moved has taken its own along."""
        foreign_keys.drop_those_to(
            self._server, self._home, [self._incoming.name, self._outgoing.name]
        )
        come = [key for key in self._kept_of_incoming.foreign_keys() if key.table in tables]
        stay = [key for key in self._kept.foreign_keys() if key.table not in tables]
        foreign_keys.add_missing(self._server, self._home, [*come, *stay])

    def _keep_what_was(self, outgoing: Schema) -> None:
        """With its program, where that can be made there.

        A foreign key to the new data would bind that.
        """
        keys = foreign_keys.drop_those_to(self._server, outgoing, [self._home.name])
        if self._tables is None:
            lost = [f"{outgoing.name}.{table} lost the foreign key {name}" for table, name in keys]
            self.warnings += [f"{one}: no parent" for one in lost]
        outgoing.drop_triggers()
        program = Source(self._kept.dump, outgoing.name, BESIDE_TABLES)
        for one in load_file(self._server, program, outgoing.name, None).refused:
            self.warnings.append(
                f"{outgoing.name} lacks {one}: its text is in {self._kept.dump.path}"
            )
