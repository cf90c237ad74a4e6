"""Batches: clips of several lengths padded to one, and what could not be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from vidclf.data.augmentation import Augmentation
from vidclf.data.manifest import ClipEntry
from vidclf.data.reader import ClipReader
from vidclf.errors import DecodeError
from vidclf.types import Float32Array


@dataclass(frozen=True, eq=False)
class Sample:
    """One clip as the network takes it: `frames` float32 (T, C, h, w) or features (T, D), and its class's number."""

    frames: Float32Array
    label: int


@dataclass(frozen=True)
class BadClip:
    """A clip that could not be read: its title in the manifest, and why."""

    name: str
    reason: str


class Batch(NamedTuple):
    """What a training step sees.

    Attributes:
        frames: float32 (B, T, C, h, w), or features (B, T, D) where they are kept; zero on padding.
        lengths: int64 (B,), valid steps.
        labels: int64 (B,).
        weights: float32 (B,), 1 for a clip, 0 for a stand-in where not one clip of the batch could be read.
        bad: the clips that are not in it because they could not be read.
    """

    frames: Tensor
    lengths: Tensor
    labels: Tensor
    weights: Tensor
    bad: tuple[BadClip, ...]


class ClipDataset:
    """Training clips: read, planned with jitter, augmented, made into tensors.

    What is drawn for a clip depends on the seed, the epoch and the clip alone, so that it is the same with any
    number of threads or processes, and after a resume.

    Args:
        entries: the rows.
        classes: the labels in the network's order.
        reader: how clips are read.
        augmentation: how they are changed.
        seed: of all draws.
    """

    def __init__(
        self,
        entries: Sequence[ClipEntry],
        classes: Sequence[str],
        reader: ClipReader,
        augmentation: Augmentation,
        *,
        seed: int,
    ) -> None:
        self.entries = tuple(entries)
        numbers = {label: number for number, label in enumerate(classes)}
        self.labels = [numbers[entry.label] for entry in entries]
        self.groups = [entry.group for entry in entries]
        self.reader = reader
        self.augmentation = augmentation
        self.seed = seed
        self.epoch = 0
        self.known_bad: dict[str, BadClip] = {}

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, index: int) -> Sample | BadClip:
        entry = self.entries[index]
        if entry.title in self.known_bad:
            return self.known_bad[entry.title]
        rng = np.random.default_rng((self.seed, self.epoch, index))
        try:
            prepared = self.reader.prepared(entry, self.augmentation.draw(rng))
        except DecodeError as error:
            return BadClip(entry.title, str(error))
        preprocessing = self.reader.preprocessing
        prepared, label = self.augmentation(preprocessing.without_unseen(prepared), self.labels[index], rng)
        return Sample(preprocessing.tensor(prepared), label)

    def collate(self, samples: Sequence[Sample | BadClip]) -> Batch:
        """Make a batch of what could be read."""
        good = [sample for sample in samples if isinstance(sample, Sample)]
        bad = tuple(sample for sample in samples if isinstance(sample, BadClip))
        weights = torch.ones(len(good))
        if not good:
            # Every process must take every step, so a batch of nothing but bad clips gets one that counts nothing.
            prep = self.reader.preprocessing
            good = [Sample(np.zeros((1, prep.channels, *prep.size), dtype=np.float32), label=0)]
            weights = torch.zeros(1)
        frames, lengths = pad_clips([sample.frames for sample in good])
        return Batch(frames, lengths, torch.tensor([sample.label for sample in good]), weights, bad)


def pad_clips(clips: Sequence[Float32Array]) -> tuple[Tensor, Tensor]:
    """Stack clips (T_i, ...) as float32 (B, max T_i, ...), zero at the end, with lengths (B,)."""
    lengths = torch.tensor([len(clip) for clip in clips])
    frames = torch.zeros(len(clips), int(lengths.max()), *clips[0].shape[1:])
    for row, clip in zip(frames, clips, strict=True):
        row[: len(clip)] = torch.from_numpy(clip)
    return frames, lengths
