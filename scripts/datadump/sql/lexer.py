"""Where statements, quotes and comments end, as the ``mariadb`` client reads them."""

from __future__ import annotations

import re
from functools import cache

DELIMITER = b"DELIMITER "
SQL_MODE = re.compile(
    rb"/\*!\d+ SET (?:@OLD_SQL_MODE=@@SQL_MODE, )?SQL_MODE\s*=\s*(?:'([^']*)'|@)", re.IGNORECASE
)
# What makes other clients refuse a dump. It has no end that they know.
SANDBOX = b"/*M!999999\\-"


class Lexer:
    """What is open where a line ends: read as the ``mariadb`` client does with ``--binary-mode``.

    It sends what stands before a delimiter that is outside of quotes and comments; ``/*!`` and
    ``/*M!`` begin no comment. A DELIMITER line is its own command only where nothing is open
    (client/mysql.cc of MariaDB, add_line; seen with 10.11 and 11.8).
    """

    def __init__(self) -> None:
        self._delimiter = b";"
        self._within = b""  # the quote or comment that is open
        self._statement = False  # whether one has begun
        self._sql_mode = b""

    @property
    def is_idle(self) -> bool:
        """Whether nothing is open: what comes next is the beginning of something."""
        return not self._statement and not self._within

    @property
    def is_in_quotes(self) -> bool:
        """Whether a quote or a comment goes on in the next line."""
        return bool(self._within)

    def begin_statement(self) -> None:
        """From now on a statement is open; this lexer was not fed its first lines."""
        self._statement = True

    def feed(self, line: bytes) -> None:
        """Read the next line."""
        if self.is_idle and line.startswith(DELIMITER):
            self._delimiter = line.removeprefix(DELIMITER).strip() or self._delimiter
        elif not (self.is_idle and line.startswith(SANDBOX)):
            self._read(line)

    def learn(self, statement: bytes) -> None:
        """Note the SQL mode that the statement sets, if any: some change what ends a quote."""
        if match := SQL_MODE.match(statement):
            self._sql_mode = match[1] or b""

    def _read(self, line: bytes) -> None:
        at = 0
        while at < len(line):
            if self._within:
                end = self._end_of_quote().match(line, at)
                if not end:
                    return
                self._within, at = b"", end.end()
                continue
            mark = mark_of(self._delimiter).search(line, at)
            code = line[at : mark.start()] if mark else line[at:]
            self._statement |= bool(code.strip())
            if not mark or mark[0] in {b"--", b"#"}:  # a comment ends with its line
                return
            at = mark.end()
            if mark[0] == self._delimiter:
                self._statement = False
            else:
                self._within = mark[0]
                self._statement |= mark[0] != b"/*"

    def _end_of_quote(self) -> re.Pattern[bytes]:
        plain = b"NO_BACKSLASH_ESCAPES" in self._sql_mode or (
            self._within == b'"' and b"ANSI_QUOTES" in self._sql_mode
        )
        return (ENDS if plain else ENDS_WITH_ESCAPES)[self._within]


ENDS = {
    b"'": re.compile(rb"[^']*+'"),
    b'"': re.compile(rb'[^"]*+"'),
    b"`": re.compile(rb"[^`]*+`"),
    b"/*": re.compile(rb".*?\*/", re.DOTALL),
}
ENDS_WITH_ESCAPES = ENDS | {
    b"'": re.compile(rb"(?:[^'\\]++|\\.)*+'", re.DOTALL),
    b'"': re.compile(rb'(?:[^"\\]++|\\.)*+"', re.DOTALL),
}


@cache
def mark_of(delimiter: bytes) -> re.Pattern[bytes]:
    """What opens a quote or a comment, or ends a statement."""
    return re.compile(rb"['\"`#]|--(?=\s|\Z)|/\*(?!M?!)|" + re.escape(delimiter))
