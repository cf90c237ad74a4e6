"""Batches of an epoch, read ahead in threads."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing

import torch

from vidclf.data import BadClip, Batch, ClipDataset, StillDataset
from vidclf.data.batches import Sample
from vidclf.parallel import map_ahead
from vidclf.training.order import Order
from vidclf.training.tasks import TrainingClips
from vidclf.types import IntArray

_BATCHES_AHEAD = 2


class EpochLoader:
    """Gives each process its share of every batch, in an order that depends on seed and epoch alone.

    Decoding, resizing and augmentation run outside Python's lock, so threads are enough to keep a network
    busy, and nothing has to be copied between processes.

    Args:
        clips: what to train on.
        order: which of them make a batch.
        workers: threads that read ahead; pictures in memory need one only.
        batch: clips a batch and process, about which so many are read ahead.
        process: number of this process.
        pinned: put frames into memory from which a GPU copies while it computes.
    """

    def __init__(
        self,
        clips: TrainingClips,
        order: Order,
        *,
        workers: int,
        batch: int,
        process: int,
        pinned: bool = False,
    ) -> None:
        self.clips = clips
        self.order = order
        self.workers = workers
        self.batch = batch
        self.process = process
        self.pinned = pinned

    def __len__(self) -> int:
        return len(self.order)

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of an epoch."""
        self.clips.epoch = number
        shares = list(self.order.shares(number, self.process))
        clips = self.clips
        batches = self._whole(clips, shares) if isinstance(clips, StillDataset) else self._clip_by_clip(clips, shares)
        with closing(batches):
            yield from batches

    def _whole(self, clips: StillDataset, shares: Iterable[IntArray]) -> Generator[Batch, None, None]:
        """Batches of pictures in memory, each made at once."""
        return map_ahead(
            lambda share: self._placed(clips.batch(share)),
            shares,
            workers=1,
            ahead=_BATCHES_AHEAD,
            initializer=_one_thread,
        )

    def _clip_by_clip(self, clips: ClipDataset, shares: Sequence[IntArray]) -> Generator[Batch, None, None]:
        """Batches of clips that are read one by one."""
        samples = map_ahead(
            clips.__getitem__,
            (int(index) for share in shares for index in share),
            workers=self.workers,
            ahead=_BATCHES_AHEAD * self.batch,
            initializer=_one_thread,
        )
        # Clips are put together in a thread too, so that the network does not wait for their copies.
        ready = map_ahead(
            lambda share: self._together(clips, [next(samples) for _ in share]),
            shares,
            workers=1,
            ahead=1,
            initializer=_one_thread,
        )
        with closing(samples), closing(ready):
            yield from ready

    def _together(self, clips: ClipDataset, samples: Sequence[Sample | BadClip]) -> Batch:
        return self._placed(clips.collate(samples))

    def _placed(self, batch: Batch) -> Batch:
        return batch._replace(frames=batch.frames.pin_memory()) if self.pinned else batch


def _one_thread() -> None:
    """For each thread that reads: the network has the others."""
    torch.set_num_threads(1)
