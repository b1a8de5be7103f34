"""Rules of a dump's sections, and of what an inventory takes from them."""

from __future__ import annotations

import io

import pytest
from datadump.sql import inventory
from datadump.sql import lines as lines_of_a_dump
from datadump.sql import sections as sections_of_a_dump
from datadump.sql.inventory import rows_of, sum_rows, take_inventory
from datadump.sql.lines import DumpError
from datadump.sql.programs import Name
from datadump.sql.sections import Kind, Section, sections

DUMP = b"""/*M!999999\\- enable the sandbox mode */
ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
-- MariaDB dump 10.19-11.8.6-MariaDB, for debian-linux-gnu (x86_64)
--
-- Host: localhost    Database: a `b`
-- Server version\t11.8.6-MariaDB
--
-- Table structure for table `t``1`
--
CREATE TABLE `t``1` (
  `a` int
);
--
-- Dumping data for table `t``1`
--
INSERT INTO `t``1` VALUES
(1,'),('),
(2,'-- Table structure for table `x`');
INSERT INTO `t``1` VALUES
(3,NULL);
/*!50003 SET @saved_cs_client      = @@character_set_client */ ;
DELIMITER ;;
/*!50003 CREATE*/ /*!50003 TRIGGER tr BEFORE INSERT ON `t``1` FOR EACH ROW BEGIN
-- Table structure for table `y`
SELECT '
DELIMITER ;
-- Dumping data for table `z`
'; END */;;
DELIMITER ;
/*!50003 SET sql_mode              = @saved_sql_mode */ ;
--
-- Dumping events for database 'a `b`'
--
/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;
-- Dump completed on 2026-11-23
"""
END = DUMP[DUMP.index(b"/*!40103 SET TIME_ZONE=@OLD") :]


def kinds(dump: bytes) -> list[Section]:
    found: list[Section] = []
    for section, _ in sections(io.BytesIO(dump)):
        if not found or found[-1] != section:
            found.append(section)
    return found


