"""A dump of one database, made to run in a database of any name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from datadump.sql.lines import DumpError
from datadump.sql.quoting import QUOTED, quote, without_database
from datadump.sql.sections import Kind, Piece, Section, check_place

WITH_DEFINERS = frozenset({Kind.VIEW, Kind.TRIGGERS, Kind.ROUTINES, Kind.EVENTS})
# What mariadb-dump writes before a table's rows, unless it was told otherwise: first the form of
# older versions, then the one of newer ones.
OWN_TRANSACTION = re.compile(
    rb"SET (?:@OLD_AUTOCOMMIT=@@AUTOCOMMIT, @@)?AUTOCOMMIT=0;\n", re.IGNORECASE
)
NO_TRANSACTION = b"SET @OLD_AUTOCOMMIT=@@AUTOCOMMIT;\n"
# At the beginning of what makes a view, trigger, routine or event.
DEFINER = re.compile(rb"\A((?:/\*!\d+ )?CREATE[^`'\"]*?DEFINER=)%b(?:@%b)?" % (QUOTED, QUOTED))
EVENT = b"/*!50106 CREATE*/"
STATUS = re.compile(
    rb"\A(%b (?:/\*!\d+ DEFINER=(?:%b(?:@%b)?|CURRENT_USER)\*/ )?/\*!\d+ EVENT %b "
    rb"ON SCHEDULE [^`\"]*? ON COMPLETION (?:NOT )?PRESERVE) (ENABLE|DISABLE)\b"
    % (re.escape(EVENT), QUOTED, QUOTED, QUOTED)
)
ALTER_DATABASE = re.compile(rb"\AALTER DATABASE %b (CHARACTER SET \w+ COLLATE \w+ ;+\n)" % QUOTED)
Wanted = Callable[[Section], bool]


def arranged(pieces: Iterable[Piece], adapt: Adaptation, wanted: Wanted) -> Iterator[Piece]:
    """The sections that are wanted, as they can be run in a database of any name.

    Events come after all else, since they may run as soon as they are there. Raises DumpError for a
    dump that goes to a database of its own choice.
    """
    events: list[Piece] = []
    for section, sql in pieces:
        adapt.learn(section, sql)
        if not wanted(section):
            continue
        if section.kind is Kind.EVENTS:
            events.append((section, adapt.apply(section, sql)))
            continue
        if section.kind is Kind.END:
            yield from events
            events.clear()
        yield section, adapt.apply(section, sql)
    yield from events


class Adaptation:
    """The few places where mariadb-dump writes the name of the database that it read.

    And events, which are disabled in a database of another name: they belong to the first.
    ``home`` is the database that the objects stand in; ``definers``, whether they stay whose they
    were, or belong to the account that loads them.
    """

    def __init__(self, home: str, *, definers: bool = True) -> None:
        self._definers = definers
        self._home = self._origin = home

    def learn(self, section: Section, sql: bytes) -> None:
        """Note which database was dumped, where this piece is the comment that tells.

        Raises DumpError where the piece goes to a database of the dump's own choice.
        """
        check_place(section, sql)
        if section.kind is Kind.HEAD and sql.startswith(b"-- Host: "):
            name = sql.partition(b"    Database: ")[2].rstrip(b"\n")
            self._origin = name.decode(errors="replace")

    def apply(self, section: Section, sql: bytes) -> bytes:
        """This piece of the dump, as it can be run in the database ``home``."""
        if section.kind is Kind.ROWS:
            # The statistics that the server takes meanwhile would cost as much as the load itself.
            return NO_TRANSACTION if OWN_TRANSACTION.fullmatch(sql) else sql
        if sql.startswith(b"ALTER DATABASE `"):
            return ALTER_DATABASE.sub(rb"ALTER DATABASE \1", sql)
        if not self._definers and section.kind in WITH_DEFINERS:
            sql = DEFINER.sub(rb"\1CURRENT_USER", sql)
        if section.kind is Kind.EVENTS and sql.startswith(EVENT):
            sql = self._with_status(sql)
        return sql if self._origin == self._home else self._renamed(section, sql)

    def _renamed(self, section: Section, sql: bytes) -> bytes:
        if section.kind is Kind.STRUCTURE and b"nextval(" in sql:
            was, now = (quote(name).encode() for name in (self._origin, self._home))
            return sql.replace(b"nextval(%b." % was, b"nextval(%b." % now)
        if section.kind is Kind.VIEW:
            return without_database(sql, self._origin)
        return sql

    def _with_status(self, event: bytes) -> bytes:
        """The statement that makes an event, which is disabled where its database isn't the first.

        Raises DumpError where it doesn't look as mariadb-dump writes it: it could run at once.
        """
        if self._origin == self._home:
            return event
        disabled, found = STATUS.subn(rb"\1 DISABLE", event)
        if not found:
            raise DumpError("the dump has an event that can't be disabled: --into loads none such")
        return disabled
