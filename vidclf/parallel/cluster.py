"""Processes of a Ray cluster: any node may take an item, and takes over those of a node that is gone."""

from __future__ import annotations

import importlib
import logging
import os
import pickle
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from vidclf.errors import MissingExtraError, StoppedError
from vidclf.parallel.outcomes import Lost, Raised, attempted

Item = TypeVar("Item")
Result = TypeVar("Result")

logger = logging.getLogger(__name__)

_TRIES = 3
# Items on their way for each core of the cluster, so that no process waits for its next one.
_FOR_A_CORE = 2
_PATIENCE_SECONDS = 10


def map_on_ray(
    function: Callable[[Item], Result], items: Iterable[Item], *, workers: int | None
) -> Iterator[tuple[Item, Result | Lost]]:
    """See `vidclf.parallel.map_clips`."""
    rest = iter(items)
    with _connected() as ray:
        task = ray.remote(num_cpus=1, max_retries=_TRIES - 1)(_attempted_in)
        folder, room = str(Path.cwd()), _room(ray)
        going = {task.remote(folder, function, item): item for item in islice(rest, workers or room)}
        try:
            while going:
                (ready, *_), _ = ray.wait(list(going), num_returns=1)
                item = going.pop(ready)
                going |= {task.remote(folder, function, following): following for following in islice(rest, 1)}
                yield item, _result(ray, ready)
        finally:
            for unfinished in going:
                ray.cancel(unfinished, force=True)


@contextmanager
def _connected() -> Iterator[Any]:
    """Ray, connected to a cluster; the connection ends here if it began here."""
    try:
        ray = importlib.import_module("ray")
    except ImportError:
        raise MissingExtraError("this needs Ray: pip install 'vidclf[ray]'.") from None
    if ray.is_initialized():
        yield ray
        return
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would report to its makers
    # It would tell of processes that died on stdout, where results go.
    ray._private.worker._worker_logs_enabled = False
    try:
        _knock(os.environ.get("RAY_ADDRESS", ""))
        ray.init(configure_logging=False, log_to_driver=False)
    except (OSError, RuntimeError, ValueError) as error:
        raise StoppedError(
            f"no Ray cluster can be used ({_first_line(error)}). Set RAY_ADDRESS to the address of its head node, "
            "or start one: ray start --head."
        ) from None
    try:
        yield ray
    finally:
        ray.shutdown()


def _knock(address: str) -> None:
    """Ray itself would try for minutes to reach an address where nobody answers."""
    where = urlsplit(address if "//" in address else f"//{address}")
    if where.hostname and where.port:
        socket.create_connection((where.hostname, where.port), _PATIENCE_SECONDS).close()


def _room(ray: Any) -> int:
    cores = int(ray.cluster_resources().get("CPU", 0))
    nodes = sum(node["Alive"] for node in ray.nodes())
    if not cores:
        raise StoppedError("the Ray cluster has no cores to work on. Add a node: ray start --address=ADDRESS.")
    logger.info("Ray: %d core%s on %d node%s", cores, "s" * (cores != 1), nodes, "s" * (nodes != 1))
    return _FOR_A_CORE * cores


def _attempted_in(folder: str, function: Callable[[Item], Result], item: Item) -> bytes:
    """What a process of the cluster does; relative paths mean there what they mean here."""
    os.chdir(folder)
    return attempted(function, item)


def _result(ray: Any, ready: Any) -> Any:
    died = (ray.exceptions.WorkerCrashedError, ray.exceptions.NodeDiedError, ray.exceptions.OutOfMemoryError)
    try:
        outcome = pickle.loads(ray.get(ready))
    except died:
        return Lost(f"its process ended, {_TRIES} times over")
    except ray.exceptions.RayError as error:
        cause = getattr(error, "cause", None) or error
        raise StoppedError(
            f"a node of the Ray cluster cannot do this work ({_first_line(cause)}). Each needs the same vidclf as "
            "this machine, and the clips under the same paths."
        ) from None
    if isinstance(outcome, Raised):
        raise outcome.error
    return outcome.result


def _first_line(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[0].strip().rstrip(".") if lines else type(error).__name__
