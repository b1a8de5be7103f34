"""How GRANTs are read: the rights that are in force on a database, by the rows of SHOW GRANTS."""

from __future__ import annotations

import pytest
from datadump.mariadb.rights import in_force

TO = "TO `restore`@`%`"


def of(*grants: str, database: str = "shop", any_case: bool = False) -> str:
    options = ["--any-case"] if any_case else []
    return ", ".join(sorted(in_force([f"GRANT {grant}" for grant in grants], *options, database)))


@pytest.mark.parametrize("scope", ["`shop`", "`sh%`", "`s_op`", "`%`", "*"])
def test_right_on_what_fits_the_name_is_one_on_the_database(scope: str) -> None:
    """Global ones fit them all."""
    assert of(f"DROP, LOCK TABLES ON {scope}.* {TO}") == "DROP, LOCK TABLES"


@pytest.mark.parametrize("scope", [r"`s\_op`", "`shop_`", "`sho`", "`*`", "`shop`.`parent`"])
def test_right_on_something_else_is_none(scope: str) -> None:
    """A table's neither."""
    assert of(f"DROP ON {scope}{'' if '.' in scope else '.*'} {TO}") == ""


def test_most_specific_pattern_hides_the_others() -> None:
    """As in the server, which takes one entry of the account, and one of its roles."""
    grants = (f"DROP ON `sh%`.* {TO}", f"SELECT ON `shop`.* {TO}", "EVENT ON `sh%`.* TO `role`")
    assert of(*grants) == of(*reversed(grants)) == "EVENT, SELECT"


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("a_b", r"a\_b"),
        ("a`b", "a``b"),
        ("a\\b", r"a\\b"),
        ("100%", r"100\%"),
        ("[a].*", "[a].*"),
        ("é 漢", "é _"),
        ("a\nb", "a\nb"),
        ("\na\n", "\na\n"),
    ],
    ids=ascii,
)
def test_odd_names_are_those_of_their_grants(name: str, pattern: str) -> None:
    """Also one with a line end, which another GRANT could seem to begin behind."""
    assert of(f"DROP ON `{pattern}`.* {TO}", database=name) == "DROP"
    assert of(f"DROP ON `{pattern}`.* {TO}", database=f"{name}x") == ""


def test_line_of_a_name_is_no_grant_of_its_own() -> None:
    """Whoever named that database had this in mind."""
    assert of(f"USAGE ON `x\nGRANT DROP ON *.* {TO}`.* {TO}") == ""


def test_case_of_letters_counts_unless_the_server_says_otherwise() -> None:
    """By lower_case_table_names."""
    assert of(f"DROP ON `SHOP`.* {TO}") == ""
    assert of(f"DROP ON `SHOP`.* {TO}", any_case=True) == "DROP"
    assert of(f"DROP ON `shop`.* {TO}", database="--any-case") == ""


def test_global_rights_are_told_alone_where_no_database_is_named() -> None:
    """SET USER is one of those that no database's ALL PRIVILEGES holds."""
    grants = [f"GRANT SET USER ON *.* {TO}", f"GRANT ALL PRIVILEGES ON `%`.* {TO}"]
    assert in_force(grants) == {"SET USER"}
