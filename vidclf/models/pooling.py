"""From a feature per step to one vector a clip; only valid steps count."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def valid_steps(lengths: Tensor, steps: int) -> Tensor:
    """Bool (B, T), true on the first `lengths` (B,) steps of each clip."""
    return torch.arange(steps, device=lengths.device)[None] < lengths[:, None]


def mean_over_time(outputs: Tensor, lengths: Tensor) -> Tensor:
    """Mean of (B, T, D) over the valid steps: (B, D)."""
    mask = valid_steps(lengths, outputs.shape[1])[..., None]  # (B, T, 1)
    return (outputs * mask).sum(dim=1) / lengths[:, None].to(outputs.dtype)


def last_step(outputs: Tensor, lengths: Tensor) -> Tensor:
    """The last valid step of (B, T, D): (B, D)."""
    rows = torch.arange(len(outputs), device=outputs.device)
    return outputs[rows, lengths - 1]


class AttentionPooling(nn.Module):
    """A learned weighted mean over time (Yang et al., Hierarchical Attention Networks, NAACL 2016)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.score = nn.Sequential(nn.Linear(dim, dim // 2), nn.Tanh(), nn.Linear(dim // 2, 1, bias=False))

    def forward(self, outputs: Tensor, lengths: Tensor) -> Tensor:
        """Pool (B, T, D) over the valid steps to (B, D)."""
        scores = self.score(outputs)[..., 0]  # (B, T)
        scores = scores.masked_fill(~valid_steps(lengths, outputs.shape[1]), float("-inf"))
        weights = scores.softmax(dim=1)
        pooled: Tensor = (weights[..., None] * outputs).sum(dim=1)
        return pooled
