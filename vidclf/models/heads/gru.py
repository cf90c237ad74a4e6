"""A recurrent head with fewer gates than the LSTM."""

from __future__ import annotations

from torch import Tensor, nn

from vidclf.config import Pooling
from vidclf.models.heads.head import CausalHead
from vidclf.models.heads.recurrent import start_orthogonal
from vidclf.models.pooling import Tensors


class GRUHead(CausalHead):
    """Gated recurrent units over the frames' features (Cho et al., EMNLP 2014).

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
        self.gru = nn.GRU(
            feature_dim, hidden, num_layers=layers, batch_first=True, dropout=dropout if layers > 1 else 0.0
        )
        start_orthogonal(self.gru)
        self._end_with(hidden, num_classes, pooling, dropout)

    def _outputs(self, features: Tensor, lengths: Tensor) -> Tensor:  # noqa: ARG002
        # Going forward, no valid step sees the padding behind it.
        return self.gru(self.normalise(features))[0]  # type: ignore[no-any-return]

    def _initial(self, batch: int) -> Tensors:
        return (self.classifier.weight.new_zeros(self.gru.num_layers, batch, self.gru.hidden_size),)

    def _step(self, features: Tensor, carried: Tensors) -> tuple[Tensor, Tensors]:
        outputs, hidden = self.gru(self.normalise(features)[:, None], *carried)
        return outputs[:, 0], (hidden,)
