"""Rules of the objects' keys."""

import pytest
from datadump.object_key import day_folder, next_key

DAY = "2026-11-23"
FOLDER = day_folder("", DAY)


@pytest.mark.parametrize(
    ("names", "number"),
    [
        ([], 1),
        (["datadump1.sql"], 2),
        (["datadump1.sql", "datadump3.sql"], 4),
        (["datadump9.sql", "datadump10.sql"], 11),
        (["datadump1.sql", "datadump2.sql.zst", "datadump3.sql.gz"], 4),
        (["datadump7.sql.bak", "datadump08.sql", "datadump.sql", "datadump0.sql"], 1),
        (
            [
                "old/datadump9.sql",
                "datadump5.sql/x",
                "datadumpx.sql",
                "datadump6.sqlx",
                "olddatadump9.sql",
            ],
            1,
        ),
        ([f"datadump{'9' * 180}.sql", "datadump7.sql"], 8),
        (["datadump7.sql", "datadump99999999999999.sql", "datadump100000000000000.sql.gz"], 8),
        (["datadump1000000.sql"], 1_000_001),
        (["datadump1000001.sql"], 1),
        (["datadump2000007.sql", "datadump7.sql", "datadump1000007.sql"], 2_000_008),
        ([f"datadump{n}.sql" for n in range(1, 1501)], 1501),
    ],
)
def test_number_is_one_more_than_the_days_highest(names: list[str], number: int) -> None:
    """Over all three suffixes; a gap is not filled and other names don't count.

    Nor does what lies beyond a gap that no person's deletions leave: it is nobody's next number.
    """
    keys = [f"{DAY}/{name}" for name in names]
    assert next_key(keys, FOLDER, "datadump.sql") == f"{DAY}/datadump{number}.sql"


def test_suffix_of_the_key_is_the_dumps() -> None:
    """A compressed dump says so in its key."""
    assert next_key([], FOLDER, "datadump.sql.zst") == f"{DAY}/datadump1.sql.zst"


def test_prefix_comes_before_the_day() -> None:
    """The prefix is a folder, or several."""
    folder = day_folder("hosts/one/", DAY)
    key = next_key([f"hosts/one/{DAY}/datadump4.sql"], folder, "datadump.sql.gz")
    assert key == f"hosts/one/{DAY}/datadump5.sql.gz"
