"""The lines of a dump, read in bounded memory."""

from __future__ import annotations

import re
from typing import BinaryIO


class DumpError(Exception):
    """A dump can't be loaded; the text says why."""


# All of an INSERT up to its first row, where that is one line.
HEAD_OF_ROWS = re.compile(
    rb"INSERT\s+INTO `(?:[^`\n]++|``)++` (?:\((?:[^`)\n]++|`(?:[^`\n]++|``)++`)*+\) )?VALUES ?"
)
# A line of mariadb-dump's own, near the beginning, which tells what it is a dump of.
DATABASE = re.compile(rb"-- Host: .*?    Database: (.*)\n")
CHUNK = 1024 * 1024  # bytes
LONGEST_STATEMENT = 1024**3  # bytes: the largest max_allowed_packet that a server can have


class Reader:
    """Lines of a stream one by one, but rows, which are nearly all of a dump, by the chunk.

    Raises DumpError for a line that no server could take as a statement.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._buffer, self._at = bytearray(), 0

    def line(self) -> bytes:
        """The next line with its end; empty at the end of the stream."""
        return self._take(self._end_of_line())

    def head_of_rows(self) -> bytes:
        """The beginning of an INSERT, if one is next: up to its rows."""
        if len(self._buffer) - self._at < CHUNK:
            self._fill()
        match = HEAD_OF_ROWS.match(self._buffer, self._at)
        return match[0] if match else b""

    def is_at_row(self) -> bool:
        """Whether the next line begins with a row."""
        if self._at == len(self._buffer):
            self._fill()
        return self._buffer.startswith(b"(", self._at)

    def rows(self, end_of_rows: re.Pattern[bytes]) -> bytes:
        """Whole lines, up to one that ends so: as many as are at hand, and one at least."""
        stop = self._end_of_line()
        end = end_of_rows.search(self._buffer, stop - 1)
        return self._take(end.end() if end else self._buffer.rfind(b"\n", stop - 1) + 1 or stop)

    def _end_of_line(self) -> int:
        """Where the next line ends in the buffer, which holds all of it from here on."""
        searched = self._at
        while not (stop := self._buffer.find(b"\n", searched) + 1):
            searched = len(self._buffer) - self._at
            if searched > LONGEST_STATEMENT:
                raise DumpError("the dump has a line of over 1 GiB, which no server takes")
            if not self._fill():
                return len(self._buffer)
        return stop

    def _take(self, stop: int) -> bytes:
        with memoryview(self._buffer) as view:
            taken = bytes(view[self._at : stop])
        self._at = stop
        return taken

    def _fill(self) -> bool:
        del self._buffer[: self._at]
        self._at = 0
        more = self._stream.read(CHUNK)
        self._buffer += more
        return bool(more)
