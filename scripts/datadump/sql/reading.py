"""A dump's file as the SQL that is in it, decompressed where need be."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import IO, BinaryIO, NamedTuple

from datadump.ground.pipes import BUFFER, widen
from datadump.sql.lines import DATABASE, DumpError
from datadump.sql.sections import FIRST_COMMENT

LINES_BEFORE_TABLES = 10
# Up to the one that names mariadb-dump: before it stand one that makes other clients refuse the
# dump, and the database's own settings.
FIRST_LINES = 3
LONGEST_FIRST_LINE = 4096  # bytes
ENCRYPTED = b"age-encryption.org/v1\n"  # how a file begins, by the format's specification
NEEDED = "AGE_IDENTITY_FILE has to name the private key of one of its recipients"
# Of what age says: that it has no key, or not the right one.
ABOUT_IDENTITIES = re.compile(r"identit|secret keys|passphrase")
LONGEST_MAGIC = 4  # bytes
DECOMPRESSORS = {b"\x28\xb5\x2f\xfd": ["zstd", "-dcq"], b"\x1f\x8b": ["gzip", "-dc"]}


class EncryptedError(Exception):
    """A dump can't be opened by whoever asks; the text says what it takes."""


class DumpFile(NamedTuple):
    """A dump in a file: SQL, or SQL that was compressed with zstd or gzip, and encrypted with age.

    ``identity``: a descriptor of the private key's file, for the latter.
    """

    path: str
    identity: int | None = None

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """The dump's SQL, from its beginning.

        Raises OSError, EncryptedError where this identity doesn't open it, and DumpError where the
        file can't be decrypted and decompressed to its end.
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

            commands = self._commands(file)
            if not commands:
                yield file, read
                return
            with passed_through(file, commands, self.identity) as stream:
                yield stream, read

    def _commands(self, file: BinaryIO) -> list[list[str]]:
        """The programs that make SQL of the file's bytes, one after another."""
        start, commands = file.peek(len(ENCRYPTED)), []  # type: ignore[attr-defined]
        if start.startswith(ENCRYPTED):
            commands.append(["age", "--decrypt", "--identity", f"/dev/fd/{self.identity}"])
            start = self._first_decrypted(file, commands)
        found = [command for magic, command in DECOMPRESSORS.items() if start.startswith(magic)]
        return commands + found[:1]

    def _first_decrypted(self, file: BinaryIO, commands: list[list[str]]) -> bytes:
        if self.identity is None:
            raise EncryptedError(f"the dump is encrypted: {NEEDED}")
        try:
            with passed_through(file, commands, self.identity) as stream:
                return stream.read(LONGEST_MAGIC)
        except DumpError as error:
            if ABOUT_IDENTITIES.search(str(error)):
                raise EncryptedError(
                    f"the dump is encrypted to others: {NEEDED} ({error})"
                ) from error
            raise

    @property
    def size(self) -> int:
        """The file's bytes. Raises OSError."""
        return os.path.getsize(self.path)


@contextmanager
def passed_through(
    file: BinaryIO, commands: Sequence[Sequence[str]], descriptor: int | None
) -> Iterator[BinaryIO]:
    """The file's bytes, from the first, as these commands make them, one behind the other.

    They are given that descriptor. Who stops early needn't read it all. Raises DumpError where one
    fails, with what the first of those said.
    """
    os.lseek(file.fileno(), 0, os.SEEK_SET)
    kept = [] if descriptor is None else [descriptor]
    with ExitStack() as stack:
        programs: list[subprocess.Popen[bytes]] = []
        source: IO[bytes] = file
        for command in commands:
            programs.append(stack.enter_context(started(command, source, kept)))
            if source is not file:
                source.close()
            source = programs[-1].stdout  # type: ignore[assignment]
        try:
            yield source  # type: ignore[misc]
            if not source.read(1):
                require_success(programs)
        finally:
            for program in programs:
                program.kill()  # nobody wants the rest


def require_success(programs: Iterable[subprocess.Popen[bytes]]) -> None:
    """Wait for programs whose output has ended. Raises DumpError for the first that failed."""
    for program in programs:
        name = program.args[0]  # type: ignore[index]
        said = program.stderr.read().decode(errors="replace")  # type: ignore[union-attr]
        if program.wait() != 0:
            complaint = first_line(said) or "it failed, and said nothing"
            raise DumpError(f"{name!s}: {complaint}")


def first_line(said: str) -> str:
    """What a program said first, without its own name."""
    return said.strip().partition("\n")[0].partition(": ")[2]


def started(
    command: Sequence[str], source: IO[bytes], kept: Sequence[int]
) -> subprocess.Popen[bytes]:
    """A program that reads the source."""
    program = subprocess.Popen(
        command,
        stdin=source,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=BUFFER,
        pass_fds=kept,
    )
    widen(program.stdout)
    return program


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
