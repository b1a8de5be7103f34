"""Rules of a dump that is made to run in a database of any name."""

from __future__ import annotations

import pytest
from datadump.sql.adaptation import Adaptation, arranged
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
    found = list(arranged(pieces, Adaptation("x"), lambda _: True))
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
    for names in (NAMES, b"`role`"):
        sql = HEADS[kind] % names
        assert Adaptation("x").apply(Section(kind), sql) == sql
        found = Adaptation("x", definers=False).apply(Section(kind), sql)
        assert found == HEADS[kind] % b"CURRENT_USER"
