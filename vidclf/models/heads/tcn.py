"""Convolution over time that only looks back."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from vidclf.config import Pooling
from vidclf.models.heads.head import CausalHead
from vidclf.models.pooling import Tensors, zero_padding

_KERNEL = 3
_DILATIONS = (1, 2, 4, 8)


class TCNHead(CausalHead):
    """A temporal convolutional network (Bai et al., arXiv:1803.01271, 2018): residual blocks of dilated convolutions.

    A step sees the 60 steps before it, and 60 more with each further cycle of dilations.

    Args:
        feature_dim: D of the features.
        num_classes: K of the logits.
        hidden: channels of a block.
        layers: how often the blocks of dilation 1, 2, 4, 8 are repeated.
        pooling: `last` step, `mean` over steps, or learned `attention` over steps.
        dropout: within blocks and before the classifier.
    """

    def __init__(
        self,
        feature_dim: int,
        num_classes: int,
        *,
        hidden: int = 128,
        layers: int = 1,
        pooling: Pooling = "last",
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        self.normalise = nn.LayerNorm(feature_dim)
        self.blocks = nn.ModuleList(
            _Block(hidden if number else feature_dim, hidden, dilation, dropout)
            for number, dilation in enumerate(_DILATIONS * layers)
        )
        self._end_with(hidden, num_classes, pooling, dropout)

    def _outputs(self, features: Tensor, lengths: Tensor) -> Tensor:
        # The way a convolution is computed may mix neighbouring steps, and a NaN on padding would reach valid ones.
        features = zero_padding(features, lengths)
        outputs, _ = self._run(self.normalise(features).transpose(1, 2), self._initial(len(features)))
        return outputs.transpose(1, 2)

    def _initial(self, batch: int) -> Tensors:
        carried: list[Tensor] = []
        for block in self.blocks:
            assert isinstance(block, _Block)
            carried += block.initial(batch)
        return tuple(carried)

    def _step(self, features: Tensor, carried: Tensors) -> tuple[Tensor, Tensors]:
        outputs, carried = self._run(self.normalise(features)[..., None], carried)
        return outputs[..., 0], carried

    def _run(self, outputs: Tensor, carried: Tensors) -> tuple[Tensor, Tensors]:
        """Steps (B, D, T) after those carried -> outputs (B, H, T), and what to carry on: two tensors a block."""
        kept: list[Tensor] = []
        for block, before in zip(self.blocks, zip(carried[::2], carried[1::2], strict=True), strict=True):
            outputs, now = block(outputs, before)
            kept += now
        return outputs, tuple(kept)


class _Block(nn.Module):
    """Two dilated convolutions beside a shortcut."""

    def __init__(self, channels: int, hidden: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.first = _PastConvolution(channels, hidden, dilation)
        self.second = _PastConvolution(hidden, hidden, dilation)
        self.dropout = nn.Dropout(dropout)
        self.shortcut = nn.Identity() if channels == hidden else nn.Conv1d(channels, hidden, kernel_size=1)

    def initial(self, batch: int) -> Tensors:
        """What comes before the first step."""
        return self.first.initial(batch), self.second.initial(batch)

    def forward(self, inputs: Tensor, before: Tensors) -> tuple[Tensor, Tensors]:
        """Steps (B, D, T), and what came before -> outputs (B, H, T), and what to carry on."""
        outputs, first = self.first(inputs, before[0])
        outputs, second = self.second(self.dropout(outputs.relu()), before[1])
        outputs = self.dropout(outputs.relu())
        return (outputs + self.shortcut(inputs)).relu(), (first, second)


class _PastConvolution(nn.Module):
    """A dilated convolution over the newest steps and `past` steps before them."""

    def __init__(self, channels: int, hidden: int, dilation: int) -> None:
        super().__init__()
        self.past = (_KERNEL - 1) * dilation
        self.convolution = weight_norm(nn.Conv1d(channels, hidden, _KERNEL, dilation=dilation))

    def initial(self, batch: int) -> Tensor:
        """The zeros (B, D, past) before the first step."""
        weight: Tensor = self.convolution.weight
        return weight.new_zeros(batch, weight.shape[1], self.past)

    def forward(self, inputs: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        """Steps (B, D, T), and the `past` before them -> outputs (B, H, T), and the `past` before what follows."""
        known = torch.cat([before, inputs], dim=-1)
        return self.convolution(known), known[..., -self.past :]
