"""From a feature per step to one vector a clip; only valid steps count."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def valid_steps(lengths: Tensor, steps: int) -> Tensor:
    """Bool (B, T), true on the first `lengths` (B,) steps of each clip."""
    return torch.arange(steps, device=lengths.device)[None] < lengths[:, None]


def mean_over_time(outputs: Tensor, lengths: Tensor) -> Tensor:
    """Mean of (B, T, D) over the valid steps: (B, D)."""
    valid = valid_steps(lengths, outputs.shape[1])  # (B, T)
    return _zero_padding(outputs, valid).sum(dim=1) / lengths[:, None].to(outputs.dtype)


def last_step(outputs: Tensor, lengths: Tensor) -> Tensor:
    """The last valid step of (B, T, D): (B, D)."""
    rows = torch.arange(len(outputs), device=outputs.device)
    return outputs[rows, lengths - 1]


class AttentionPooling(nn.Module):
    """A learned weighted mean over time (Yang et al., Hierarchical Attention Networks, NAACL 2016)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        hidden = max(1, dim // 2)
        self.score = nn.Sequential(nn.Linear(dim, hidden), nn.Tanh(), nn.Linear(hidden, 1, bias=False))

    def forward(self, outputs: Tensor, lengths: Tensor) -> Tensor:
        """Pool (B, T, D) over the valid steps to (B, D)."""
        valid = valid_steps(lengths, outputs.shape[1])  # (B, T)
        scores = self.score(outputs)[..., 0].masked_fill(~valid, float("-inf"))  # (B, T)
        weights = scores.softmax(dim=1)
        pooled: Tensor = (weights[..., None] * _zero_padding(outputs, valid)).sum(dim=1)
        return pooled


def _zero_padding(outputs: Tensor, valid: Tensor) -> Tensor:
    # Filled and not multiplied with 0: what stands on padding may be infinite.
    return outputs.masked_fill(~valid[..., None], 0.0)
