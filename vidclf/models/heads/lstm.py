"""A recurrent head: what came before matters."""

from __future__ import annotations

from torch import Tensor, nn

from vidclf.config import Pooling
from vidclf.models.heads.head import CausalHead
from vidclf.models.heads.recurrent import remember_at_first, start_orthogonal
from vidclf.models.pooling import Tensors


class LSTMHead(CausalHead):
    """Long short-term memory over the frames' features (Hochreiter & Schmidhuber 1997; LRCN, Donahue et al. 2015).

    Args:
        feature_dim: D of the features.
        num_classes: K of the logits.
        hidden: units of a layer.
        layers: how many are stacked.
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
        pooling: Pooling = "last",
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        self.normalise = nn.LayerNorm(feature_dim)
        self.lstm = nn.LSTM(
            feature_dim, hidden, num_layers=layers, batch_first=True, dropout=dropout if layers > 1 else 0.0
        )
        start_orthogonal(self.lstm)
        remember_at_first(self.lstm)
        self._end_with(hidden, num_classes, pooling, dropout)

    def _outputs(self, features: Tensor, lengths: Tensor) -> Tensor:  # noqa: ARG002
        # Going forward, no valid step sees the padding behind it.
        return self.lstm(self.normalise(features))[0]  # type: ignore[no-any-return]

    def _initial(self, batch: int) -> Tensors:
        nothing = self.classifier.weight.new_zeros(self.lstm.num_layers, batch, self.lstm.hidden_size)
        return nothing, nothing

    def _step(self, features: Tensor, carried: Tensors) -> tuple[Tensor, Tensors]:
        outputs, carried = self.lstm(self.normalise(features)[:, None], carried)
        return outputs[:, 0], carried
