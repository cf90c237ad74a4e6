"""N-way K-shot episodes: K examples of each of N identities, and of each one more clip that asks which it is.

The task of Vinyals et al., Matching Networks, NeurIPS 2016, drawn as Lake et al., Science 350 (2015), draw theirs:
the identities of an episode may be held to one group (an alphabet), and who made the examples (a drawer, a performer)
makes none of the clips that ask.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vidclf.metrics.bootstrap import bootstrap_interval
from vidclf.types import BoolArray, Float32Array, IntArray

_AT_ONCE = 256

# The rows of one identity, by who made them.
_Made = Mapping[str, Sequence[int]]


@dataclass(frozen=True, eq=False)
class Episodes:
    """Rows of the clips that episodes are made of.

    Attributes:
        support: int64 (E, N, K), the examples.
        query: int64 (E, N), the clips that ask; the n-th is of the identity of the n-th examples.
    """

    support: IntArray
    query: IntArray


@dataclass(frozen=True, eq=False)
class EpisodeScores:
    """What episodes came to.

    Attributes:
        right: bool (E, N), which clips were given to their own identity.
        loss: mean cross-entropy of the scaled cosines, in nats.
    """

    right: BoolArray
    loss: float

    @property
    def accuracy(self) -> float:
        """Share of the clips that were given to their own identity, 0 to 1."""
        return float(self.right.mean())

    def interval(self, seed: int = 0) -> tuple[float, float]:
        """95 % bootstrap interval of the accuracy, over whole episodes."""
        shares = self.right.mean(axis=1)
        found = bootstrap_interval(lambda drawn: drawn @ shares / drawn.sum(axis=1), len(shares), seed=seed)
        return found.low, found.high


def draw_episodes(
    labels: Sequence[str],
    *,
    groups: Sequence[str] | None = None,
    makers: Sequence[str] | None = None,
    ways: int,
    shots: int,
    count: int,
    seed: int,
) -> Episodes:
    """Draw episodes.

    Args:
        labels: the identity of each clip.
        groups: the group of each clip; an episode is held to one of them. None: identities of any group.
        makers: who made each clip. Those of the examples make none that ask; with one shot, one made all examples as
            far as there are some of every identity by one. None: any clips.
        ways: N, identities of an episode.
        shots: K, examples of each.
        count: E, how many episodes.
        seed: one seed is always the same episodes.

    Raises:
        ValueError: the clips do not allow a single one.
    """
    pools = _pools(labels, groups, makers)
    rng = np.random.default_rng(seed)
    drawn: list[list[list[int]]] = []
    while len(drawn) < count:
        if not pools:
            made_by = "" if makers is None else ", made by someone else than the one that asks"
            raise ValueError(
                f"{ways}-way {shots}-shot episodes need {ways} identities{'' if groups is None else ' of one group'} "
                f"with {shots + 1} clips each{made_by}"
            )
        place = int(rng.integers(len(pools)))
        episode = _episode(rng, pools[place], ways, shots, apart=makers is not None)
        if episode is None:
            del pools[place]  # it has too few
        else:
            drawn.append(episode)
    rows = np.array(drawn)  # (E, N, K + 1)
    return Episodes(rows[..., :shots], rows[..., shots])


def score_episodes(vectors: Float32Array, episodes: Episodes, *, scale: float = 10.0) -> EpisodeScores:
    """Give each clip that asks to the identity whose mean example is nearest; each is answered by itself.

    Args:
        vectors: (M, D) of length one.
        episodes: rows of `vectors`.
        scale: the cosines are multiplied with, for the loss.
    """
    right, losses = [], []
    for first in range(0, len(episodes.query), _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        prototypes = vectors[episodes.support[part]].mean(axis=2)  # (E, N, D)
        prototypes /= np.maximum(np.linalg.norm(prototypes, axis=-1, keepdims=True), 1e-12)
        cosines = vectors[episodes.query[part]] @ prototypes.transpose(0, 2, 1)  # (E, N, N)
        logits = scale * cosines.astype(np.float64)
        own = np.diagonal(logits, axis1=1, axis2=2)  # (E, N)
        most = logits.max(axis=-1)
        losses.append(most + np.log(np.exp(logits - most[..., None]).sum(axis=-1)) - own)
        # Where all vectors are the same, nobody is recognised.
        right.append((logits >= own[..., None]).sum(axis=-1) == 1)
    return EpisodeScores(np.concatenate(right), float(np.concatenate(losses).mean()))


def _pools(labels: Sequence[str], groups: Sequence[str] | None, makers: Sequence[str] | None) -> list[list[_Made]]:
    """The identities of each group; all in one where groups play no part."""
    pools: dict[str, dict[str, dict[str, list[int]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for row, label in enumerate(labels):
        pools[groups[row] if groups else ""][label][makers[row] if makers else ""].append(row)
    return [list(pool.values()) for pool in pools.values()]


def _episode(
    rng: np.random.Generator, pool: Sequence[_Made], ways: int, shots: int, *, apart: bool
) -> list[list[int]] | None:
    """N rows of K examples and one that asks; None where the pool has too few."""
    if not apart:
        large = [made[""] for made in pool if len(made[""]) > shots]
        if len(large) < ways:
            return None
        return [rng.permutation(large[n])[: shots + 1].tolist() for n in rng.permutation(len(large))[:ways]]
    makers = rng.permutation(sorted({maker for made in pool for maker in made})).tolist()
    for asking in makers:
        fitting = [made for made in pool if asking in made and _count(made) - len(made[asking]) >= shots]
        if len(fitting) >= ways:
            others = [maker for maker in makers if maker != asking]
            chosen = [fitting[n] for n in rng.permutation(len(fitting))[:ways]]
            return [[*_first(rng, made, others, shots), int(rng.choice(made[asking]))] for made in chosen]
    return None


def _count(made: _Made) -> int:
    return sum(map(len, made.values()))


def _first(rng: np.random.Generator, made: _Made, makers: Sequence[str], count: int) -> list[int]:
    """So many rows, of one maker after the other, in any order within each."""
    found: list[int] = []
    for maker in makers:
        if len(found) < count and maker in made:
            found += rng.permutation(made[maker])[: count - len(found)].tolist()
    return found
