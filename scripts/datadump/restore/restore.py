"""A backup's way from the bucket into the server."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from datadump.exchange.beside import BEFORE, Aside, Note, State
from datadump.exchange.cut import alone, cut_exchange, gone_on_with, swap_of, told
from datadump.exchange.sides import SwapError
from datadump.ground.progress import Phases, Progress
from datadump.ground.terminal import printable
from datadump.load.loading import Source, load_file
from datadump.load.programs import Refused
from datadump.load.survey import Outline, Survey, check_head, survey
from datadump.load.tables import pieces_of_tables
from datadump.mariadb.objects import Schema
from datadump.mariadb.server import Server
from datadump.restore.download import Wanted
from datadump.restore.foresight import look_at_account, look_at_dump, look_for_tables
from datadump.restore.outcome import Restored, with_surroundings
from datadump.restore.replacing import Replacement, announce, announce_to_nothing, check_whole
from datadump.restore.tables import Tables
from datadump.restore.target import (
    RestoreError,
    Target,
    check_emptiness,
    check_origin,
    check_target,
)
from datadump.sql.authorship import ForeignError, authored
from datadump.sql.programs import Name
from datadump.sql.reading import DumpFile, database_of
from datadump.sql.sections import sections

LENGTH_OF_A_VERSION = 16  # hexadecimal digits


@contextmanager
def one_restore(wanted: Wanted, server: Server, target: Target) -> Iterator[Restore]:
    """A restore of that backup, while nobody else restores into that database.

    Raises RestoreError, and ServerError where the server can't be asked.
    """
    check_target(target)
    with alone(server, target.name) as is_alone:
        if not is_alone:
            raise RestoreError(f"another restore into {target.name} is under way")
        yield Restore(wanted, server, target)


class Restore:
    """One backup on its way into one database.

    What its methods raise, RestoreError and SwapError, says how the database stands.
    """

    def __init__(self, wanted: Wanted, server: Server, target: Target) -> None:
        bucket, self._scratch, _, backup = self._wanted = wanted
        self._backup, self._server, self._target = backup, server, target
        self._download = wanted.download()
        self._phases, self._has_warned = Phases(), False
        self._standing = f"{target.name} is as it was"
        version = f"{bucket.url(backup.key)} {backup.etag} {backup.size}"
        self._note = Note(
            State.LOADING,
            backup.key,
            hashlib.sha256(version.encode()).hexdigest()[:LENGTH_OF_A_VERSION],
            sorted(target.tables) if target.tables else None,
        )
        if not self._note.fits:
            raise RestoreError("so many tables at once can't be noted: name fewer")

    def check(self) -> bool:
        """Look at all that can be known beforehand, and say it; whether there was a warning.

        The object stays in scratch.
        """
        with self._telling():
            if cut := cut_exchange(self._server, self._target.name):
                raise RestoreError(told(self._server, cut, self._scratch))
            source = self._fetched()
            if self._target.tables:
                dump = read(source.dump, self._target, self._phases).inventory
                there = check_emptiness(self._server, self._target)
                self._warn(look_for_tables(self._server, self._target, there, dump))
            else:
                self._look(source)
            self._download.close()
        return self._has_warned

    def run(self) -> Restored:
        """Fetch, check and load it; returns what came of it."""
        with self._telling():
            refused, said = self._run()
        self._download.remove()
        restored = Restored(self._backup.key, [*said, str(self._phases)], refused)
        return with_surroundings(restored, self._server, self._target.name, self._scratch)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except SwapError:
            raise
        except BaseException as error:
            raise RestoreError(f"{str(error) or 'stopped'}; {self._standing}") from error

    def _run(self) -> tuple[list[Refused], list[str]]:
        if (cut := cut_exchange(self._server, self._target.name)) and self._goes_on(cut):
            source = self._downloaded()
            with self._phases.phase("exchange"):
                return gone_on_with(self._server, cut, source, self._scratch)
        source = self._fetched()
        if self._target.tables:
            return self._bring_tables(source)
        found, there = self._look(source)
        return self._replace(source, found) if there else self._fill(source, found)

    def _goes_on(self, cut: Aside) -> bool:
        """Whether this restore's tables have changed places already; RestoreError for another's.

        Where they haven't, that exchange is taken back.
        """
        is_this = cut.note.is_of(self._note.version, self._note.tables)
        if cut.what != BEFORE or not is_this:  # an undo's note has the backup that it takes away
            raise RestoreError(told(self._server, cut, self._scratch))
        swap = swap_of(self._server, cut, self._scratch)
        if not swap.has_moved():
            swap.put_back()
            return False
        return True

    def _fetched(self) -> Source:
        """What is to be loaded, if it may go there. What needs no dump to be seen is seen first."""
        key = self._backup.key
        self._wanted.check_identity()
        check_origin(self._server, self._target, self._backup.database, f"{key} is")
        there = check_emptiness(self._server, self._target)
        self._warn(look_at_account(self._server, self._target, there))
        return self._downloaded()

    def _downloaded(self) -> Source:
        with self._phases.phase("fetch"):
            dump = DumpFile(self._download.fetch(), self._wanted.identity)
        check_head(dump)
        origin = database_of(dump)
        says = f"{self._backup.key} says itself that it is"
        check_origin(self._server, self._target, origin, says)
        # The dump's own word for it, which may be in other letters.
        home = origin if self._target.of_itself and origin else self._target.name
        return Source(dump, home, definers=self._target.definers)

    def _look(self, source: Source) -> tuple[Survey, set[Name]]:
        """What the dump holds, and the database that it goes to, if that can come to a good end."""
        found = read(source.dump, self._target, self._phases)
        there = check_emptiness(self._server, self._target)  # somebody may have been at work
        if there:
            check_whole(source.dump, found.inventory)
            announce(found.inventory, self._target, there)
        else:
            announce_to_nothing(found.inventory, self._target)
        self._warn(look_at_dump(self._server, self._target, there, found.inventory))
        return found, there

    def _warn(self, sentences: list[str]) -> None:
        for sentence in sentences:
            print(printable(f"warning: {sentence}"), flush=True)
            self._has_warned = True

    def _bring_tables(self, source: Source) -> tuple[list[Refused], list[str]]:
        outline = None
        if not self._target.even_if_foreign:
            outline = outline_of_tables(source.dump, self._target, self._phases)
        make_database(self._server, self._target.name)
        tables = Tables(self._server, source, self._target, self._note, self._scratch)
        with self._phases.phase("load"):
            tables.load(outline)
        with self._phases.phase("exchange"):
            return tables.exchange()

    def _fill(self, source: Source, found: Survey) -> tuple[list[Refused], list[str]]:
        """Load it into a database that is empty, or isn't there yet."""
        name = self._target.name
        make_database(self._server, self._target.name)
        self._standing = f"{name} holds what was loaded until then, and --overwrite replaces that"
        with self._phases.phase("load"):
            loaded = load_file(self._server, source, name, found.outline)
        return loaded.refused, loaded.left_out

    def _replace(self, source: Source, found: Survey) -> tuple[list[Refused], list[str]]:
        replacement = Replacement(
            self._server, source, self._target.name, self._note, self._scratch
        )
        with self._phases.phase("load"):
            replacement.load(found)
        with self._phases.phase("exchange"):
            refused, said = replacement.exchange()
        return refused, [*found.inventory.left_out, *said]


