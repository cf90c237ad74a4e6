"""Whether two are the same: scores of similarities between pairs, at every threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from sklearn.metrics import roc_curve

from vidclf.metrics.bootstrap import Interval, bootstrap_interval
from vidclf.types import BoolArray, Float32Array, Float64Array, IntArray


@dataclass(frozen=True, eq=False)
class Roc:
    """What thresholds do: a pair whose similarity reaches one is taken for the same.

    Attributes:
        thresholds: float64 (K,), descending; the first is reached by no pair.
        far: float64 (K,), false accept rate: share of the pairs of different ones that reach it.
        tar: float64 (K,), true accept rate: share of the pairs of the same that reach it.
        num_different: pairs of different ones.
    """

    thresholds: Float64Array
    far: Float64Array
    tar: Float64Array
    num_different: int

    @property
    def auc(self) -> float:
        """Area under the curve of `tar` over `far`; also how often a pair of the same is the more similar one."""
        return float(np.trapezoid(self.tar, self.far))

    @property
    def eer(self) -> float:
        """Equal error rate: where as large a share of the same is refused as of different ones is accepted."""
        place = self._equal()
        return float(1 - self.tar[place] + self.far[place]) / 2

    @property
    def eer_threshold(self) -> float:
        """The middle of the thresholds at which that is so: between two pairs, all decide alike."""
        place = self._equal()
        return float(self.thresholds[place : place + 2].mean())

    def tar_at(self, far: float) -> float | None:
        """The true accept rate at the lowest threshold whose `far` is no higher; None where the pairs are too few."""
        if far * self.num_different < 1:
            return None
        return float(self.tar[np.flatnonzero(self.far <= far)[-1]])

    def _equal(self) -> int:
        # Not the first, which no pair reaches.
        return 1 + int(np.argmin(np.abs(1 - self.tar[1:] - self.far[1:])))


@dataclass(frozen=True)
class Retrieval:
    """How well vectors find their own among all others.

    Attributes:
        recall_at: by k, share of the vectors with one of their own identity among the k nearest.
        map_at_r: mean average precision at R, where R is how many others there are of the identity.
        num_queries: vectors of identities that have others.
    """

    recall_at: dict[int, float]
    map_at_r: float
    num_queries: int


def roc(similarities: Float32Array | Float64Array, same: BoolArray) -> Roc:
    """The ROC of pairs.

    Args:
        similarities: (P,), the higher the more alike.
        same: bool (P,), both kinds must occur.

    Raises:
        ValueError: all pairs are of one kind.
    """
    if same.all() or not same.any():
        raise ValueError("pairs of the same and pairs of different ones are needed")
    far, tar, thresholds = roc_curve(same, similarities, drop_intermediate=False)
    return Roc(thresholds.astype(np.float64), far, tar, int((~same).sum()))


def pair_interval(right: BoolArray, first: IntArray, second: IntArray, *, seed: int = 0) -> Interval:
    """95 % bootstrap interval of the share of pairs that are decided rightly, over identities.

    Pairs with one identity in common are no independent draws, so identities are drawn; a pair counts as often as
    both of its identities were drawn, a pair within an identity as often as that one.

    Args:
        right: bool (P,).
        first: int (P,), identity of the one of each pair, numbered from 0.
        second: int (P,), of the other.
        seed: the same seed gives the same interval.

    Source:
        Bolle, Ratha and Pankanti, Error analysis of pattern recognition systems - the subsets bootstrap,
        Computer Vision and Image Understanding 93 (2004).
    """
    count = int(max(first.max(), second.max())) + 1
    within = first == second

    def number_of(pairs: BoolArray) -> tuple[coo_array, Float64Array]:
        """Pairs between identities (I, I), and within each (I,)."""
        between = pairs & ~within
        values = np.ones(int(between.sum()))
        table = coo_array((values, (first[between], second[between])), shape=(count, count)).tocsr()
        return table, np.bincount(first[pairs & within], minlength=count).astype(np.float64)

    rights, everything = number_of(right), number_of(np.ones_like(right))

    def share(drawn: Float64Array) -> Float64Array:
        def weight(table: coo_array, inner: Float64Array) -> Float64Array:
            total: Float64Array = ((drawn @ table) * drawn).sum(axis=1) + drawn @ inner
            return total

        with np.errstate(invalid="ignore"):  # no pair of the identities that were drawn: left out
            return weight(*rights) / weight(*everything)

    return bootstrap_interval(share, count, seed=seed)


def threshold_at_fpir(strangers: Float32Array | Float64Array, rate: float) -> float:
    """The lowest threshold that no more than a share `rate` of strangers reach.

    FPIR, the false positive identification rate, is the share of strangers that are given somebody's name (Grother,
    Ngan and Hanaoka, Face Recognition Vendor Test, NISTIR 8271, 2019).

    Args:
        strangers: (S,), of each stranger the similarity to whom it is most like; at least one.
        rate: between 0 and 1.
    """
    ascending = np.sort(strangers)
    allowed = int(rate * len(ascending))
    if allowed == len(ascending):
        return float(ascending[0])
    # In the strangers' own precision: rounded, the threshold could fall back onto the similarity it must exceed.
    return float(np.nextafter(ascending[-1 - allowed], ascending.dtype.type(np.inf)))


def retrieval(vectors: Float32Array, identities: IntArray, *, ks: tuple[int, ...] = (1, 5, 10)) -> Retrieval | None:
    """Let each vector look for its own among all others, by cosine.

    Args:
        vectors: float32 (N, D), each of length one.
        identities: int (N,).
        ks: of which k the recall is given.

    Returns:
        None where every identity has one vector.

    Source:
        Musgrave, Belongie and Lim, A metric learning reality check, ECCV 2020 (MAP@R).
    """
    counts = np.bincount(identities) - 1  # others of each identity
    queries = np.flatnonzero(counts[identities] > 0)
    if not len(queries):
        return None
    deepest = min(len(vectors) - 1, max(*ks, int(counts.max())))
    hits = np.array([_ranked_hits(vectors, identities, query, deepest) for query in queries.tolist()])  # (Q, deepest)
    wanted = counts[identities[queries]]  # (Q,)
    ranks = np.arange(1, deepest + 1)
    precision = hits.cumsum(axis=1) / ranks
    counted = hits & (ranks <= wanted[:, None])
    return Retrieval(
        recall_at={k: float(hits[:, :k].any(axis=1).mean()) for k in ks},
        map_at_r=float(((precision * counted).sum(axis=1) / wanted).mean()),
        num_queries=len(queries),
    )


def _ranked_hits(vectors: Float32Array, identities: IntArray, query: int, depth: int) -> BoolArray:
    """Of the vectors nearest to one, from the nearest on, which are of its identity: bool (depth,)."""
    similarities = vectors @ vectors[query]
    similarities[query] = -np.inf
    nearest = np.argpartition(-similarities, depth - 1)[:depth]
    ranked = nearest[np.argsort(-similarities[nearest], kind="stable")]
    hits: BoolArray = identities[ranked] == identities[query]
    return hits
