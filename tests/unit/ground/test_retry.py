"""How long is waited before a new try."""

from datadump.ground.retry import pause_after


def test_pauses_double_up_to_eight_seconds() -> None:
    """A store that is back soon is asked soon, and one that is away for long not too often."""
    assert [pause_after(failures) for failures in range(9)] == [
        0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 8.0, 8.0,
    ]  # fmt: skip
