"""Rules of identifiers, as SQL writes them."""

from __future__ import annotations

import pytest
from datadump.sql.quoting import quote, unquote, without_database


@pytest.mark.parametrize("name", ["t", "a `b`", "``", 'the "so-called"', "`"])
def test_quoted_name_is_the_same_name_without_its_quotes(name: str) -> None:
    """Whatever quotes it has of its own."""
    assert unquote(quote(name)) == name


def test_column_of_three_names_loses_the_databases_and_no_other() -> None:
    """A table may have the database's name: its columns have two names already."""
    view = b"select `d``b`.`t`.`a` AS `a`,`d``b`.`c` AS `c`,`x`.`d``b`.`e` AS `e` from `d``b`"
    found = without_database(view, "d`b")
    assert found == b"select `t`.`a` AS `a`,`d``b`.`c` AS `c`,`x`.`d``b`.`e` AS `e` from `d``b`"