def read(dump: DumpFile, target: Target, phases: Phases) -> Survey:
    """What the dump holds; its rows are counted where they may replace others."""
    told = target.even_if_foreign
    with reading(dump, phases) as progress:
        return survey(dump, progress.reach, rows=target.overwrite, even_if_foreign=told)


def outline_of_tables(dump: DumpFile, target: Target, phases: Phases) -> Outline | None:
    """Read it up to the last of the target's tables: up to there nothing may be foreign."""
    outline: Outline | None = Outline()
    with reading(dump, phases) as progress, dump.followed() as (stream, read_until_now):
        for piece in pieces_of_tables(authored(sections(stream), dump.size), target.tables):
            if outline and not outline.takes(*piece):
                outline = None
            progress.reach(read_until_now())
    return outline


@contextmanager
def reading(dump: DumpFile, phases: Phases) -> Iterator[Progress]:
    """A phase of its own, whose errors say what a person may do."""
    with phases.phase("read"), Progress("read", dump.size, what="the dump") as progress:
        try:
            yield progress
        except ForeignError as error:
            raise RestoreError(f"{error} (--even-if-foreign runs it all the same)") from error


def make_database(server: Server, name: str) -> None:
    """Make it where it isn't there. Raises ServerError."""
    server.query(f"CREATE DATABASE IF NOT EXISTS {Schema(server, name).sql}")
