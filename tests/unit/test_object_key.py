"""Rules of the objects' keys."""

import pytest
from datadump.object_key import next_key

DAY = "2026-11-23"


@pytest.mark.parametrize(
    ("names", "number"),
    [
        ([], 1),
        (["datadump1.sql"], 2),
        (["datadump1.sql", "datadump3.sql"], 4),
        (["datadump9.sql", "datadump10.sql"], 11),
        (["datadump1.sql", "datadump2.sql.zst", "datadump3.sql.gz"], 4),
        (["datadump7.sql.bak", "datadump08.sql", "datadump.sql", "datadump0.sql"], 1),
        (["datadump5.sql/x", "datadumpx.sql", "datadump6.sqlx", "olddatadump9.sql"], 1),
        ([f"datadump{n}.sql" for n in range(1, 1501)], 1501),
    ],
)
def test_number_is_one_more_than_the_days_highest(names: list[str], number: int) -> None:
    """Over all three suffixes; a gap is not filled and other names don't count."""
    keys = [f"{DAY}/{name}" for name in names]
    assert next_key(keys, "", DAY, "datadump.sql") == f"{DAY}/datadump{number}.sql"


def test_suffix_of_the_key_is_the_dumps() -> None:
    """A compressed dump says so in its key."""
    assert next_key([], "", DAY, "datadump.sql.zst") == f"{DAY}/datadump1.sql.zst"


def test_prefix_comes_before_the_day() -> None:
    """The prefix is a folder, or several."""
    assert next_key([], "hosts/one/", DAY, "datadump.sql.gz") == f"hosts/one/{DAY}/datadump1.sql.gz"


def test_key_found_taken_is_not_chosen_again() -> None:
    """Even where the listing doesn't show it."""
    assert next_key([f"{DAY}/datadump1.sql"], "", DAY, "datadump.sql", above=4) == (
        f"{DAY}/datadump5.sql"
    )
