"""The baseline that ignores time."""

from __future__ import annotations

from torch import Tensor, nn

from vidclf.models.pooling import mean_over_time


class MeanHead(nn.Module):
    """A linear classifier on the mean of the frames' features: any order of the frames gives the same logits.

    Args:
        feature_dim: D of the features.
        num_classes: K of the logits.
        dropout: before the classifier.
    """

    def __init__(self, feature_dim: int, num_classes: int, *, dropout: float = 0.3) -> None:
        super().__init__()
        self.normalise = nn.LayerNorm(feature_dim)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(feature_dim, num_classes)

    def forward(self, features: Tensor, lengths: Tensor) -> Tensor:
        """Features (B, T, D), lengths (B,) -> logits (B, K)."""
        pooled = mean_over_time(self.normalise(features), lengths)
        return self.classifier(self.dropout(pooled))  # type: ignore[no-any-return]
