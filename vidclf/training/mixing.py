"""Training clips mixed with each other: what one clip alone cannot be changed into."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from vidclf.config import AugmentConfig
from vidclf.data import Batch


@dataclass(frozen=True, eq=False)
class Mixed:
    """Clips that show two classes each.

    Attributes:
        frames: float32 (B, T, C, h, w), padded.
        lengths: int64 (B,).
        others: int64 (B,), the label of what else a clip shows.
        share: how much of each clip is its own; 1 where nothing is mixed.
    """

    frames: Tensor
    lengths: Tensor
    others: Tensor
    share: float


def mix(batch: Batch, config: AugmentConfig, colours: int) -> Mixed:
    """Mix the clips of a batch as the settings say, with draws from PyTorch's own generator.

    Args:
        batch: the clips.
        config: `background` blends each clip with one still frame of another, which has another background and
            shows no movement (Wang et al., CVPR 2021); `mixup` blends whole clips and their labels (Zhang et al.,
            ICLR 2018).
        colours: how many channels, from the first, hold colours. Those of motion keep what moves.
    """
    frames, lengths, others, share = batch.frames, batch.lengths, batch.labels, 1.0
    if config.background:
        frames = _before_other_backgrounds(frames, lengths, config.background, colours)
    if config.mixup:
        share = float(torch.distributions.Beta(config.mixup, config.mixup).sample())
        partners = torch.randperm(len(frames), device=frames.device)
        frames = torch.lerp(frames[partners], frames, share)
        # Where one clip is over, the other goes on; padding is zero, which is the mean grey.
        lengths = torch.maximum(lengths, lengths[partners])
        others = batch.labels[partners]
    return Mixed(frames, lengths, others, share)


def _before_other_backgrounds(frames: Tensor, lengths: Tensor, most: float, colours: int) -> Tensor:
    count = len(frames)
    partners = torch.randperm(count, device=frames.device)
    steps = (torch.rand(count, device=frames.device) * lengths[partners]).long()
    shares = torch.rand(count, device=frames.device).mul(most)[:, None, None, None, None]
    still = frames[partners, steps, :colours][:, None]  # (B, 1, colours, h, w)
    mixed = frames.clone()
    mixed[:, :, :colours] = torch.lerp(frames[:, :, :colours], still.expand_as(frames[:, :, :colours]), shares)
    return mixed
