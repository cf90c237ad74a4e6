"""From a feature per step to one vector a clip; only valid steps count.

A pooling can also go step by step, for streams: `step` takes the newest output (B, D) and what was carried so far,
and gives what pooling all steps up to here at once would give.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor, nn

Tensors = tuple[Tensor, ...]


class Pooling(Protocol):
    """What all poolings do."""

    def __call__(self, outputs: Tensor, lengths: Tensor) -> Tensor:
        """Pool (B, T, D) over the valid steps to (B, D)."""

    def initial(self, zeros: Tensor) -> Tensors:
        """What is carried before the first step; `zeros` (B, D) are of the outputs' shape, type and device."""

    def step(self, output: Tensor, carried: Tensors) -> tuple[Tensor, Tensors]:
        """Pool all steps up to the newest (B, D): (B, D), and what to carry on."""


def valid_steps(lengths: Tensor, steps: int) -> Tensor:
    """Bool (B, T), true on the first `lengths` (B,) steps of each clip."""
    return torch.arange(steps, device=lengths.device)[None] < lengths[:, None]


def zero_padding(outputs: Tensor, lengths: Tensor) -> Tensor:
    """The same (B, T, D), with zeros on the padding."""
    # Filled and not multiplied with 0: what stands on padding may be infinite.
    return outputs.masked_fill(~valid_steps(lengths, outputs.shape[1])[..., None], 0.0)


def mean_over_time(outputs: Tensor, lengths: Tensor) -> Tensor:
    """Mean of (B, T, D) over the valid steps: (B, D)."""
    return zero_padding(outputs, lengths).sum(dim=1) / lengths[:, None].to(outputs.dtype)


def last_step(outputs: Tensor, lengths: Tensor) -> Tensor:
    """The last valid step of (B, T, D): (B, D)."""
    return _of_each(outputs, lengths - 1)


def middle_step(outputs: Tensor, lengths: Tensor) -> Tensor:
    """The middle valid step of (B, T, D), the later one of two: (B, D)."""
    return _of_each(outputs, lengths // 2)


class LastPooling:
    """The last step."""

    def __call__(self, outputs: Tensor, lengths: Tensor) -> Tensor:
        """Pool (B, T, D) over the valid steps to (B, D)."""
        return last_step(outputs, lengths)

    def initial(self, zeros: Tensor) -> Tensors:  # noqa: ARG002
        """See `Pooling`."""
        return ()

    def step(self, output: Tensor, carried: Tensors) -> tuple[Tensor, Tensors]:
        """See `Pooling`."""
        return output, carried


class MeanPooling:
    """The mean over steps."""

    def __call__(self, outputs: Tensor, lengths: Tensor) -> Tensor:
        """Pool (B, T, D) over the valid steps to (B, D)."""
        return mean_over_time(outputs, lengths)

    def initial(self, zeros: Tensor) -> Tensors:
        """See `Pooling`; carried are the mean (B, D) and how many steps it is of (B, 1)."""
        return zeros, zeros[:, :1]

    def step(self, output: Tensor, carried: Tensors) -> tuple[Tensor, Tensors]:
        """See `Pooling`."""
        mean, count = carried
        count = count + 1
        mean = mean + (output - mean) / count
        return mean, (mean, count)


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
        pooled: Tensor = (weights[..., None] * zero_padding(outputs, lengths)).sum(dim=1)
        return pooled

    def initial(self, zeros: Tensor) -> Tensors:
        """See `Pooling`; carried are the mean (B, D) and the logarithm of the sum of its weights (B, 1)."""
        return zeros, zeros[:, :1] - torch.inf

    def step(self, output: Tensor, carried: Tensors) -> tuple[Tensor, Tensors]:
        """See `Pooling`."""
        mean, log_total = carried
        score = self.score(output)  # (B, 1)
        log_total = torch.logaddexp(log_total, score)
        mean = mean + (output - mean) * (score - log_total).exp()  # the newest step's share of all weights
        return mean, (mean, log_total)


def _of_each(outputs: Tensor, steps: Tensor) -> Tensor:
    rows = torch.arange(len(outputs), device=outputs.device)
    return outputs[rows, steps]
