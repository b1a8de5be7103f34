"""A dump's file into a database: decompressed, put in order, and run by the real client."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from datadump.dump_file import Kind, Section, sections
from datadump.server import BUFFER, Server, quote

ALL = frozenset(Kind)
DECOMPRESSORS = {b"\x28\xb5\x2f\xfd": ["zstd", "-dcq"], b"\x1f\x8b": ["gzip", "-dc"]}
SECONDS_BETWEEN_REPORTS = 10.0
OTHER_DATABASE = re.compile(
    rb"\s*(?:USE|(?:CREATE|DROP)\s+(?:DATABASE|SCHEMA))\b.*\n", re.IGNORECASE
)
ALTER_DATABASE = re.compile(rb"ALTER DATABASE `(?:[^`]|``)+` (CHARACTER SET \w+ COLLATE \w+ ;+\n)")


class DumpError(Exception):
    """The file can't be loaded; the text says why."""


@contextmanager
def open_dump(path: str) -> Iterator[Iterator[bytes]]:
    """The lines of the dump's SQL. Raises DumpError where the file can't be decompressed."""
    with open(path, "rb") as file:
        start = file.peek(4)
        for magic, command in DECOMPRESSORS.items():
            if start.startswith(magic):
                with decompressed(file, command) as lines:
                    yield lines
                return
        yield with_progress(file, file)


@contextmanager
def decompressed(file: BinaryIO, command: list[str]) -> Iterator[Iterator[bytes]]:
    """The output of the command that is given this file."""
    os.lseek(file.fileno(), 0, os.SEEK_SET)
    with subprocess.Popen(
        command, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=BUFFER
    ) as program:
        try:
            yield with_progress(program.stdout, file)  # type: ignore[arg-type]
        except BaseException:
            program.kill()
            raise
        program.stdout.close()  # type: ignore[union-attr]
        said = program.stderr.read().decode(errors="replace").strip()  # type: ignore[union-attr]
        if program.wait() != 0:
            raise DumpError(f"{command[0]}: {said}")


def with_progress(lines: Iterable[bytes], file: BinaryIO) -> Iterator[bytes]:
    """The same lines; says now and then, for a person, how far the file was read."""
    size = os.fstat(file.fileno()).st_size
    said = time.monotonic()
    for line in lines:
        yield line
        now = time.monotonic()
        if now - said >= SECONDS_BETWEEN_REPORTS:
            said = now
            place = os.lseek(file.fileno(), 0, os.SEEK_CUR)
            print(f"{place / size:.0%} read", flush=True)


def arranged(lines: Iterable[bytes], home: str, kinds: Collection[Kind] = ALL) -> Iterator[bytes]:
    """These kinds of a dump's sections, as they can be run in a database of any name.

    Events come after all else, since they may run as soon as they are there. ``home`` is the
    database that the objects will stand in at last. Raises DumpError for a dump that goes to a
    database of its own choice.
    """
    events: list[bytes] = []
    rename = Renaming(home)
    for section, line in sections(lines):
        if section.kind is Kind.HEAD:
            rename.learn(line)
            if OTHER_DATABASE.fullmatch(line):
                statement = line.decode(errors="replace").strip()
                raise DumpError(f"the dump goes to a database of its own choice: {statement}")
        if section.kind not in kinds:
            continue
        if section.kind is Kind.EVENTS:
            events.append(rename.apply(section, line))
            continue
        if section.kind is Kind.END:
            yield from events
            events.clear()
        yield rename.apply(section, line)
    yield from events


class Renaming:
    """The few places where mariadb-dump writes the name of the database that it read."""

    def __init__(self, home: str) -> None:
        self._home = quote(home).encode()
        self._origin = b""

    def learn(self, line: bytes) -> None:
        """From the comment in the dump's head."""
        if line.startswith(b"-- Host: "):
            name = line.partition(b"    Database: ")[2].rstrip(b"\n").decode()
            self._origin = quote(name).encode()

    def apply(self, section: Section, line: bytes) -> bytes:
        """The line without it: a sequence as a default, a setting around a routine, a view's text.

        (In a view it stands where the view's definer was gone already.)
        """
        if section.kind is Kind.STRUCTURE and self._origin and b"nextval(" in line:
            return line.replace(b"nextval(%b." % self._origin, b"nextval(%b." % self._home)
        if section.kind is Kind.VIEW and self._origin:
            return line.replace(self._origin + b".", b"")
        if line.startswith(b"ALTER DATABASE `") and section.kind is not Kind.ROWS:
            return ALTER_DATABASE.sub(rb"ALTER DATABASE \1", line)
        return line


def load_file(
    server: Server, path: str, database: str, home: str = "", kinds: Collection[Kind] = ALL
) -> None:
    """Load these kinds of the file's sections. Raises DumpError and ServerError."""
    with open_dump(path) as lines:
        server.load(arranged(lines, home or database, kinds), database)
