"""One function over many clips, wherever there are processes for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Literal, TypeVar

from vidclf.parallel.cluster import map_on_ray
from vidclf.parallel.outcomes import Lost
from vidclf.parallel.processes import map_in_processes

Item = TypeVar("Item")
Result = TypeVar("Result")
Where = Literal["local", "ray"]


def map_clips(
    function: Callable[[Item], Result], items: Iterable[Item], *, workers: int | None = None, on: Where = "local"
) -> Iterator[tuple[Item, Result | Lost]]:
    """Each item with its result, in the order in which they are finished, computed in processes.

    For work on files that may take its process down, as a decoder may: a process that crashes or is killed costs
    only its item, and another takes its place. On this machine the item comes back with a `Lost`; on a cluster,
    where processes and nodes also end for reasons of their own, it is tried three times before that. Only so many
    items are on their way as keep the processes busy, which bounds the memory. Leaving the iteration, or Ctrl-C,
    ends the work.

    The processes import the function's module, so its imports should be light. Those of this machine are spawned:
    a script calls this under `if __name__ == "__main__":`. The cluster is the one that this process is connected
    to, else the one that RAY_ADDRESS names, else the one that this machine is a node of, else one of this machine
    alone. Its nodes need vidclf, and the clips under the same paths.

    Args:
        function: a function at the top of a module (or a `functools.partial` of one), of one item; item and
            result must be picklable.
        items: taken a few at a time, as workers become free.
        workers: how many items are worked on at the same time; None: one for each core.
        on: `local`, processes of this machine, or `ray`.

    Raises:
        MissingExtraError: Ray is not installed.
        StoppedError: the processes cannot be started, or there is no such cluster.
        Exception: what the function raises, where its result would come; the rest is not done.
    """
    run = map_on_ray if on == "ray" else map_in_processes
    return run(function, items, workers=workers)


def map_in_order(
    function: Callable[[Item], Result], items: Iterable[Item], *, workers: int | None = None, on: Where = "local"
) -> Iterator[Result | Lost]:
    """The results of `map_clips` in the order of the items; those that are early wait here."""
    early: dict[int, Result | Lost] = {}
    following = 0
    numbered = map_clips(partial(_of_numbered, function), enumerate(items), workers=workers, on=on)
    for (place, _), result in numbered:
        early[place] = result
        while following in early:
            yield early.pop(following)
            following += 1


def _of_numbered(function: Callable[[Item], Result], numbered: tuple[int, Item]) -> Result:
    return function(numbered[1])
