"""Which frames tell the class, whatever their order."""

from __future__ import annotations

from torch import Tensor, nn

from vidclf.models.heads.head import CausalHead
from vidclf.models.pooling import Tensors


class AttentionHead(CausalHead):
    """Attention pooling of projected features (Ilse et al., ICML 2018): no recurrence, no order.

    Args:
        feature_dim: D of the features.
        num_classes: K of the logits.
        hidden: width of the projection.
        dropout: before the classifier.
    """

    def __init__(self, feature_dim: int, num_classes: int, *, hidden: int = 128, dropout: float = 0.3) -> None:
        super().__init__()
        self.project = nn.Sequential(nn.LayerNorm(feature_dim), nn.Linear(feature_dim, hidden), nn.GELU())
        self._end_with(hidden, num_classes, "attention", dropout)

    def _outputs(self, features: Tensor, lengths: Tensor) -> Tensor:  # noqa: ARG002
        return self.project(features)  # type: ignore[no-any-return]

    def _step(self, features: Tensor, carried: Tensors) -> tuple[Tensor, Tensors]:
        return self.project(features), carried
