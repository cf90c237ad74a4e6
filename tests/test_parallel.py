from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator

import pytest

from vidclf.parallel import map_ahead


def test_results_come_in_the_order_of_the_items() -> None:
    def slow_first(number: int) -> int:
        time.sleep(0.002 * (5 - number % 5))
        return number * number

    assert list(map_ahead(slow_first, range(20), workers=4, ahead=5)) == [n * n for n in range(20)]


@pytest.mark.parametrize("count", [0, 1, 3])
def test_fewer_items_than_may_wait(count: int) -> None:
    assert list(map_ahead(str, range(count), ahead=8)) == [str(n) for n in range(count)]


def test_items_run_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=10)
    assert list(map_ahead(lambda _: both.wait() >= 0, range(2), workers=2)) == [True, True]


@pytest.mark.parametrize("ahead", [1, 3])
def test_items_are_taken_only_so_far_ahead(ahead: int) -> None:
    taken = itertools.count()
    last = -1

    def items() -> Iterator[int]:
        nonlocal last
        while True:
            last = next(taken)
            yield last

    results = map_ahead(lambda item: item, items(), ahead=ahead)
    assert last == -1  # nothing happens before someone asks
    for consumed in range(1, 30):
        assert next(results) == consumed - 1
        assert last + 1 <= consumed + ahead
    results.close()


def test_an_error_is_raised_where_its_result_would_come() -> None:
    def fails_at_three(number: int) -> int:
        if number == 3:
            raise RuntimeError("three")
        return number

    results = map_ahead(fails_at_three, range(10))
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(RuntimeError, match="three"):
        next(results)


def test_an_error_of_the_items_themselves_is_raised() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        list(map_ahead(str, items()))


def test_closing_early_starts_nothing_more() -> None:
    started = []
    go = threading.Event()

    def work(number: int) -> int:
        started.append(number)
        if number:
            go.wait(10)
        return number

    results = map_ahead(work, range(100), workers=1, ahead=10)
    assert next(results) == 0
    threading.Timer(0.05, go.set).start()
    results.close()
    assert len(started) <= 3
    before = len(started)
    time.sleep(0.05)
    assert len(started) == before
