"""The baseline that ignores time."""

from __future__ import annotations

from torch import Tensor, nn

from vidclf.models.heads.head import CausalHead
from vidclf.models.pooling import Tensors


class MeanHead(CausalHead):
    """A linear classifier on the mean of the frames' features: any order of the frames gives the same logits.

    Args:
        feature_dim: D of the features.
        num_classes: K of the logits.
        dropout: before the classifier.
    """

    def __init__(self, feature_dim: int, num_classes: int, *, dropout: float = 0.3) -> None:
        super().__init__()
        self.normalise = nn.LayerNorm(feature_dim, elementwise_affine=False)  # the classifier scales anyway
        self._end_with(feature_dim, num_classes, "mean", dropout)

    def _outputs(self, features: Tensor, lengths: Tensor) -> Tensor:  # noqa: ARG002
        return self.normalise(features)  # type: ignore[no-any-return]

    def _step(self, features: Tensor, carried: Tensors) -> tuple[Tensor, Tensors]:
        return self.normalise(features), carried
