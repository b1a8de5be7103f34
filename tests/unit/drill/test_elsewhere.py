"""Rules of what a program needs that isn't in its backup, and of a dump's own words."""

from __future__ import annotations

import pytest
from datadump.drill.drill import unsound
from datadump.drill.elsewhere import outside_needs
from datadump.load.programs import Refused
from datadump.mariadb.complaints import ServerError
from datadump.sql.inventory import Inventory
from datadump.sql.programs import Name
from datadump.sql.sections import NOT_WHOLE

# By MariaDB 10.11 and 11.8, to an account that has its rights on one database alone.
ERRORS = {
    (1142, "ANY command denied to user 'a'@'b' for table `crm`.`t`"): "crm.t",
    (1142, "SELECT, SHOW VIEW command denied to user 'a'@'b' for table `c.rm`.`t.u`"): "c.rm.t.u",
    (1146, "Table 'crm.t' doesn't exist"): "crm.t",
    (1146, "Table 'shop_2.t' doesn't exist"): "shop_2.t",
    (1049, "Unknown database 'crm'"): "crm",
    (1044, "Access denied for user 'a'@'b' to database 'crm'"): "crm",
    (1370, "execute command denied to user 'a'@'b' for routine 'crm.f'"): "crm.f",
    (1305, "FUNCTION crm.f does not exist"): "crm.f",
    (1356, "View 'crm.v' references invalid table(s) or column(s)"): "crm.v",
    (1109, "Unknown table 'clients' in information_schema"): "clients",
    (4091, "Unknown SEQUENCE: 'crm.s'"): "crm.s",
    (1146, "Table 'shop.t' doesn't exist"): "",
    (1305, "FUNCTION shop.f does not exist"): "",
    (1356, "View 'shop.v' references invalid table(s) or column(s)"): "",
    (1142, "INSERT command denied to user 'a'@'b' for table `shop`.`t`"): "",
    (1044, "Access denied for user 'a'@'b' to database 'shop'"): "",
    (1109, "Unknown table 't' in SELECT"): "",
    (1064, "You have an error in your SQL syntax; near 'crm.t' doesn't exist'"): "",
    (1227, "Access denied; you need (at least one of) the SET USER privilege(s)"): "",
}


def refused(name: str, number: int, text: str) -> Refused:
    return Refused(Name("view", name), ServerError(f"ERROR {number}: {text}", number), b"")


@pytest.mark.parametrize(("number", "text"), ERRORS)
def test_what_is_of_another_database_is_told_from_what_is_of_its_own(
    number: int, text: str
) -> None:
    """By the server's error."""
    needs = outside_needs([refused("v", number, text)], "shop", [])
    subject = ERRORS[number, text]
    told = {Name("view", "v"): f"it needs {subject}, which isn't in this backup"}
    assert needs == (told if subject else {})


def test_need_of_what_could_not_be_made_is_passed_on() -> None:
    """To what needs that in turn; what is at fault itself passes nothing on."""
    missing = "Table 'shop.{}' doesn't exist"
    needs = outside_needs(
        [
            refused("a", 1146, "Table 'crm.t' doesn't exist"),
            refused("b", 1146, missing.format("a")),
            refused("c", 1356, "View 'shop.broken' references invalid table(s)"),
            refused("d", 1064, "You have an error in your SQL syntax"),
            refused("e", 1146, missing.format("d")),
        ],
        "shop",
        ["broken"],
    )
    assert {name.name for name in needs} == {"a", "b", "c"}
    assert needs[Name("view", "b")] == "it needs a, which can't be read here"


@pytest.mark.parametrize(
    ("origin", "named", "sound"),
    [
        ("shop", "shop", True),
        ("Shop", "shop", True),
        ("", "crm", True),
        ("shop", "", True),
        ("shop", "crm", False),
    ],
)
def test_dump_names_the_database_that_its_object_names(
    origin: str, named: str, sound: bool
) -> None:
    """Where both do; letters may differ in case, which is up to the server that was dumped."""
    assert (unsound(Inventory(database=named, whole=True), origin) == "") is sound


def test_dump_without_its_end_is_unsound_whatever_it_names() -> None:
    """Its own line says that it is complete."""
    assert unsound(Inventory(database="shop"), "shop") == NOT_WHOLE
