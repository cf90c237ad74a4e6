"""Which clips look alike."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from vidclf.types import Float32Array, Float64Array, IntArray

_DIMENSIONS = 30  # distances in many more say little
_RESTARTS = 10


@dataclass(frozen=True, eq=False)
class Clustering:
    """Clips divided into clusters, which are numbered from 1, the largest first.

    Attributes:
        numbers: int64 (N,), the cluster of each clip.
        distances: float64 (N,), how far each clip is from its cluster's centre; the nearest is the most typical.
    """

    numbers: IntArray
    distances: Float64Array

    @property
    def count(self) -> int:
        """How many clusters there are."""
        return int(self.numbers.max())

    def members(self, number: int) -> IntArray:
        """Positions of a cluster's clips, the most typical first."""
        inside = np.flatnonzero(self.numbers == number)
        return inside[np.argsort(self.distances[inside], kind="stable")]


def cluster_clips(features: Float32Array, count: int | None = None, *, seed: int = 0) -> Clustering:
    """Divide clips by k-means on the main components of their standardised features.

    Args:
        features: (N, D), one vector a clip, N at least 1.
        count: how many clusters; default: the square root of half the clips (Mardia et al., 1979).
        seed: of the starts that are tried.

    Returns:
        at most `count` clusters: fewer where clips cannot be told apart.
    """
    wanted = min(count or default_count(len(features)), len(features))
    standard = StandardScaler().fit_transform(features)
    if standard.any():  # else all clips are the same one, and there are no components
        standard = PCA(min(_DIMENSIONS, *features.shape), random_state=seed).fit_transform(standard)
    with warnings.catch_warnings():
        # Fewer distinct clips than clusters.
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = KMeans(wanted, n_init=_RESTARTS, random_state=seed).fit(standard)
    distances = np.linalg.norm(standard - found.cluster_centers_[found.labels_], axis=1)
    return Clustering(_largest_first(found.labels_), distances)


def default_count(clips: int) -> int:
    """How many clusters are looked for among so many clips, where nobody says."""
    return max(2, round(math.sqrt(clips / 2)))


def _largest_first(labels: IntArray) -> IntArray:
    kinds, sizes = np.unique(labels, return_counts=True)
    order = kinds[np.argsort(-sizes, kind="stable")]
    place = np.empty(order.max() + 1, dtype=np.int64)
    place[order] = np.arange(1, len(order) + 1)
    return place[labels]
