"""Parts of any kind go up in order, and no more of them are taken than there is room for."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event

import pytest
from datadump.s3.multipart import at_once


def test_no_item_is_taken_before_there_is_room_for_it() -> None:
    """So memory is bounded, where the items are in it; the results are in order."""
    taken: list[int] = []
    ended: list[int] = []
    go = Event()

    def items() -> Iterator[int]:
        for number in range(20):
            taken.append(number)
            assert len(taken) - len(ended) <= 4
            if number == 3:  # here the three before are under way, and wait
                go.set()
            yield number

    def work(item: int) -> int:
        assert go.wait(10)
        ended.append(item)
        return item * item

    assert at_once(work, items(), 4) == [number * number for number in range(20)]


@pytest.mark.parametrize("in_items", [True, False])
def test_error_ends_all(in_items: bool) -> None:
    """Of the work, or of taking the next item."""
    done: list[int] = []

    def items() -> Iterator[int]:
        yield from range(5)
        if in_items:
            raise ValueError("taken")
        yield from range(5, 1000)

    def work(item: int) -> None:
        done.append(item)
        if item == 4 and not in_items:
            raise ValueError("worked")

    with pytest.raises(ValueError, match="taken" if in_items else "worked"):
        at_once(work, items(), 2)
    assert len(done) < 10
