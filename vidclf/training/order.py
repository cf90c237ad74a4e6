"""In which order training clips come, and which of them make a batch."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from vidclf.config import EmbedConfig
from vidclf.errors import ConfigError
from vidclf.types import IntArray


class Order(Protocol):
    """The batches of an epoch, which depend on seed and epoch alone, and each process's share of them."""

    def __len__(self) -> int:
        """How many batches an epoch has."""

    def shares(self, epoch: int, process: int) -> Iterator[IntArray]:
        """The rows of each batch, int64 (B,), that fall to a process."""


class Shuffled:
    """Each clip once an epoch; where clips run out, the last batch is smaller.

    Args:
        count: how many clips there are.
        batch: clips a batch and process.
        processes: how many there are.
        seed: of the order.
    """

    def __init__(self, count: int, batch: int, *, processes: int, seed: int) -> None:
        self.count = count
        self.together = batch * processes
        self.processes = processes
        self.seed = seed

    def __len__(self) -> int:
        return math.ceil(self.count / self.together)

    def shares(self, epoch: int, process: int) -> Iterator[IntArray]:
        """See `Order`: every n-th clip of the very batch that one process would have."""
        order = np.random.default_rng((self.seed, epoch)).permutation(self.count)
        for first in range(0, self.count, self.together):
            yield order[first : first + self.together][process :: self.processes]


class Identities:
    """Batches of P identities with K clips each, as losses that compare clips with each other want them.

    The clips of one identity stay in one process. An epoch has as many batches as it takes for the number of clips.

    Args:
        labels: the identity of each clip.
        groups: the group of each clip.
        config: how many groups, identities and clips.
        processes: how many there are; each gets as many groups (or identities) as the config says.
        seed: of all draws.

    Raises:
        ConfigError: no two identities have two clips, or the clips have no groups where some are asked for.
    """

    def __init__(
        self, labels: Sequence[int], groups: Sequence[str], config: EmbedConfig, *, processes: int, seed: int
    ) -> None:
        self.config = config
        self.processes = processes
        self.seed = seed
        self.count = len(labels)
        rows: dict[tuple[str, int], list[int]] = defaultdict(list)
        for row, (label, group) in enumerate(zip(labels, groups, strict=True)):
            rows[group if config.groups else "", label].append(row)
        pools: dict[str, list[IntArray]] = defaultdict(list)
        for (group, _), of_one in rows.items():
            if len(of_one) > 1:  # one clip alone has nothing to be like
                pools[group].append(np.array(of_one))
        self.pools = list(pools.values())
        if sum(map(len, self.pools)) < 2:
            raise ConfigError(["data.manifest: an embedder learns from two identities with two clips each, or more"])
        if config.groups and not any(groups):
            raise ConfigError(["embed.groups: the clips have no groups; leave it out, or give them some"])

    def __len__(self) -> int:
        groups = self.config.groups or 1
        return math.ceil(self.count / (groups * self.config.identities * self.config.samples * self.processes))

    def shares(self, epoch: int, process: int) -> Iterator[IntArray]:
        """See `Order`: every n-th identity of the batch."""
        rng = np.random.default_rng((self.seed, epoch))
        for _ in range(len(self)):
            identities = self._identities(rng)
            drawn = [rng.permuted(rows)[: self.config.samples] for rows in identities]
            yield np.concatenate(drawn[process :: self.processes])

    def _identities(self, rng: np.random.Generator) -> list[IntArray]:
        """The rows of each identity of a batch."""
        if self.config.groups is None:
            return _some(rng, self.pools[0], self.config.identities * self.processes)
        sizes = np.array([len(pool) for pool in self.pools])
        count = min(len(self.pools), self.config.groups * self.processes)
        # The larger a group, the more often, so that each identity comes as often as any other.
        chosen = rng.choice(len(self.pools), size=count, replace=False, p=sizes / sizes.sum())
        return [rows for pool in chosen for rows in _some(rng, self.pools[pool], self.config.identities)]


def _some(rng: np.random.Generator, pool: Sequence[IntArray], count: int) -> list[IntArray]:
    return [pool[place] for place in rng.permutation(len(pool))[:count]]
