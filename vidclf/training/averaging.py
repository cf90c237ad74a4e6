"""An average of the weights over the steps of a training."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from vidclf.models import ClipClassifier


def averaged(network: ClipClassifier, decay: float) -> AveragedModel:
    """An exponential moving average of a network's weights and buffers.

    The decay grows from 0.1 towards its full value with the number of steps, so that the random start is
    soon forgotten (as in Tan & Le, EfficientNet, ICML 2019).
    """

    @torch.no_grad()
    def update(averages: Sequence[Tensor], currents: Sequence[Tensor], steps: Tensor | int) -> None:
        share = min(decay, (1 + int(steps)) / (10 + int(steps)))
        for average, current in zip(averages, currents, strict=True):
            if average.is_floating_point():
                average.lerp_(current, 1 - share)
            else:
                average.copy_(current)

    return AveragedModel(network, multi_avg_fn=update, use_buffers=True)
