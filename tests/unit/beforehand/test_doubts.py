"""Which tables of other databases a view reads, by the text that SHOW CREATE VIEW has of it."""

from __future__ import annotations

import pytest
from datadump.beforehand.doubts import read_elsewhere

ITEMS = [("stock", "items")]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("select `i`.`id` AS `id` from `stock`.`items` `i`", ITEMS),
        ("select 1 from (`p` join `stock`.`items` `i` on(`i`.`id` = `p`.`id`))", ITEMS),
        ("select 1 from ((`stock`.`items` `i` left join `p` on(1)) join `a`.`b`)",
         [*ITEMS, ("a", "b")]),
        ("select 1 from `p` straight_join `stock`.`items`", ITEMS),
        ("select `it's`.`a` AS `a` from (`stock`.`items` `it's` join `p`)", ITEMS),
        ("select nextval(`stock`.`items`) AS `n`", ITEMS),
        ("select 1 from `it's ``new```.`items`", [("it's `new`", "items")]),
        ("select `p`.`id` AS `id` from `p`", []),
        ("select straight_join `p`.`id` AS `id` from `p`", []),
        ("select extract(year from `p`.`day`) AS `y` from `p`", []),
        ("select trim(leading '(' from `p`.`name`) AS `n` from `p`", []),
        (r"select ' from `a`.`b` \' join `a`.`b`' AS `x` from `p`", []),
        ("select 1 AS ` from `,`a`.`b` AS `c` from `p`", []),
    ],
)  # fmt: skip
def test_tables_of_other_databases_are_found(text: str, read: list[tuple[str, str]]) -> None:
    """And nothing that only looks like one."""
    assert read_elsewhere(f"/*!50001 VIEW `v` AS {text} */;\n".encode()) == read
