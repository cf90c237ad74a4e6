"""Training pictures in memory, a whole batch at a time: small ones cost more to handle singly than to learn from."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from vidclf.config import AugmentConfig
from vidclf.data.augmentation import Augmentation
from vidclf.data.batches import BadClip, Batch
from vidclf.data.manifest import ClipEntry
from vidclf.data.reader import ClipReader
from vidclf.data.still_augmentation import StillAugmentation
from vidclf.errors import DecodeError
from vidclf.prep import Statistics
from vidclf.types import IntArray

_TURNS = 4


class StillDataset:
    """Pictures, each a clip of one frame: read once, then changed and normalised a batch at a time.

    What is drawn for a picture depends on the seed, the epoch and the picture alone.

    Args:
        entries: the rows.
        classes: the labels in the network's order.
        reader: its preprocessing has fixed statistics, and takes one frame.
        config: how pictures are changed. With `quarter_turns` each is there four times, turned by 0, 90, 180 and 270
            degrees; of K classes, class k turned by q quarters is class q * K + k, in a group of its own.
        seed: of all draws.

    Attributes:
        labels: the class's number of each row.
        groups: the group of each row.
        epoch: whose draws are made.
        known_bad: what could not be read, by title.

    Raises:
        ConfigError: `flip_labels` names a label that is no class.
    """

    def __init__(
        self,
        entries: Sequence[ClipEntry],
        classes: Sequence[str],
        reader: ClipReader,
        config: AugmentConfig,
        *,
        seed: int,
    ) -> None:
        statistics = reader.preprocessing.statistics
        assert isinstance(statistics, Statistics)
        self.entries = tuple(entries)
        self.reader = reader
        self.seed = seed
        self.epoch = 0
        self.known_bad: dict[str, BadClip] = {}
        self._change = StillAugmentation(config, statistics)
        number = {label: index for index, label in enumerate(classes)}
        mirrored = [number[label] for label in Augmentation(config, classes).mirror_labels]
        turns = range(_TURNS if config.quarter_turns else 1)
        self._mirrored = torch.tensor([len(classes) * turn + k for turn in turns for k in mirrored])
        self.labels = [len(classes) * turn + number[entry.label] for turn in turns for entry in entries]
        self.groups = [f"{entry.group}/{turn}" if turn else entry.group for turn in turns for entry in entries]
        self._drawn: tuple[int, Tensor] | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, rows: IntArray) -> Batch:
        """The pictures of some rows (B,) as the network takes them; without those that cannot be read."""
        turns, places = np.divmod(rows, len(self.entries))
        pictures, bad = self._pictures
        good = torch.tensor([place not in bad for place in places.tolist()])
        left_out = tuple(bad[place] for place in places.tolist() if place in bad)
        if not good.any():
            # Every process must take every step, so a batch of nothing but bad clips gets one that counts nothing.
            frames, one = torch.zeros(1, 1, *pictures.shape[1:]), torch.ones(1, dtype=torch.int64)
            return Batch(frames, one, 0 * one, torch.zeros(1), left_out)
        kept = torch.from_numpy(rows)[good]
        draws = self._draws()[kept]
        frames = self._change(pictures[torch.from_numpy(places)[good]], draws, torch.from_numpy(turns)[good])
        labels = torch.tensor(self.labels)[kept]
        labels = torch.where(self._change.flipped(draws), self._mirrored[labels], labels)
        lengths = torch.ones(len(kept), dtype=torch.int64)
        return Batch(frames[:, None], lengths, labels, torch.ones(len(kept)), left_out)

    def _draws(self) -> Tensor:
        if self._drawn is None or self._drawn[0] != self.epoch:
            rng = np.random.default_rng((self.seed, self.epoch))
            table = rng.random((len(self), self._change.draws), dtype=np.float32)
            self._drawn = self.epoch, torch.from_numpy(table)
        return self._drawn[1]

    @cached_property
    def _pictures(self) -> tuple[Tensor, dict[int, BadClip]]:
        """All pictures, uint8 (N, 3, h, w), and what could not be read, by its place among them."""
        pictures = torch.zeros(len(self.entries), 3, *self.reader.preprocessing.size, dtype=torch.uint8)
        bad: dict[int, BadClip] = {}
        for place, entry in enumerate(self.entries):
            if entry.title in self.known_bad:
                bad[place] = self.known_bad[entry.title]
                continue
            try:
                prepared = self.reader.prepared(entry)
            except DecodeError as error:
                bad[place] = BadClip(entry.title, str(error))
                continue
            pictures[place] = torch.from_numpy(prepared.frames[prepared.steps[0]]).permute(2, 0, 1)
        return pictures, bad
