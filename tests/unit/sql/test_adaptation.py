"""Rules of a dump that is made to run in a database of any name."""

from __future__ import annotations

import pytest
from datadump.sql.adaptation import Adaptation, arranged
from datadump.sql.lines import DumpError
from datadump.sql.sections import Kind, Section


@pytest.mark.parametrize(
    "first", [b"set autocommit=0;\n", b"SET @OLD_AUTOCOMMIT=@@AUTOCOMMIT, @@AUTOCOMMIT=0;\n"]
)
def test_transaction_around_a_tables_rows_is_left_out(first: bytes) -> None:
    """The line that ends it needs a variable. A row with the same text stays."""
    section = Section(Kind.ROWS, "t")
    rows = [b"INSERT INTO `t` VALUES\n", b"('set autocommit=0;');\n"]
    lines = [first, *rows, b"COMMIT;\n", b"SET AUTOCOMMIT=@OLD_AUTOCOMMIT;\n"]
    pieces = [(section, line) for line in lines]
    found = [sql for _, sql in arranged(pieces, Adaptation("x"), lambda _: True)]
    assert found == [b"SET @OLD_AUTOCOMMIT=@@AUTOCOMMIT;\n", *lines[1:]]


NAMES = b"`a``@'b`@`%`"
HEADS = {
    Kind.VIEW: (
        b"/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=%b SQL SECURITY DEFINER */\n"
        b"/*!50001 VIEW `v` AS select 'CREATE DEFINER=`x`@`y`' AS `a` */;\n"
    ),
    Kind.TRIGGERS: b"/*!50003 CREATE*/ /*!50017 DEFINER=%b*/ /*!50003 TRIGGER t BEFORE INSERT;;\n",
    Kind.EVENTS: b"/*!50106 CREATE*/ /*!50117 DEFINER=%b*/ /*!50106 EVENT `e` ON SCHEDULE ;;\n",
    Kind.ROUTINES: b"CREATE DEFINER=%b PROCEDURE `p`()\nCREATE DEFINER=`x`@`y` VIEW v AS ;;\n",
}


@pytest.mark.parametrize("kind", HEADS)
def test_definers_are_kept_only_where_asked_for(kind: Kind) -> None:
    """In the head of what makes the object, and nowhere in its text; a role has no host."""
    for names in (NAMES, b"`role`", b'"in ANSI_QUOTES"@"%"'):
        sql = HEADS[kind] % names
        assert Adaptation("x").apply(Section(kind), sql) == sql
        found = Adaptation("x", definers=False).apply(Section(kind), sql)
        assert found == HEADS[kind] % b"CURRENT_USER"


AT_ONCE = (
    b"ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' ON COMPLETION NOT PRESERVE ENABLE DO"
)
EVENT = (
    b"/*!50106 CREATE*/ /*!50117 DEFINER=%b*/ /*!50106 EVENT %b " + AT_ONCE + b" SET @x = 1 */ ;;\n"
)


@pytest.mark.parametrize(
    ("definer", "name"),
    [
        (b"`root`@`localhost`", b"`e`"),
        (b"`a``@'b`@`%`", b"`ON COMPLETION PRESERVE ENABLE`"),
        (b'"root"@"localhost"', b'"a ""b ON COMPLETION NOT PRESERVE ENABLE"'),
        (b"`role`", b"`ON SCHEDULE AT 1 ON COMPLETION PRESERVE ENABLE`"),
    ],
)
@pytest.mark.parametrize("definers", [True, False])
def test_event_is_disabled_in_another_database(definer: bytes, name: bytes, definers: bool) -> None:
    """Whatever its name looks like: it would run at once, as the account that restores."""
    adapt = Adaptation("look", definers=definers)
    adapt.learn(Section(Kind.HEAD), b"-- Host: localhost    Database: shop\n")
    found = adapt.apply(Section(Kind.EVENTS), EVENT % (definer, name))
    expected = EVENT % (definer if definers else b"CURRENT_USER", name)
    assert found == expected[::-1].replace(b"ELBANE", b"ELBASID", 1)[::-1]


def test_event_that_cannot_be_disabled_is_not_made() -> None:
    """No statement that mariadb-dump writes."""
    adapt = Adaptation("look")
    adapt.learn(Section(Kind.HEAD), b"-- Host: localhost    Database: shop\n")
    with pytest.raises(DumpError, match="can't be disabled"):
        adapt.apply(Section(Kind.EVENTS), b"/*!50106 CREATE*/ /*!50106 EVENT e */ ;;\n")
