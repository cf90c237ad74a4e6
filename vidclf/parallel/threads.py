"""Work that several threads do a little ahead of whoever takes it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_ahead(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    workers: int = 2,
    ahead: int = 8,
    initializer: Callable[[], None] | None = None,
) -> Generator[Result, None, None]:
    """Results in the order of the items, computed in threads a little ahead of whoever takes them.

    Decoding and resizing run outside Python's lock, so threads read clips at the same time without copying
    frames between processes. At most `ahead` results wait, which bounds the memory. Each thread calls
    `initializer` when it starts.
    """
    rest = iter(items)
    with ThreadPoolExecutor(workers, initializer=initializer) as pool:
        waiting: deque[Future[Result]] = deque(pool.submit(function, item) for item in islice(rest, ahead))
        try:
            while waiting:
                result = waiting.popleft().result()
                waiting.extend(pool.submit(function, item) for item in islice(rest, 1))
                yield result
        finally:
            for future in waiting:
                future.cancel()
