"""A recurrent head that knows how the clip ends."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from vidclf.config import Pooling
from vidclf.models.heads.head import PooledHead
from vidclf.models.heads.recurrent import remember_at_first, start_orthogonal
from vidclf.models.pooling import last_step


class BiLSTMHead(PooledHead):
    """An LSTM forwards and one backwards (Graves & Schmidhuber, Neural Networks 18, 2005); it cannot run live.

    Args:
        feature_dim: D of the features.
        num_classes: K of the logits.
        hidden: units of a layer in each direction.
        layers: how many are stacked.
        pooling: `last` step of each direction, `mean` over steps, or learned `attention` over steps.
        dropout: between layers and before the classifier.
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
        self.lstm = nn.LSTM(
            feature_dim,
            hidden,
            num_layers=layers,
            batch_first=True,
            bidirectional=True,
            dropout=dropout if layers > 1 else 0.0,
        )
        start_orthogonal(self.lstm)
        remember_at_first(self.lstm)
        self._end_with(2 * hidden, num_classes, pooling, dropout)

    def _outputs(self, features: Tensor, lengths: Tensor) -> Tensor:
        packed = pack_padded_sequence(self.normalise(features), lengths.cpu(), batch_first=True, enforce_sorted=False)
        return pad_packed_sequence(self.lstm(packed)[0], batch_first=True, total_length=features.shape[1])[0]

    def _pool(self, outputs: Tensor, lengths: Tensor) -> Tensor:
        if self.pooling != "last":
            return super()._pool(outputs, lengths)
        # Each direction has seen everything at its own end: the last step forwards, the first backwards.
        forwards, backwards = outputs.chunk(2, dim=-1)
        return torch.cat([last_step(forwards, lengths), backwards[:, 0]], dim=-1)
