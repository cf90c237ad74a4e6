"""How far a figure would move with other clips, or other people: the bootstrap.

Clips of one performer resemble each other, so resampling clips makes a figure look surer than it is.
Resampling whole groups (the cluster bootstrap) answers what new performers would do. It needs some ten groups
or more to be wide enough: with two or three, an interval that looks narrow says little.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from vidclf.types import Float64Array, IntArray

# Counts of one batch of resamples: (rows, clips) float64, some 32 MiB however many clips there are.
_BATCH_VALUES = 4_000_000


@dataclass(frozen=True)
class Interval:
    """A percentile bootstrap interval.

    Attributes:
        low: lower end, in the statistic's own unit.
        high: upper end.
        over: what was resampled, whole `groups` or single `clips`.
    """

    low: float
    high: float
    over: Literal["groups", "clips"]


def bootstrap_interval(
    statistic: Callable[[Float64Array], Float64Array],
    num_clips: int,
    *,
    groups: Sequence[str] | None = None,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Interval:
    """Percentile bootstrap interval of any statistic that can weight its clips.

    A resample is told to the statistic as how often each clip was drawn, so that many are computed at once.
    The interval of a mean is `bootstrap_interval(lambda drawn: drawn @ x / drawn.sum(axis=1), len(x))`.

    Args:
        statistic: takes float64 (R, N), how often each of N clips was drawn in each of R resamples, and gives
            float64 (R,); NaN where a resample leaves it undefined, which is then left out.
        num_clips: N, at least 1.
        groups: the group of each clip (N,); whole groups are drawn. Without groups, or with a single one,
            clips are drawn.
        confidence: share of the resamples that lie within, between 0 and 1.
        resamples: how many resamples to draw.
        seed: the same seed gives the same interval.

    Returns:
        The interval; both ends are NaN where no resample defines the statistic.

    Raises:
        ValueError: no clips, groups of another number than clips, or settings out of range.

    Source:
        Efron and Tibshirani, An Introduction to the Bootstrap, 1993, section 13.3 (percentile interval);
        groups as in Field and Welsh, Bootstrapping clustered data, JRSS B 69 (2007).
    """
    if num_clips < 1:
        raise ValueError(f"an interval needs at least one clip, not {num_clips}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, not {confidence}")
    if resamples < 1:
        raise ValueError(f"resamples must be at least 1, not {resamples}")
    unit_of_clip, over = _units(num_clips, groups)
    num_units = int(unit_of_clip.max()) + 1

    rng = np.random.default_rng(seed)
    batch = max(1, _BATCH_VALUES // num_clips)
    values = np.concatenate(
        [
            statistic(_draw(rng, min(batch, resamples - start), num_units)[:, unit_of_clip])
            for start in range(0, resamples, batch)
        ]
    )
    values = values[~np.isnan(values)]
    if values.size == 0:
        return Interval(float("nan"), float("nan"), over)
    tail = (1 - confidence) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return Interval(float(low), float(high), over)


def _units(num_clips: int, groups: Sequence[str] | None) -> tuple[IntArray, Literal["groups", "clips"]]:
    """Number what is drawn as a whole, for each clip: int64 (N,)."""
    if groups is None:
        return np.arange(num_clips), "clips"
    if len(groups) != num_clips:
        raise ValueError(f"{len(groups)} groups for {num_clips} clips: there must be one for each clip")
    names, unit_of_clip = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    if len(names) == 1:
        return np.arange(num_clips), "clips"
    return unit_of_clip.astype(np.int64), "groups"


def _draw(rng: np.random.Generator, rows: int, num_units: int) -> Float64Array:
    """How often each unit comes up in `num_units` draws with replacement: float64 (rows, num_units)."""
    drawn = rng.integers(num_units, size=(rows, num_units))
    in_own_row = drawn + num_units * np.arange(rows)[:, None]  # one bincount for all rows
    counts = np.bincount(in_own_row.ravel(), minlength=rows * num_units)
    return counts.reshape(rows, num_units).astype(np.float64)
