"""Where statements, quotes and comments end, as the server reads them."""

from __future__ import annotations

import re
from functools import cache

from datadump.sql.lines import DumpError

DELIMITER = b"DELIMITER "
SQL_MODE = re.compile(
    rb"/\*!\d+ SET (?:@OLD_SQL_MODE=@@SQL_MODE, )?SQL_MODE\s*=\s*(?:'([^']*)'|@)", re.IGNORECASE
)
# What makes other clients refuse a dump. It has no end that they know. The second form is that of
# some minor versions, 10.11.8 and 11.4.2 among them.
SANDBOX = (b"/*M!999999\\-", b"/*!999999\\-")
CHARSET = re.compile(rb"/\*!\d+ SET CHARACTER_SET_CLIENT\s*=\s*(\w+|@)", re.IGNORECASE)
# In these a character's second byte may be what is a backslash or a backquote alone
# (strings/ctype-big5.c, -gbk.c, -sjis.c and -cp932.c of MariaDB).
DOUBLE_BYTES = {
    b"big5": re.compile(rb"[\xa1-\xf9][\x40-\x7e\xa1-\xfe]"),
    b"gbk": re.compile(rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]"),
    b"sjis": re.compile(rb"[\x81-\x9f\xe0-\xfc][\x40-\x7e\x80-\xfc]"),
    b"cp932": re.compile(rb"[\x81-\x9f\xe0-\xfc][\x40-\x7e\x80-\xfc]"),
}


class Lexer:
    """What is open where a line ends, read as the server does (sql/sql_lex.cc of MariaDB).

    The texts of routines, triggers and events are as their author wrote them, and the ``mariadb``
    client reads some otherwise: for the server alone, ``--`` and a control character begin a
    comment; for the client alone, ``/*`` within a comment begins another. ``/*!`` and ``/*M!``
    begin none. A DELIMITER line is a command only where nothing is open.
    """

    def __init__(self) -> None:
        self._delimiter = b";"
        self._within = b""  # the quote or comment that is open
        self._statement = False  # whether one has begun
        self._sql_mode = b""
        self._charset = b""

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
            double_bytes = DOUBLE_BYTES.get(self._charset)
            self._read(double_bytes.sub(b"xx", line) if double_bytes else line)

    def learn(self, statement: bytes) -> None:
        """Note the SQL mode or the character set that the statement sets: they change what ends."""
        if match := SQL_MODE.match(statement):
            self._sql_mode = match[1] or b""
        elif match := CHARSET.match(statement):
            self._charset = match[1].lower()

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
            if mark[0].startswith(b"--"):
                raise DumpError(
                    "a text of the dump has -- before a letter that may begin a comment"
                )
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


class Bare:
    """Makes each statement of a dump what the server takes: its delimiter is for clients alone.

    So are DELIMITER lines, and comment lines between statements.
    """

    def __init__(self) -> None:
        self._delimiter = b";"

    def statement(self, text: bytes) -> bytes:
        """The next one, without its delimiter; empty for what is no statement."""
        sql = text.strip()
        if sql.startswith(DELIMITER):
            self._delimiter = sql.removeprefix(DELIMITER).strip()
            return b""
        if sql.startswith((b"--", *SANDBOX)):
            return b""
        return sql.removesuffix(self._delimiter).rstrip()


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
    # Whether a byte over 0x7f is a control character or a blank is its character set's word.
    comments = rb"#|--(?=[\x00-\x20\x7f]|\Z)|--[\x80-\xff]|/\*(?!M?!)"
    return re.compile(rb"['\"`]|" + comments + rb"|" + re.escape(delimiter))
