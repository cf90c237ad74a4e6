"""Processes that may die: each costs only the item that it worked on."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Generic, TypeVar

from vidclf.errors import StoppedError
from vidclf.parallel.outcomes import Done, Lost, Raised, attempted

Item = TypeVar("Item")
Result = TypeVar("Result")

# Spawned, not forked: a fork would copy the locks of whatever threads the caller has.
_CONTEXT = multiprocessing.get_context("spawn")


def map_in_processes(
    function: Callable[[Item], Result], items: Iterable[Item], *, workers: int | None
) -> Iterator[tuple[Item, Result | Lost]]:
    """See `vidclf.parallel.map_clips`."""
    rest = iter(items)
    pool: list[_Worker[Item, Result]] = []
    try:
        for item in islice(rest, workers or count_cores()):
            pool.append(_Worker(function, item))
        while pool:
            ready = wait([worker.pipe for worker in pool])
            for worker in [worker for worker in pool if worker.pipe in ready]:
                item, outcome = worker.item, worker.receive()
                if outcome is None:
                    continue
                following = list(islice(rest, 1))
                if following and not isinstance(outcome, Lost):
                    worker.give(following[0])
                else:
                    pool.remove(worker)
                    worker.end()
                    pool += [_Worker(function, next_item) for next_item in following]
                yield item, outcome if isinstance(outcome, Lost) else outcome.result
    finally:
        for worker in pool:
            worker.end()


def count_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))  # fewer than the machine has, where a scheduler gives out some
    return os.cpu_count() or 1


class _Worker(Generic[Item, Result]):
    """A process, this end of the pipe to it, and the item that it has."""

    def __init__(self, function: Callable[[Item], Result], item: Item) -> None:
        self.pipe, there = _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(target=_serve, args=(function, there), daemon=True)
        self._started = False
        with _ctrl_c_held_back():
            self._process.start()
        there.close()  # so that the end of the process is the end of the pipe
        self.give(item)

    def give(self, item: Item) -> None:
        self.item = item
        with suppress(OSError):  # it has died since; `receive` will tell
            self.pipe.send(item)

    def receive(self) -> Done[Result] | Lost | None:
        """What came of the item; None where the process only says that it runs."""
        try:
            message = self.pipe.recv()
        except (EOFError, OSError):
            self._process.join()
            if not self._started:
                raise StoppedError(
                    f"A process to work in could not start ({_ending(self._process.exitcode)}). In a script, call "
                    'this under `if __name__ == "__main__":`; if memory is short, give fewer workers.'
                ) from None
            return Lost(_ending(self._process.exitcode))
        self._started = True
        if isinstance(message, Raised):
            raise message.error
        return message if isinstance(message, Done) else None

    def end(self) -> None:
        self._process.terminate()
        self._process.join()
        self.pipe.close()


def _serve(function: Callable[[Item], Result], pipe: Connection) -> None:
    """What a process does: one item after the other, until the other end of the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all processes of a terminal; one answers it
    with suppress(EOFError, OSError):
        pipe.send(None)
        while True:
            pipe.send_bytes(attempted(function, pipe.recv()))


@contextmanager
def _ctrl_c_held_back() -> Iterator[None]:
    """Let a process be born deaf to Ctrl-C, or it would show a stack trace where that comes before `_serve`."""
    if sys.platform == "win32":
        yield
        return
    resource_tracker.ensure_running()  # it is started with the first process, and would let the signal in again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _ending(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return f"its process was ended by {signal.Signals(-exit_code).name}"
    return f"its process ended with code {exit_code}"