@pytest.mark.parametrize("chunk", [1, 7, 64, 1024 * 1024])
def test_sections_are_those_of_the_comments_outside_of_texts(
    chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However the dump is cut into chunks; and no byte of it is lost."""
    monkeypatch.setattr(lines_of_a_dump, "CHUNK", chunk)
    assert kinds(DUMP) == [
        Section(Kind.HEAD),
        Section(Kind.DATABASE),
        Section(Kind.HEAD),
        Section(Kind.STRUCTURE, "t`1"),
        Section(Kind.ROWS, "t`1"),
        Section(Kind.TRIGGERS, "t`1"),
        Section(Kind.EVENTS),
        Section(Kind.END),
    ]
    assert b"".join(sql for _, sql in sections(io.BytesIO(DUMP))) == DUMP


BROKEN = b"""\
-- Broken view, left out: `v``1`: View 'x.v`1' references invalid table(s): `t`
-- | CREATE VIEW `v``1` AS
-- | -- Table structure for table `t`
-- | /*!50003 DROP FUNCTION IF EXISTS `f` */;
"""
PLACES = [
    place
    for text in (b"--\n", b"INSERT INTO", b"/*!50003 SET @saved", b"/*!40103 SET", b"-- Dump comp")
    for place in range(len(DUMP))
    if DUMP.startswith(text, place) and DUMP[place - 1 : place] == b"\n"
]


@pytest.mark.parametrize("place", PLACES)
def test_comment_of_a_view_that_was_left_out_is_nothing_else(place: int) -> None:
    """Wherever it stands, what the dump holds is the same; it is told by its name."""
    taken = take_inventory(sections(io.BytesIO(DUMP[:place] + BROKEN + DUMP[place:])))
    expected = take_inventory(sections(io.BytesIO(DUMP)))
    assert taken.left_out == [
        "left out of the dump, since it was broken: view v`1 (View 'x.v`1' references invalid "
        "table(s): `t`)"
    ]
    assert taken.objects.keys() == expected.objects.keys()
    for name, held in expected.objects.items():
        found = taken.objects[name]
        assert (found.definition, found.rows) == (held.definition, held.rows)
        assert found.digest.digest() == held.digest.digest()
    assert taken.whole


def test_comments_of_views_are_bounded_as_definitions_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are kept in memory; whoever writes into the bucket writes as many as he likes."""
    monkeypatch.setattr(inventory, "MOST_DEFINITIONS", 1000)
    taken = take_inventory(sections(io.BytesIO(BROKEN * 20)))
    with pytest.raises(DumpError, match="of definitions"):
        _ = taken.objects
    assert taken.left_out == []


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_dump_that_is_cut_in_its_rows_loses_none_before(end: bytes) -> None:
    """With or without the last line's end."""
    cut = DUMP[: DUMP.index(b"(3,NULL)")] + b"(3" + end
    assert b"".join(sql for _, sql in sections(io.BytesIO(cut))) == cut
    assert not take_inventory(sections(io.BytesIO(cut))).whole


def test_inventory_names_and_counts_what_is_there() -> None:
    """A row whose text looks like two is one."""
    taken = take_inventory(sections(io.BytesIO(DUMP)))
    assert set(taken.objects) == {Name("table", "t`1"), Name("trigger", "tr")}
    assert taken.objects[Name("table", "t`1")].rows == 3
    assert (taken.database, taken.server_version) == ("a `b`", "11.8")
    assert taken.whole


@pytest.mark.parametrize(
    "lines",
    [
        b"INSERT INTO `t` VALUES\n(1,'),('),\n(2,'it\\'s');\n",
        b"INSERT INTO `t` VALUES (1,'),('),(2,'it\\'s');\n",
        b"INSERT INTO `t` (`a`, `b`) VALUES (1,'),('),\n(2,'it\\'s');\n",
    ],
    ids=["a line each", "one line", "a list of columns"],
)
def test_rows_are_told_apart_in_every_form_of_a_statement(lines: bytes) -> None:
    """And have the same sum, which their order doesn't change."""
    assert list(rows_of(lines)) == [b"(1,'),(')", b"(2,'it\\'s')"]
    head = b"--\n-- Dumping data for table `t`\n--\n"
    other_order = b"INSERT INTO `t` VALUES\n(2,'it\\'s'),\n(1,'),(');\n"
    found, expected = (
        sum_rows(sections(io.BytesIO(head + text)), {"t"}) for text in (lines, other_order)
    )
    assert found == expected
    assert take_inventory(sections(io.BytesIO(head + lines))).objects[Name("table", "t")].rows == 2


TAKEN_OVER = b"""
-- Table structure for table `x`
-- Dumping data for table `t``1`
GRANT ALL ON *.* TO small;
USE mysql;
/*!50003 SET @saved_cs_client      = @@character_set_client */ ;
"""
BODIES = {
    "a comment": (b"", b"/*%b*/ SELECT 1;"),
    "a comment with the delimiter": (b"", b"/* ;;\nDELIMITER ;%b*/ SELECT 1;"),
    "a string": (b"", b"SELECT '\\';;\nDELIMITER ;%b';"),
    "a string in double quotes": (b"", b'SELECT ";;\nDELIMITER ;%b";'),
    "a string of another mode": (b"NO_BACKSLASH_ESCAPES", b"SELECT '\\' || ';;\nDELIMITER ;%b';"),
    "a name of another mode": (b"ANSI_QUOTES", b'SELECT 1 AS "\\", 2 AS ";;\nDELIMITER ;%b";'),
    "a name": (b"", b"SELECT 1 AS `;;\nDELIMITER ;%b`;"),
    "the open statement": (b"", b"SELECT 1;\nDELIMITER ;%bSELECT 1;"),
    "a comment of a control character": (b"", b"SELECT 1 --\x01 ' ;;\n + 2; /*%b*/ SELECT 3;"),
    "a comment's end that begins one": (b"", b"SELECT 1 */*/*/ 2 -- */ ;;\n + 3; /*%b*/ SELECT 4;"),
    "a comment in a comment": (b"", b"SELECT 1 /* /*! */ -- */ ;;\n + 3; /*%b*/ SELECT 4;"),
    "a comment in a line": (b"", b"SELECT 1; -- '\n SELECT 2; # '\n SELECT 3; /* ' */ %b"),
}


@pytest.mark.parametrize("name", BODIES)
def test_line_of_a_routine_begins_no_section(name: str) -> None:
    """Whoever may write a routine could otherwise have statements run by the one who restores."""
    mode, body = BODIES[name]
    lines = (
        b"DELIMITER ;;\n/*!50003 SET sql_mode              = '%b' */ ;;\n"
        b"CREATE PROCEDURE `p`() BEGIN %b END ;;\nDELIMITER ;\n"
    ) % (mode, body % TAKEN_OVER)
    head = b"--\n-- Dumping routines for database 'x'\n--\n"
    dump = DUMP[: DUMP.index(b"/*!50003 SET @saved")] + head + lines + END
    assert b"".join(sql for _, sql in sections(io.BytesIO(dump))) == dump
    assert kinds(dump)[-2:] == [Section(Kind.ROUTINES), Section(Kind.END)]
    statements = [
        sql for section, sql in sections(io.BytesIO(dump)) if section.kind is Kind.ROUTINES
    ]
    (routine,) = [sql for sql in statements if sql.startswith(b"CREATE PROCEDURE")]
    assert TAKEN_OVER in routine


@pytest.mark.parametrize("charset", [b"big5", b"gbk", b"sjis", b"cp932"])
def test_half_of_a_character_ends_nothing(charset: bytes) -> None:
    """Its second byte is what is a backslash alone: the quote after it is the string's end."""
    lines = (
        b"/*!50003 SET character_set_client  = %b */ ;\nDELIMITER ;;\n"
        b"CREATE PROCEDURE `p`() SELECT '\xe0\x5c' -- ' ;;\n + 2\n;;\nDELIMITER ;\n"
    )
    found = [sql for _, sql in sections(io.BytesIO(lines % charset))]
    assert found[2] == b"CREATE PROCEDURE `p`() SELECT '\xe0\x5c' -- ' ;;\n + 2\n;;\n"


def test_comment_that_its_character_set_decides_is_not_guessed() -> None:
    """Nobody would know where the text ends."""
    with pytest.raises(DumpError, match="may begin a comment"):
        list(sections(io.BytesIO(b"CREATE PROCEDURE `p`() SELECT 1 --\xa0' ;;\n")))


@pytest.mark.parametrize("name", ["a\nb", "b\nFinal view structure for view x\nMariaDB dump\n`z"])
def test_line_of_a_tables_name_begins_no_section(name: str) -> None:
    """Mariadb-dump makes a comment of each line; all of them are the name."""
    quoted = "`" + name.replace("`", "``") + "`"
    comment = quoted.replace("\n", "\n-- ")
    dump = (
        f"--\n-- Table structure for table {comment}\n--\nCREATE TABLE {quoted} (\n  `a` int\n);\n"
        f"--\n-- Dumping data for table {comment}\n--\nINSERT INTO {quoted} VALUES\n(1),\n(2);\n"
    ).encode()
    assert b"".join(sql for _, sql in sections(io.BytesIO(dump))) == dump
    assert kinds(dump)[1:] == [Section(Kind.STRUCTURE, name), Section(Kind.ROWS, name)]
    taken = take_inventory(sections(io.BytesIO(dump)))
    assert {found: item.rows for found, item in taken.objects.items()} == {Name("table", name): 2}


@pytest.mark.parametrize(
    "statement",
    [
        b"CREATE TABLE `t``1` (\n  `a%b` int\n);\n",
        b"/*!50001 CREATE VIEW `v` AS SELECT\n 1 AS `a%b` */;\n",
        b"INSERT INTO `t``1` (`a%b`, `c`) VALUES\n(1,'%%b'),\n(2,'');\n",
    ],
    ids=["column", "view", "row"],
)
@pytest.mark.parametrize("chunk", [1, 64, 1024 * 1024])
def test_line_of_a_name_begins_no_section(
    statement: bytes, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server writes names as they are, with their line ends."""
    monkeypatch.setattr(lines_of_a_dump, "CHUNK", chunk)
    lines = statement % TAKEN_OVER
    before = DUMP[: DUMP.index(b"INSERT INTO")]
    dump = before + lines + END
    assert b"".join(sql for _, sql in sections(io.BytesIO(dump))) == dump
    assert kinds(dump) == [*kinds(before), Section(Kind.END)]
    assert (kinds(before)[-1], lines) in sections(io.BytesIO(dump))


def test_insert_that_no_row_ends_is_one_statement() -> None:
    """Nothing that mariadb-dump writes; its next line is no beginning."""
    lines = b"INSERT INTO `t``1` VALUES\n(1,'','')\nON DUPLICATE KEY UPDATE a = 1;\n"
    before = DUMP[: DUMP.index(b"INSERT INTO")]
    found = [sql for section, sql in sections(io.BytesIO(before + lines + END))]
    assert b"ON DUPLICATE KEY UPDATE a = 1;\n" in found
    assert kinds(before + lines + END) == [*kinds(before), Section(Kind.END)]


@pytest.mark.parametrize("text", [b"x" * 2000, b"(\n" * 1000], ids=["line", "statement"])
def test_what_no_server_takes_is_not_read_to_its_end(
    text: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few KB of zstd may be a line of many GB."""
    for module in (lines_of_a_dump, sections_of_a_dump):
        monkeypatch.setattr(module, "LONGEST_STATEMENT", 1000)
    monkeypatch.setattr(lines_of_a_dump, "CHUNK", 64)
    stream = io.BytesIO(DUMP[: DUMP.index(b"INSERT INTO")] + text)
    with pytest.raises(DumpError, match="which no server takes"):
        list(sections(stream))
    assert stream.tell() < len(stream.getvalue())


def test_definitions_that_are_more_than_memory_should_hold_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They are all kept; rows are not. What takes no memory is known all the same."""
    expected = take_inventory(sections(io.BytesIO(DUMP)))
    monkeypatch.setattr(inventory, "MOST_DEFINITIONS", 100)
    taken = take_inventory(sections(io.BytesIO(DUMP)))
    with pytest.raises(DumpError, match="of definitions"):
        _ = taken.objects
    assert (taken.size, taken.longest) == (expected.size, expected.longest)
    assert (taken.whole, taken.database) == (True, "a `b`")


def test_names_of_other_bytes_than_text_are_names_all_the_same() -> None:
    """Nothing that a server has; a drill says that it is missing."""
    dump = DUMP.replace(b"`t``1`", b"`\xff\xfe`").replace(b"tr ", b"\xff ")
    taken = take_inventory(sections(io.BytesIO(dump)))
    assert Name("table", "\ufffd\ufffd") in taken.objects
