"""Views, triggers, routines and events of a dump: one that the server refuses stops no other.

They hold no data. What they need may not be there: another database's table, a function, a right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from datadump.ground.files import new_file
from datadump.ground.terminal import printable
from datadump.mariadb.complaints import ServerError
from datadump.mariadb.session import Session
from datadump.sql.programs import Name, begins_program, name_of_program
from datadump.sql.sections import Kind, Piece, Section

# What goes on where a program was refused: settings and the database's character set are put back.
PUTS_BACK = re.compile(rb"\s*(?:(?:/\*M?!\d+ *)?SET\b|ALTER DATABASE |DELIMITER )", re.IGNORECASE)


class Refused(NamedTuple):
    """A program that the server didn't make, and its text, with the settings around it."""

    name: Name
    error: ServerError
    text: bytes

    def __str__(self) -> str:
        """In a line for a person."""
        return f"{self.name.kind} {self.name.name} ({self.error})"


class Program:
    """One program on its way to the server."""

    def __init__(self, section: Section) -> None:
        self.section = section
        self._pieces: list[bytes] = []
        self._error: ServerError | None = None

    def run(self, session: Session, sql: bytes) -> None:
        """Its next statement. Raises ServerError where the connection is gone."""
        self._pieces.append(sql)
        if self._error and not PUTS_BACK.match(sql):
            return
        try:
            session.run(sql)
        except ServerError as error:
            if error.is_of_the_connection:
                raise
            self._error = self._error or error

    def refused(self) -> list[Refused]:
        """It, if the server has refused it; the error itself is raised where it has no name.

        A placeholder that is missing is missed by nobody but other views.
        """
        if not self._error or self.section.kind is Kind.PLACEHOLDER:
            return []
        text = b"".join(self._pieces)
        if name := name_of_program(self.section, text):
            return [Refused(name, self._error, text)]
        raise self._error


def run_programs(session: Session, pieces: Iterable[Piece]) -> list[Refused]:
    """Make all programs of these pieces; returns those that the server has refused.

    Raises ServerError where the connection is gone, or what was refused is no program.
    """
    refused: list[Refused] = []
    program = Program(Section(Kind.PLACEHOLDER))
    for section, sql in pieces:
        if section is not program.section or begins_program(section, sql):
            refused += program.refused()
            program = Program(section)
        program.run(session, sql)
    return refused + program.refused()


def keep(refused: Iterable[Refused], path: str) -> None:
    """Keep their texts in a file, each with the reason, for a person to read. Raises OSError."""
    with new_file(path) as file:
        for one in refused:
            file.write(b"-- %b\n%bDELIMITER ;\n\n" % (printable(str(one)).encode(), one.text))
