"""From the timestamps that a source carries to the times of a clip."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from vidclf.types import Float64Array
from vidclf.video.sampling import typical_interval

# H.264 and HEVC, the deepest of all, put at most 16 frames out of order.
_REORDER_FRAMES = 16


def repaired(raw_seconds: Sequence[float | None], nominal_interval: float) -> Float64Array:
    """Times of frames in presentation order, float64 (N,), where timestamps are missing or out of order.

    Missing ones continue at the frame interval. A step back of no more than a decoder's reordering depth means
    that timestamps came in coding order (AVI with packed B-frames): they are sorted. Longer steps back stay.

    Args:
        raw_seconds: time of each frame as the source has it, None where there is none.
        nominal_interval: seconds between frames where the source has too few timestamps to tell.
    """
    times = _filled(raw_seconds, nominal_interval)
    return np.concatenate([np.sort(part) for part in _parts(times, nominal_interval)])


def ascending(pts_seconds: Float64Array, nominal_interval: float) -> Float64Array:
    """Repaired times that never decrease.

    A long step back means that another recording was joined on: it and all that follows move on, so that it
    starts one frame interval after the part before it.
    """
    parts = _parts(pts_seconds, nominal_interval)
    interval = _interval(pts_seconds, nominal_interval)
    for before, part in pairwise(parts):
        part += before[-1] + interval - part[0]
    # Adding to times of very different size may round a first one below its neighbour.
    return np.maximum.accumulate(np.concatenate(parts))


def _filled(raw_seconds: Sequence[float | None], nominal_interval: float) -> Float64Array:
    times = np.array([np.nan if value is None else value for value in raw_seconds], dtype=np.float64)
    known = np.flatnonzero(~np.isnan(times))
    if len(known) == len(times):
        return times
    if len(known) == 0:
        return np.arange(len(times), dtype=np.float64) * nominal_interval
    # Each missing time continues from the known one before it; those before the first one count back from it.
    anchor = known[np.maximum(np.searchsorted(known, np.arange(len(times)), side="right") - 1, 0)]
    steps = (np.arange(len(times)) - anchor).astype(np.float64)
    return times[anchor] + steps * _interval(times[known], nominal_interval)


def _parts(times: Float64Array, nominal_interval: float) -> list[Float64Array]:
    """Copies of the stretches between long steps back."""
    reach = _REORDER_FRAMES * _interval(times, nominal_interval)
    return [part.copy() for part in np.split(times, np.flatnonzero(np.diff(times) < -reach) + 1)]


def _interval(times: Float64Array, nominal_interval: float) -> float:
    return typical_interval(np.sort(times)) or nominal_interval
