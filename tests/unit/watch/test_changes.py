"""When whom is told what: on a change, once a day while it lasts, and when it is over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from datadump.watch.changes import log_lines, news_for, next_memory, told_after
from datadump.watch.checks import Check
from datadump.watch.memory import NONE

LOOK = 300  # seconds between two
DAY = 86400


def check(name: str, *, passed: bool) -> Check:
    return Check(name, "" if name == "bucket" else "shop", passed, "text")


def looks(
    states: Iterable[dict[str, bool]], reached: bool = True
) -> Iterator[tuple[set[str], set[str]]]:
    """What somebody is told at each look: what fails, and what is well again."""
    memory = NONE
    told: dict[str, float] = {}
    for number, state in enumerate(states):
        found = [check(name, passed=passed) for name, passed in state.items()]
        memory = next_memory(memory, found, 1_795_000_000 + number * LOOK)
        news = news_for(told, memory, found)
        if reached:
            told = told_after(told, news, memory.at)
        yield {c.name for c in news.failing}, {c.name for c in news.well_again}


def test_what_the_bucket_does_not_show_of_one_stays_as_it_was() -> None:
    """Nor is it well again, or wrong anew: of that one, and of the mirror, nothing is known."""
    found = [Check(name, of, False, "") for name, of in (("proof", "shop"), ("proof", "crm"))]
    memory = next_memory(NONE, [*found, Check("mirror", "", False, "")], 1.0)
    silent = next_memory(memory, [Check("bucket", "shop", False, "")], 2.0)
    assert silent.failing == {"proof of shop": 1.0, "mirror": 1.0, "bucket of shop": 2.0}


def test_change_is_told_once_and_so_is_its_end() -> None:
    """The end after two looks in a row."""
    states = [True, False, False, True, True, True]
    assert [tuple(map(len, told)) for told in looks({"backup": state} for state in states)] == [
        (0, 0), (1, 0), (0, 0), (0, 0), (0, 1), (0, 0),
    ]  # fmt: skip


def test_check_that_flaps_is_told_once() -> None:
    """It is bad as long as it does."""
    told = list(looks({"backup": number % 2 == 1} for number in range(100)))
    assert told[0] == ({"backup"}, set())
    assert set(map(str, told[1:])) == {str((set(), set()))}


def test_what_still_fails_is_told_once_a_day() -> None:
    told = list(looks([{"backup": False}] * (2 * DAY // LOOK + 1)))
    assert [number for number, (failing, _) in enumerate(told) if failing] == [
        0, DAY // LOOK, 2 * DAY // LOOK,
    ]  # fmt: skip


def test_who_was_not_reached_is_told_at_the_next_look() -> None:
    """And again, until that goes."""
    assert list(looks([{"backup": False}] * 3, reached=False)) == [({"backup"}, set())] * 3


def test_what_could_not_be_looked_at_is_not_over() -> None:
    """The bucket is away: of backups nothing is known."""
    states = [{"backup": False, "bucket": True}, *[{"bucket": False}] * 3]
    told = list(
        looks([*states, {"backup": True, "bucket": True}, {"backup": True, "bucket": True}])
    )
    assert [failing for failing, _ in told[:2]] == [{"backup"}, {"bucket"}]
    assert all(not over for _, over in told[:5])
    assert told[5] == (set(), {"backup", "bucket"})


def test_log_has_a_line_when_a_state_changes() -> None:
    """Not for what was well from the start."""
    good, bad = check("backup", passed=True), check("backup", passed=False)
    memory = next_memory(NONE, [good], 1)
    assert log_lines(NONE, [good]) == []
    assert log_lines(memory, [bad]) == ["check failed: backup of shop: text"]
    memory = next_memory(memory, [bad], 2)
    assert log_lines(memory, [bad]) == []
    assert log_lines(memory, [good]) == ["check passed: backup of shop: text"]


def test_clock_that_goes_back_keeps_nobody_from_being_told() -> None:
    """What was told at a time to come may be another failure by now."""
    failing = check("backup", passed=False)
    memory = next_memory(NONE, [failing], 1_795_000_000)
    assert news_for({"backup of shop": memory.at + DAY}, memory, [failing]).failing == [failing]


def test_what_nobody_looks_at_any_more_is_forgotten() -> None:
    """As where DB_EXCLUDE names it by now: it is neither wrong for ever nor said to be well."""
    bucket, failing = check("bucket", passed=True), check("backup", passed=False)
    memory = next_memory(NONE, [bucket, failing], 1)
    assert set(memory.failing) == {"backup of shop"}
    assert next_memory(memory, [bucket], 2).failing == {}
    away = [check("bucket", passed=False)]
    assert set(next_memory(memory, away, 2).failing) == {"backup of shop", "bucket"}
