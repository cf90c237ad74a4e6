"""Whether probabilities mean what they say, and the one number that brings them nearer to it.

Source: Guo et al., On calibration of modern neural networks, ICML 2017.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from vidclf.types import Float64Array, IntArray

_BINS = 15
_LEAST_TEMPERATURE, _LARGEST_TEMPERATURE = 0.05, 20.0


@dataclass(frozen=True)
class ReliabilityBin:
    """The clips whose largest probability lies above `low` and not above `high`.

    Attributes:
        low: lower end.
        high: upper end.
        confidence: mean of the largest probabilities.
        accuracy: share of the clips that are of the class so predicted.
        clips: how many there are, at least one.
    """

    low: float
    high: float
    confidence: float
    accuracy: float
    clips: int


@dataclass(frozen=True)
class Reliability:
    """How sure a classifier is against how often it is right.

    Attributes:
        bins: those that hold a clip, from the least to the most sure.
    """

    bins: tuple[ReliabilityBin, ...]

    @property
    def ece(self) -> float:
        """Expected calibration error, 0 to 1: the mean over clips of their bin's gap between the two."""
        gaps = sum(row.clips * abs(row.accuracy - row.confidence) for row in self.bins)
        return gaps / sum(row.clips for row in self.bins)


def reliability(probabilities: Float64Array, labels: IntArray, *, bins: int = _BINS) -> Reliability:
    """Sort clips into bins of equal width by their largest probability.

    Args:
        probabilities: (N, K), N at least 1; rows sum to 1.
        labels: (N,), the true classes as columns.
        bins: how many there are between 0 and 1.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    edges = np.linspace(0, 1, bins + 1)
    number = np.digitize(confidence, edges[1:-1], right=True)  # (N,)
    rows = []
    for bin_ in np.unique(number).tolist():
        inside = number == bin_
        rows.append(
            ReliabilityBin(
                low=float(edges[bin_]),
                high=float(edges[bin_ + 1]),
                confidence=float(confidence[inside].mean()),
                accuracy=float(right[inside].mean()),
                clips=int(inside.sum()),
            )
        )
    return Reliability(tuple(rows))


def fit_temperature(probabilities: Float64Array, labels: IntArray) -> float | None:
    """The temperature T with which `tempered` makes held-out clips most likely.

    Args:
        probabilities: (N, K) of clips that the model was not trained on.
        labels: (N,), the true classes as columns.

    Returns:
        T between 0.05 and 20, or None where the clips do not tell: each is right, so that they become ever more
        likely the smaller T is, or the model is no better than chance.
    """
    logits = np.log(np.maximum(probabilities, np.finfo(np.float64).tiny))
    logits -= logits.max(axis=1, keepdims=True)
    of_truth = logits[np.arange(len(labels)), labels]

    def slope(sharpness: float) -> float:
        """Of the mean negative log likelihood by 1 / T; it only grows, since that likelihood is convex in 1 / T."""
        shares = np.exp(sharpness * logits)
        shares /= shares.sum(axis=1, keepdims=True)
        return float(((shares * logits).sum(axis=1) - of_truth).mean())

    flattest, sharpest = 1 / _LARGEST_TEMPERATURE, 1 / _LEAST_TEMPERATURE
    if slope(flattest) >= 0 or slope(sharpest) <= 0:
        return None
    return float(1 / brentq(slope, flattest, sharpest))


def tempered(probabilities: Float64Array, temperature: float) -> Float64Array:
    """Probabilities (N, K) at another temperature: flatter above 1, sharper below, in the same order.

    The same as dividing the logits by it, so that it also serves where these are not at hand, as after a mean.
    """
    powers = probabilities ** (1 / temperature)
    scaled: Float64Array = powers / powers.sum(axis=1, keepdims=True)
    return scaled
