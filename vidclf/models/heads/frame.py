"""The baseline that looks at one frame: what a picture without motion tells."""

from __future__ import annotations

from torch import Tensor, nn

from vidclf.models.heads.head import Head
from vidclf.models.pooling import middle_step


class FrameHead(Head):
    """A linear classifier on the features of the clip's middle step.

    Without motion channels this is a still; with them, the step shows how it differs from an earlier frame too.

    Args:
        feature_dim: D of the features.
        num_classes: K of the logits.
        dropout: before the classifier.
    """

    def __init__(self, feature_dim: int, num_classes: int, *, dropout: float = 0.3) -> None:
        super().__init__()
        self.normalise = nn.LayerNorm(feature_dim, elementwise_affine=False)  # the classifier scales anyway
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(feature_dim, num_classes)

    def forward(self, features: Tensor, lengths: Tensor) -> Tensor:
        """Features (B, T, D), lengths (B,) -> logits (B, K)."""
        middle = middle_step(features, lengths)
        return self.classifier(self.dropout(self.normalise(middle)))  # type: ignore[no-any-return]
