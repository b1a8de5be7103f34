"""Whether mariadb-dump wrote a dump: who can write into the bucket can write more into one.

Here stands what mariadb-dump 10.5 to 11.8 writes in each kind of section (client/mysqldump.cc):
settings of the session, definitions that read nothing, rows of literals. The texts of views,
triggers, routines and events are their authors', and nothing of them runs as they are made.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from datadump.ground.terminal import MEBIBYTE, human_size
from datadump.sql.lines import DumpError
from datadump.sql.quoting import QUOTED
from datadump.sql.sections import FIRST_COMMENT, Kind, Piece, Section, check_place

# Rows that differ in a number alone become a 50th of their size; a few KB of zstd may be terabytes.
MOST_TIMES = 1000
UNSUSPECTED = 1024 * MEBIBYTE  # of SQL, whatever the size of its file
UNSIGNED = "isn't mariadb-dump's, by its first lines"
SHOWN = 300  # bytes of a statement
LITERAL = re.compile(r"'[^']*'?|\"[^\"]*\"?")
# Texts and names, where :func:`plain` has taken out the quotes that are characters of a text.
PARTS = {
    b"text": rb"'[^']*+'",
    b"name": rb"`[^`]*+(?:``[^`]*+)*+`",
    b"quoted": QUOTED,
    b"utf8": rb"utf8(?:mb[34])?",
    b"switch": rb"UNIQUE_CHECKS|FOREIGN_KEY_CHECKS|SQL_NOTES|NOTE_VERBOSITY",
    # Of an engine. They stand in a comment where it doesn't know them, so none may end that.
    b"options": rb"(?:\ `[^`*]++`=(?:(?:'(?:[^'*/]|\*(?!/)|/(?!\*))*+')++|\w++))++",
}
COMMENTS = re.compile(rb"(?:(?:--(?: .*)?|[ \t\r]*+)\n)*+(?:--(?: .*)?)?")
SQL_MODE = b"/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;\n"
DEFINITION = rb"""
    DROP\ TABLE\ IF\ EXISTS\ %(name)b;\n
    |(?:/\*!40101\ )?SET\ @saved_cs_client\ +=\ @@character_set_client(?:\ \*/)?;\n
    |(?:/\*!40101\ )?SET\ character_set_client\ =\ (?:%(utf8)b|@saved_cs_client)(?:\ \*/)?;\n"""
PROGRAM = rb"""
    DELIMITER\ ;+\n
    |ALTER\ DATABASE\ %(name)b\ CHARACTER\ SET\ \w+\ COLLATE\ \w+\ ;+\n
    |/\*!50\d+\ DROP\ [A-Z ]+\ IF\ EXISTS\ %(name)b\ ?\*/;+\n
    |/\*!50\d+\ SET\ (?:@save\w+\ *=\ *@@\w+
        |(?i:character_set_client|character_set_results|collation_connection|sql_mode|time_zone)
        \ *=\ *(?:'[^']*'|\w+|@save\w+))\ \*/\ ?;+\n"""
DEFINER = rb"DEFINER=%(quoted)b(?:@%(quoted)b)?"
PATTERNS = {
    Kind.HEAD: rb"""
        /\*M?!999999\\-\ enable\ the\ sandbox\ mode\ \*/\ ?\n
        |/\*M?!\d+\ SET\ (?:@OLD_(?P<old>\w+)=@@(?P=old)|NAMES\ %(utf8)b|TIME_ZONE='\+00:00'
            |@OLD_(?P<switch>%(switch)b)=@@(?P=switch),\ (?P=switch)=0)\ \*/;\n"""
    + b"|"
    + re.escape(SQL_MODE),
    Kind.DATABASE: rb"ALTER\ DATABASE\ CHARACTER\ SET\ \w+\ COLLATE\ \w+;\n",
    Kind.SEQUENCE: rb"""
        DROP\ SEQUENCE\ IF\ EXISTS\ %(name)b;\n|(?:DO|SELECT)\ SETVAL\(%(name)b,\ -?\d+,\ [01]\);\n
        |CREATE\ SEQUENCE\ %(name)b(?:\ as\ [a-z ]+)?
        (?:\ (?:start\ with|minvalue|maxvalue|increment\ by|cache)\ -?\d+|\ nocache|\ (?:no)?cycle)*
        \ ENGINE=\w+(?:\ (?:COMMENT|CONNECTION)=(?:%(text)b)+|%(options)b|\ /\*%(options)b\ \*/)*;
        \n""",
    Kind.PLACEHOLDER: DEFINITION
    + rb"""
        |/\*!50001\ DROP\ VIEW\ IF\ EXISTS\ %(name)b\*/;\n
        |/\*!50001\ CREATE\ VIEW\ %(name)b\ AS\ SELECT(?:\n\ +(?:1|NULL)\ AS\ %(name)b,?)+\ \*/;\n
        |/\*!50001\ CREATE\ TABLE\ %(name)b\ \((?:\n\ +%(name)b\ tinyint\ NOT\ NULL,?)+
        \n\)\ ENGINE=MyISAM\ \*/;\n""",
    Kind.STRUCTURE: DEFINITION,
    Kind.ROWS: rb"""
        LOCK\ TABLES\ %(name)b\ WRITE;\n|UNLOCK\ TABLES;\n|(?:set\ autocommit=0|commit|COMMIT);\n
        |/\*!40000\ ALTER\ TABLE\ %(name)b\ (?:DIS|EN)ABLE\ KEYS\ \*/;\n
        |SET\ (?:@OLD_AUTOCOMMIT=@@AUTOCOMMIT,\ @@)?AUTOCOMMIT=(?:0|@OLD_AUTOCOMMIT);\n
        |/\*M?!\d+\ SET\ (?:@old_system_versioning_insert_history=
            @@session\.system_versioning_insert_history,
            \ @@session\.system_versioning_insert_history=1
        |system_versioning_insert_history=@old_system_versioning_insert_history)\ \*/;\n""",
    Kind.TRIGGERS: PROGRAM
    + rb"|/\*!50003\ CREATE\*/\ (?:/\*!50017\ %b\*/\ )?/\*!50003\ (?i:TRIGGER)\b(?s:.*)" % DEFINER,
    Kind.EVENTS: PROGRAM
    + rb"|/\*!50106\ CREATE\*/\ (?:/\*!50117\ %b\*/\ )?/\*!50106\ EVENT\ (?s:.*)" % DEFINER,
    Kind.ROUTINES: PROGRAM
    + rb"""
        |CREATE\ %b\ (?:(?:AGGREGATE\ )?FUNCTION\ %%(quoted)b\(|PROCEDURE\ %%(quoted)b\(
        |PACKAGE\ (?:BODY\ )?%%(quoted)b\s)(?s:.*)"""
    % DEFINER,
    Kind.VIEW: PROGRAM
    + rb"""
        |/\*!50001\ CREATE\ ALGORITHM=\w+\ (?:\*/\n/\*!50013\ )?%b\ SQL\ SECURITY\ \w+\ (?:\*/\n
        /\*!50001\ )?VIEW\ %%(quoted)b\ AS\ (?s:.*)"""
    % DEFINER,
    Kind.END: rb"""
        /\*M?!\d+\ SET\ (?P<old>TIME_ZONE|SQL_MODE|CHARACTER_SET_CLIENT|CHARACTER_SET_RESULTS
        |COLLATION_CONNECTION|%(switch)b)=@OLD_(?P=old)\ \*/;\n""",
}
WRITTEN = {kind: re.compile(text % PARTS, re.VERBOSE) for kind, text in PATTERNS.items()}
PROGRAMS = frozenset({Kind.TRIGGERS, Kind.EVENTS, Kind.ROUTINES, Kind.VIEW})
# INSERTs, and their rows: outside of texts stand numbers, NULL, bytes in hexadecimal, and what
# begins the next INSERT, on a line of its own.
ROWS = re.compile(
    rb"""(?:[0-9,().\n]*+(?:%(text)b(?:,%(text)b)*+|NULL(?:,NULL)*+|;(?=\r?\n)|\r(?=\n)|-(?=[0-9])
    |(?<=[(,]0)x[0-9A-Fa-f]++|(?<=[0-9])e[+-]?(?=[0-9])|_binary\ (?=')
    |^(?:INSERT|REPLACE)\ +(?:IGNORE\ )?INTO\ %(name)b\ (?:\((?:[\w,\ ]++|%(name)b)*+\)\ )?VALUES\ ?
    ))*+[0-9,().\n]*+"""
    % PARTS,
    re.VERBOSE | re.MULTILINE,
)
# What a CREATE TABLE has in quotes, and in comments that the server passes over or knows: options,
# parsers, what an engine passes over (/* TRANSACTIONAL=1 */), how an older server stored a type
# (/* mariadb-5.3 */).
IN_QUOTES = re.compile(
    rb"%(text)b|%(name)b|/\*M?!\d+ COMPRESSED\*/|/\*!\d+ WITH PARSER %(name)b ?\*/"
    rb"|/\* [\w.=-]++ \*/|/\*%(options)b \*/" % PARTS
)
# Two minus signs begin a comment before a blank alone; DEFAULT (-(-(1 + 2))) is shown as --(1 + 2).
TABLE = re.compile(rb"CREATE TABLE Q \(\n(?:[\w\s(),.=<>!&|^~%*+?:@]|-(?!-[^\w(-])|/(?!\*))*;\n")
# Whatever is beside such a word: a quote or a comment may be, without a blank.
READS = re.compile(rb"SELECT|VALUES(?! LESS THAN | IN )", re.IGNORECASE)
# What changes how the texts that follow are read, until it is put back.
CHANGES = re.compile(rb"/\*!\d+ SET (sql_mode|character_set_client) *= *(@?)", re.IGNORECASE)


class ForeignError(DumpError):
    """A dump holds what mariadb-dump doesn't write; the text says what, and where."""


class Authorship:
    """A dump of one database as mariadb-dump could have written it, piece by piece.

    ``size``: its file's, in bytes.
    """

    def __init__(self, size: int) -> None:
        self._most = max(MOST_TIMES * size, UNSUSPECTED)
        self._lines = self._sql = 0  # of SQL until now; the latter in bytes
        self._begun = self._has_mode = self._ended = False
        self._table = ""  # whose rows may come next
        self._changed: set[bytes] = set()

    def check(self, section: Section, sql: bytes) -> None:
        """Raises ForeignError where mariadb-dump could not have written this next."""
        self._sql += len(sql)
        if self._sql > self._most:
            raise ForeignError(
                f"the dump holds over {human_size(self._most)} of SQL, {MOST_TIMES:,} times as "
                "much as its file: no dump does"
            )
        check_place(section, sql)
        if not self._goes_on_with(section, sql):
            whose = "holds what mariadb-dump doesn't write" if self._begun else UNSIGNED
            raise ForeignError(f"the dump {whose}: {place(section, sql, self._lines)}")
        self._lines += sql.count(b"\n")

    def _goes_on_with(self, section: Section, sql: bytes) -> bool:
        if sql.startswith(FIRST_COMMENT):
            is_first, self._begun = not self._begun, True
            return is_first
        if section.kind is Kind.LEFT_OUT or COMMENTS.fullmatch(sql):
            return True
        if section.kind in {Kind.HEAD, Kind.DATABASE}:
            self._has_mode |= sql == SQL_MODE
        elif not (self._begun and self._has_mode and self._has_place(section, sql)):
            return False
        return is_written(section, plain(sql))

    def _has_place(self, section: Section, sql: bytes) -> bool:
        """Rows come behind their table; and outside of programs texts are read as in the head."""
        if section.kind in PROGRAMS:
            self._table = ""
            if change := CHANGES.match(sql):
                name, is_put_back = change.groups()
                (self._changed.discard if is_put_back else self._changed.add)(name.lower())
            return not self._ended
        if section.kind is Kind.STRUCTURE:
            self._table = section.name
        self._ended |= section.kind is Kind.END
        is_late = self._ended and section.kind is not Kind.END
        is_stray = section.kind is Kind.ROWS and section.name != self._table
        return not (self._changed or is_late or is_stray)


def authored(pieces: Iterable[Piece], size: int) -> Iterator[Piece]:
    """These pieces of a dump, whose file has that size; ForeignError before a foreign one."""
    authorship = Authorship(size)
    for section, sql in pieces:
        authorship.check(section, sql)
        yield section, sql


def plain(sql: bytes) -> bytes:
    """The SQL, of the same length, without the quotes that a backslash makes part of a text.

    Outside of texts, where mariadb-dump writes none, a backslash is something else then, too.
    """
    if b"\\" not in sql:  # which is found out ten times as fast
        return sql
    return sql.replace(rb"\\", b"##").replace(rb"\'", b"##")


def is_written(section: Section, sql: bytes) -> bool:
    """Whether mariadb-dump writes such a statement in such a section, or such rows."""
    if section.kind is Kind.ROWS and ROWS.fullmatch(sql):
        return True
    if WRITTEN[section.kind].fullmatch(sql):
        return True
    return section.kind is Kind.STRUCTURE and is_definition(sql)


def is_definition(sql: bytes) -> bool:
    """Whether it makes a table, as SHOW CREATE TABLE writes it, and puts nothing into it."""
    bare = IN_QUOTES.sub(lambda match: b"Q" if match[0][:1] in b"'`" else b"", sql)
    return TABLE.fullmatch(bare) is not None and not READS.search(bare)


def place(section: Section, sql: bytes, line: int) -> str:
    """Where in the dump mariadb-dump would write something else, behind so many lines, and what.

    That is the beginning of a statement, without texts; of what is amid rows, only what calls it.
    """
    rows = ROWS.match(plain(sql)) if section.kind is Kind.ROWS else None
    start = rows.end() if rows and rows.end() < len(sql) else 0
    line += sql.count(b"\n", 0, start) + 1
    name = f" ({section.name})" if section.name else ""
    return f"line {line}, {section.kind.value}{name}: {beginning(sql[:start], sql[start:])}"


def beginning(before: bytes, sql: bytes) -> str:
    """What a person is shown of this SQL, which follows those rows or nothing."""
    if before and not before.endswith(b"\n") and not sql.startswith(b";"):
        called = re.match(rb"\w+\(", sql)
        return f"{called[0].decode()}…" if called else "a value that is no literal"
    whole = " ".join(sql[:SHOWN].decode(errors="replace").split()).strip("; ")
    text, bracket, rest = re.split(r"([,(]|$)", LITERAL.sub("'…'", whole), maxsplit=1)
    return f"{text}{bracket}{'…' if rest else ''}"
