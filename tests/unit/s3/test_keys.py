"""Rules of the objects' keys."""

import pytest
from datadump.s3.keys import day_folder, is_day, is_dump_key, next_key

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


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2026-11-23", True), ("2024-02-29", True), ("2026-02-29", False), ("20261123", False),
     ("2026-W01-1", False), ("2026-11-23\n", False), ("٢٠٢٦-11-23", False), ("", False)],
)  # fmt: skip
def test_day_is_one_of_the_calendar(text: str, expected: bool) -> None:
    """Written as keys have it."""
    assert is_day(text) == expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("2026-11-23/datadump1.sql", True),
        ("2026-11-23/datadump12.sql.zst", True),
        ("hosts/one/2026-11-23/datadump3.sql.gz", True),
        ("a b/%2F/é.sql/2026-11-23/datadump3.sql", True),
        ("datadump1.sql", False),
        ("datadump.sql", False),
        ("2026-11-23/datadump.sql", False),
        ("2026-11-23/datadump0.sql", False),
        ("2026-11-23/datadump1.sql.bak", False),
        ("2026-02-30/datadump1.sql", False),
        ("hosts/datadump1.sql", False),
        ("proofs/2026-11-23/datadump1.sql.json", False),
        ("/2026-11-23/datadump1.sql", False),
        ("../2026-11-23/datadump1.sql", False),
        ("hosts/../one/2026-11-23/datadump1.sql", False),
        ("hosts//2026-11-23/datadump1.sql", False),
        ("\x1b[2J/2026-11-23/datadump1.sql", False),
        ("", False),
    ],
)
def test_dumps_key_is_one_that_settings_can_lead_to(key: str, expected: bool) -> None:
    """Under any prefix that could be set."""
    assert is_dump_key(key) == expected
