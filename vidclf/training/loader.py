"""Batches of an epoch, read ahead in threads."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial

import numpy as np
import torch

from vidclf.data import BadClip, Batch, ClipDataset
from vidclf.data.batches import Sample
from vidclf.parallel import map_ahead

_BATCHES_AHEAD = 2


class EpochLoader:
    """Gives each process its share of every batch, in an order that depends on seed and epoch alone.

    Decoding, resizing and augmentation run outside Python's lock, so threads are enough to keep a network
    busy, and nothing has to be copied between processes.

    Args:
        dataset: the clips.
        batch: clips a batch and process.
        workers: threads that read ahead.
        process: number of this process.
        processes: how many there are.
        pinned: put frames into memory from which a GPU copies while it computes.
    """

    def __init__(
        self,
        dataset: ClipDataset,
        batch: int,
        *,
        workers: int,
        process: int,
        processes: int,
        pinned: bool = False,
    ) -> None:
        self.dataset = dataset
        self.batch = batch
        self.workers = workers
        self.process = process
        self.processes = processes
        self.pinned = pinned

    def __len__(self) -> int:
        return math.ceil(len(self.dataset) / (self.batch * self.processes))

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of an epoch; where clips run out, the last ones are smaller."""
        self.dataset.epoch = number
        order = np.random.default_rng((self.dataset.seed, number)).permutation(len(self.dataset))
        together = self.batch * self.processes
        batches = [order[first : first + together] for first in range(0, len(order), together)]
        shares = [batch[self.process :: self.processes] for batch in batches]
        one_thread = partial(torch.set_num_threads, 1)  # for each that reads: the network has the others
        samples = map_ahead(
            self.dataset.__getitem__,
            (int(index) for share in shares for index in share),
            workers=self.workers,
            ahead=_BATCHES_AHEAD * self.batch,
            initializer=one_thread,
        )
        # Clips are put together in a thread too, so that the network does not wait for their copies.
        ready = map_ahead(
            lambda share: self._together([next(samples) for _ in share]),
            shares,
            workers=1,
            ahead=1,
            initializer=one_thread,
        )
        with closing(samples), closing(ready):
            yield from ready

    def _together(self, samples: Sequence[Sample | BadClip]) -> Batch:
        batch = self.dataset.collate(samples)
        return batch._replace(frames=batch.frames.pin_memory()) if self.pinned else batch
