"""Which clips show the same moments: a stretch that two of them share, at any lag, in any encoding.

Frames whose hashes agree in a whole band vote for a pair of clips and the lag between them. A pair with votes is
then compared over all the time that both would cover if they were cuts of one recording: there they must agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np

from vidclf.data.check.fingerprint import (
    BAND_BITS,
    BANDS,
    CHANGE_SECONDS,
    Fingerprint,
    UInt64Array,
    distances,
)
from vidclf.types import Float64Array, IntArray
from vidclf.video.sampling import CLOCK_ERROR_SECONDS

# A shorter stretch is not looked for: two clips cut back to back share a frame or two.
_LEAST_SECONDS = 0.3
_LEAST_FRAMES = 4
_LEAST_VOTES = 2
# Mean share of differing bits. Of re-encoded surveillance clips (half the size or rate, crf 26 to 33) 58 of 60 kept
# below 0.16; unrelated motion has about 0.5, and one person's same gesture before one camera had 0.21 and more.
_MOST_DISTANCE = 0.18
# A band that so many frames have (a flash, a shake of the camera) is nothing by which to know a moment.
_CROWD = 32
_LAG_SECONDS = 0.1


@dataclass(frozen=True)
class Match:
    """Two clips that show the same moments.

    Attributes:
        first: number of one clip.
        second: number of the other, above `first`.
        lag_seconds: what the second shows at time t, the first shows at t + lag.
        seconds: how much they share.
        shares: the part of each clip that this is, from 0 to 1.
    """

    first: int
    second: int
    lag_seconds: float
    seconds: float
    shares: tuple[float, float]


def find_matches(clips: Sequence[Fingerprint]) -> list[Match]:
    """All pairs of clips that share a stretch with motion in it, of at least 0.3 seconds."""
    found = (_compared(clips, first, second, lag) for first, second, lag in _candidates(clips))
    return [match for match in found if match is not None]


def _candidates(clips: Sequence[Fingerprint]) -> Iterator[tuple[int, int, float]]:
    """Pairs of clips with votes, and the lag that has the most."""
    if not clips:
        return
    owners = np.concatenate([np.full(int(clip.moving.sum()), number) for number, clip in enumerate(clips)])
    times = np.concatenate([clip.pts_seconds[clip.moving] for clip in clips])
    hashes = np.concatenate([clip.hashes[clip.moving] for clip in clips])
    votes = [_votes(owners, times, one, other) for one, other in _agreeing(hashes)]
    if not votes:
        return
    pairs = np.concatenate([pair for pair, _ in votes])
    lags = np.concatenate([lag for _, lag in votes])
    keys = np.column_stack([pairs, np.floor(lags / _LAG_SECONDS).astype(np.int64)])
    order = np.lexsort(keys.T[::-1])
    pairs, lags, keys = pairs[order], lags[order], keys[order]
    starts = np.flatnonzero(np.any(np.diff(keys, axis=0, prepend=keys[:1] - 1), axis=1))
    counts = np.diff(np.append(starts, len(keys)))
    best: dict[tuple[int, int], tuple[int, int]] = {}
    for start, votes_here in zip(starts.tolist(), counts.tolist(), strict=True):
        pair = (int(pairs[start, 0]), int(pairs[start, 1]))
        if votes_here >= _LEAST_VOTES:
            best[pair] = max(best.get(pair, (0, 0)), (votes_here, start))
    for (first, second), (votes_here, start) in best.items():
        yield first, second, float(np.median(lags[start : start + votes_here]))


def _agreeing(hashes: UInt64Array) -> Iterator[tuple[IntArray, IntArray]]:
    """Numbers of frames, pair by pair, whose hashes have a band in common."""
    mask = np.uint64(2**BAND_BITS - 1)
    for band in range(BANDS):
        keys = (hashes >> np.uint64(band * BAND_BITS)) & mask
        _, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
        telling = np.flatnonzero(counts[inverse] <= _CROWD)
        order = telling[np.argsort(keys[telling], kind="stable")]
        ordered = keys[order]
        for step in count(1):
            same = ordered[step:] == ordered[:-step]
            if not same.any():
                break
            yield order[:-step][same], order[step:][same]


def _votes(owners: IntArray, times: Float64Array, one: IntArray, other: IntArray) -> tuple[IntArray, Float64Array]:
    """Pairs of clips (V, 2), the lower number first, and lags (V,), of frames of different clips."""
    # Sorted by a stable sort, so `one` comes before `other`, and clips are numbered in that order.
    apart = owners[one] != owners[other]
    one, other = one[apart], other[apart]
    return np.column_stack([owners[one], owners[other]]), times[one] - times[other]


def _compared(clips: Sequence[Fingerprint], first: int, second: int, lag_seconds: float) -> Match | None:
    """Compare two clips over all the time that both would cover."""
    one, other = clips[first], clips[second]
    start = max(one.pts_seconds[0], other.pts_seconds[0] + lag_seconds)
    end = min(one.pts_seconds[-1], other.pts_seconds[-1] + lag_seconds)
    # Frame by frame of the slower clip: the faster one has a frame near each.
    if one.interval >= other.interval:
        agrees = _agree(one, other, start, end, lag_seconds)
    else:
        agrees = _agree(other, one, start - lag_seconds, end - lag_seconds, -lag_seconds)
    if not agrees:
        return None
    seconds = min(float(end - start) + max(one.interval, other.interval), one.seconds, other.seconds)
    return Match(first, second, lag_seconds, seconds, (seconds / one.seconds, seconds / other.seconds))


def _agree(slow: Fingerprint, fast: Fingerprint, start: float, end: float, lag_seconds: float) -> bool:
    """Whether there is motion from `start` to `end`, by the clock of `slow`, and the same in both."""
    # The first frames of a clip have nothing before them to have changed since.
    within = (slow.pts_seconds >= start + CHANGE_SECONDS) & (slow.pts_seconds <= end + CLOCK_ERROR_SECONDS)
    mine = np.flatnonzero(within)
    theirs = _nearest(fast.pts_seconds, slow.pts_seconds[mine] - lag_seconds)
    moving = slow.moving[mine] | fast.moving[theirs]
    if moving.sum() < _LEAST_FRAMES or moving.sum() * slow.interval < _LEAST_SECONDS:
        return False
    distance = distances(slow.hashes[mine], fast.hashes[theirs])[moving].mean()
    return bool(distance <= _MOST_DISTANCE)


def _nearest(pts_seconds: Float64Array, instants: Float64Array) -> IntArray:
    """Number of the frame whose time is nearest to each instant, int64 (T,)."""
    after = np.clip(np.searchsorted(pts_seconds, instants), 1, len(pts_seconds) - 1)
    return after - (instants - pts_seconds[after - 1] < pts_seconds[after] - instants)
