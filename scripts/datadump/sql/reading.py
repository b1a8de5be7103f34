"""A dump's file as the SQL that is in it, decompressed where need be."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, NamedTuple

from datadump.ground.pipes import BUFFER, widen
from datadump.sql.lines import DATABASE, DumpError
from datadump.sql.sections import FIRST_COMMENT

LINES_BEFORE_TABLES = 10
# Up to the one that names mariadb-dump: before it stand one that makes other clients refuse the
# dump, and the database's own settings.
FIRST_LINES = 3
LONGEST_FIRST_LINE = 4096  # bytes
DECOMPRESSORS = {b"\x28\xb5\x2f\xfd": ["zstd", "-dcq"], b"\x1f\x8b": ["gzip", "-dc"]}


class DumpFile(NamedTuple):
    """A dump in a file: SQL, or SQL that was compressed with zstd or gzip."""

    path: str

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """The dump's SQL, from its beginning.

        Raises OSError, and DumpError where the file can't be decompressed to its end.
        """
        with self.followed() as (stream, _):
            yield stream

    @contextmanager
    def followed(self) -> Iterator[tuple[BinaryIO, Callable[[], int]]]:
        """The same, and what tells in this context how many of the file's bytes are read by now."""
        with open(self.path, "rb") as file:

            def read() -> int:
                # A program that decompresses moves the position of this same open file.
                return os.lseek(file.fileno(), 0, os.SEEK_CUR)

            start = file.peek(4)
            for magic, command in DECOMPRESSORS.items():
                if start.startswith(magic):
                    with decompressed(file, command) as stream:
                        yield stream, read
                    return
            yield file, read

    @property
    def size(self) -> int:
        """The file's bytes. Raises OSError."""
        return os.path.getsize(self.path)


@contextmanager
def decompressed(file: BinaryIO, command: list[str]) -> Iterator[BinaryIO]:
    """The output of a command that is given this file; who stops early needn't read it all.

    Raises DumpError where the command fails, with what it said.
    """
    os.lseek(file.fileno(), 0, os.SEEK_SET)
    with subprocess.Popen(
        command, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=BUFFER
    ) as program:
        widen(program.stdout)
        try:
            yield program.stdout  # type: ignore[misc]
        except BaseException:
            program.kill()
            raise
        if program.stdout.read(1):  # type: ignore[union-attr]
            program.kill()  # nobody wants the rest
            return
        said = program.stderr.read().decode(errors="replace").strip()  # type: ignore[union-attr]
        if program.wait() != 0:
            raise DumpError(f"{command[0]}: {said}")


def database_of(dump: DumpFile) -> str:
    """The database that the file says it is a dump of, in one of its first lines; '' for none.

    Raises OSError and DumpError.
    """
    with dump.open() as stream:
        lines = [stream.readline(LONGEST_FIRST_LINE) for _ in range(LINES_BEFORE_TABLES)]
    named = [match for line in lines if (match := DATABASE.fullmatch(line))]
    return named[0][1].decode(errors="replace") if named else ""


def is_of_mariadb_dump(dump: DumpFile) -> bool:
    """Whether the file says that mariadb-dump wrote it, in one of its first lines.

    Only then are its sections what their comments tell. Raises OSError and DumpError.
    """
    with dump.open() as stream:
        lines = [stream.readline(LONGEST_FIRST_LINE) for _ in range(FIRST_LINES)]
    return any(line.startswith(FIRST_COMMENT) for line in lines)
