"""From frame numbers, in which annotation tools count, to seconds of the video's own clock."""

from __future__ import annotations

import numpy as np

from vidclf.types import Float64Array
from vidclf.video.sampling import typical_interval


def seconds_of(frame_times: Float64Array, first: int, stop: int) -> tuple[float, float]:
    """The window that holds the frames from number `first` up to, not including, `stop`.

    Args:
        frame_times: times of all frames, in seconds, float64 (N,), ascending.
        first: from 0, below N.
        stop: above `first`, at most N.

    Returns:
        start_seconds, the time of the first frame; and end_seconds, the time of the first one that does not
        belong, or one frame interval after the last where there is none. Both in whole microseconds, never above
        the frame's time, so that what is written as text still tells the same frames.
    """
    after = frame_times[-1] + (typical_interval(frame_times) or 1.0)
    boundaries = np.append(frame_times, after)
    return _down(boundaries[first]), _down(boundaries[stop])


def frames_within(frame_times: Float64Array, start_seconds: float, end_seconds: float) -> tuple[int, int] | None:
    """First and stop of the frames that lie nearest to a window; None where it begins after the last frame.

    For times that were computed with a rounded rate (29.97 for 30000/1001), which miss the frames' by little.
    """
    half = (typical_interval(frame_times) or 1.0) / 2
    first, stop = (int(np.searchsorted(frame_times, seconds - half)) for seconds in (start_seconds, end_seconds))
    return (first, max(stop, first + 1)) if first < len(frame_times) else None


def _down(seconds: float) -> float:
    rounded = round(seconds, 6)
    return float(rounded if rounded <= seconds else round(rounded - 1e-6, 6))
