"""What is there on average, and how much it changes, but not in which order."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vidclf.models.heads.head import Head
from vidclf.models.pooling import mean_over_time

_LEAST_VARIANCE = 1e-6
_FIRST_WEIGHTS = 0.01


class MomentsHead(Head):
    """A linear classifier on mean and standard deviation of the features over time, each standardised.

    With few clips and a frozen backbone, hard to beat: nothing but one linear layer is learned.

    Args:
        feature_dim: D of the features.
        num_classes: K of the logits.
        dropout: before the classifier.
    """

    def __init__(self, feature_dim: int, num_classes: int, *, dropout: float = 0.3) -> None:
        super().__init__()
        self.standardise = nn.BatchNorm1d(2 * feature_dim, affine=False)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(2 * feature_dim, num_classes)
        with torch.no_grad():
            # Thousands of features for some hundred clips: weights that start near nothing stay near the smallest
            # that tell the clips apart, as ridge regression's do; others keep the noise that they began with.
            self.classifier.weight.mul_(_FIRST_WEIGHTS)

    def forward(self, features: Tensor, lengths: Tensor) -> Tensor:
        """Features (B, T, D), lengths (B,) -> logits (B, K)."""
        mean = mean_over_time(features, lengths)
        variance = mean_over_time((features - mean[:, None]) ** 2, lengths)
        moments = torch.cat([mean, variance.clamp(min=_LEAST_VARIANCE).sqrt()], dim=1)  # (B, 2D)
        return self.classifier(self.dropout(self._standardised(moments)))  # type: ignore[no-any-return]

    def _standardised(self, moments: Tensor) -> Tensor:
        if len(moments) > 1:
            return self.standardise(moments)  # type: ignore[no-any-return]
        # One clip has no deviation of its own; what was seen before stands in for it.
        assert self.standardise.running_mean is not None
        assert self.standardise.running_var is not None
        spread = (self.standardise.running_var + self.standardise.eps).sqrt()
        return (moments - self.standardise.running_mean) / spread
