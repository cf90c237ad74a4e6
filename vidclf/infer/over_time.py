"""What a model says of a clip while it goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vidclf.models import ClipClassifier
from vidclf.types import Float64Array, Prediction

_PREFIXES_AT_ONCE = 32


@dataclass(frozen=True, eq=False)
class OverTime:
    """What a model says having seen a clip up to each of its steps.

    The steps, the crop and the normalisation are those of the whole clip; of its frames, nothing later than the step.

    Attributes:
        pts_seconds: float64 (T,), time of each step's frame.
        probabilities: float64 (T, K), each row sums to 1; the last one is of the whole clip.
        prediction: the same for the whole clip.
    """

    pts_seconds: Float64Array
    probabilities: Float64Array
    prediction: Prediction

    def of_class(self, label: str) -> Float64Array:
        """Probability (T,) of one class."""
        return self.probabilities[:, list(self.prediction.probabilities).index(label)]

    def to_json(self) -> dict[str, Any]:
        """Plain values: `seconds`, and `probabilities` by class."""
        return {
            "seconds": self.pts_seconds.tolist(),
            "probabilities": {label: self.of_class(label).tolist() for label in self.prediction.probabilities},
        }


def prefix_logits(network: ClipClassifier, frames: Tensor) -> Tensor:
    """Logits (T, K) of the first 1, 2, ... T steps of one clip, frames (1, T, C, h, w), each encoded once."""
    features = network.backbone(frames[0])  # (T, D)
    logits = []
    for lengths in torch.split(torch.arange(1, len(features) + 1, device=features.device), _PREFIXES_AT_ONCE):
        prefixes = features[: int(lengths[-1])].expand(len(lengths), -1, -1)  # (P, t, D)
        logits.append(network(prefixes, lengths))
    return torch.cat(logits)


def mean_of_members(parts: Sequence[OverTime], prediction: Prediction) -> OverTime:
    """The mean of what several models say of one clip, each of which may look at other instants.

    At each of these, a model says what it said last, or, before its first step, what it will say then.
    """
    pts_seconds = np.unique(np.concatenate([part.pts_seconds for part in parts]))  # (T,)
    latest = [np.searchsorted(part.pts_seconds, pts_seconds, side="right") - 1 for part in parts]
    said = [part.probabilities[np.maximum(steps, 0)] for part, steps in zip(parts, latest, strict=True)]
    mean: Float64Array = np.mean(said, axis=0)
    return OverTime(pts_seconds, mean, prediction)
