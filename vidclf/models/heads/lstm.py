"""A recurrent head: what came before matters."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from vidclf.models.pooling import AttentionPooling, last_step, mean_over_time


class LSTMHead(nn.Module):
    """Long short-term memory over the frames' features (Hochreiter & Schmidhuber 1997; LRCN, Donahue et al. 2015).

    Args:
        feature_dim: D of the features.
        num_classes: K of the logits.
        hidden: units of each direction.
        layers: how many are stacked.
        bidirectional: look at the clip from its end as well; such a head cannot run live.
        pooling: `last` step, `mean` over steps, or learned `attention` over steps.
        dropout: between layers and before the classifier.
    """

    def __init__(
        self,
        feature_dim: int,
        num_classes: int,
        *,
        hidden: int = 128,
        layers: int = 1,
        bidirectional: bool = False,
        pooling: str = "last",
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        self.normalise = nn.LayerNorm(feature_dim)
        self.lstm = nn.LSTM(
            feature_dim,
            hidden,
            num_layers=layers,
            batch_first=True,
            bidirectional=bidirectional,
            dropout=dropout if layers > 1 else 0.0,
        )
        _remember_at_first(self.lstm)
        width = hidden * (2 if bidirectional else 1)
        self.pooling = pooling
        self.attention = AttentionPooling(width) if pooling == "attention" else None
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(width, num_classes)

    def forward(self, features: Tensor, lengths: Tensor) -> Tensor:
        """Features (B, T, D), lengths (B,) -> logits (B, K)."""
        outputs = self._run(self.normalise(features), lengths)  # (B, T, H)
        return self.classifier(self.dropout(self._pool(outputs, lengths)))  # type: ignore[no-any-return]

    def _run(self, features: Tensor, lengths: Tensor) -> Tensor:
        if not self.lstm.bidirectional:
            # Going forward, no valid step sees the padding behind it.
            return self.lstm(features)[0]  # type: ignore[no-any-return]
        packed = pack_padded_sequence(features, lengths.cpu(), batch_first=True, enforce_sorted=False)
        return pad_packed_sequence(self.lstm(packed)[0], batch_first=True, total_length=features.shape[1])[0]

    def _pool(self, outputs: Tensor, lengths: Tensor) -> Tensor:
        if self.attention is not None:
            return self.attention(outputs, lengths)  # type: ignore[no-any-return]
        if self.pooling == "mean":
            return mean_over_time(outputs, lengths)
        if not self.lstm.bidirectional:
            return last_step(outputs, lengths)
        # Each direction has seen everything at its own end: the last step forwards, the first backwards.
        forwards, backwards = outputs.chunk(2, dim=-1)
        return torch.cat([last_step(forwards, lengths), backwards[:, 0]], dim=-1)


def _remember_at_first(lstm: nn.LSTM) -> None:
    """Start with open forget gates (Jozefowicz et al., ICML 2015) and orthogonal recurrent weights."""
    hidden = lstm.hidden_size
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if name.startswith("weight_hh"):
                for gate in torch.split(parameter, hidden):
                    nn.init.orthogonal_(gate)
            elif name.startswith("bias_ih"):
                parameter[hidden : 2 * hidden].fill_(1.0)  # gates are kept in the order input, forget, cell, output
