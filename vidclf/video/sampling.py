"""Which frames of a clip to take: pure functions of the frames' times.

Every function takes `pts_seconds`, float64 (N,), ascending, N >= 1. A frame is shown from its own time until
the next frame's; the last one for the clip's typical interval (the median distance of two frames). Times come
from the source's timestamps, so a camera that drops frames or changes its rate does not bend time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vidclf.types import BoolArray, Float64Array, IntArray

# Containers such as Matroska round times to milliseconds, so the distance of two of them is off by as much.
# An instant this little before a frame's time counts as that frame's.
CLOCK_ERROR_SECONDS = 1e-3

# A last step that would start this close to the end of the clip, in steps, is not taken: without it a clip
# resampled at its own rate gains a frame whenever rounding makes its typical interval a little longer.
_END_SLACK_STEPS = 0.1


@dataclass(frozen=True, eq=False)
class Picked:
    """Frames chosen from a clip.

    Attributes:
        indices: int64 (T,), numbers of the frames, ascending; a frame may occur more than once.
        valid: bool (T,), false on padding, which repeats the last frame and stands at the end only.
    """

    indices: IntArray
    valid: BoolArray

    def __len__(self) -> int:
        return len(self.indices)


def typical_interval(pts_seconds: Float64Array) -> float:
    """Median distance of neighbouring frames in seconds, of those that differ; 0 where there is none."""
    steps = np.diff(pts_seconds)
    steps = steps[steps > 0]
    return float(np.median(steps)) if len(steps) else 0.0


def dense(pts_seconds: Float64Array) -> Picked:
    """Every frame once."""
    _check_times(pts_seconds)
    return _all_valid(np.arange(len(pts_seconds), dtype=np.int64))


def uniform(pts_seconds: Float64Array, count: int) -> Picked:
    """`count` frames spread evenly in time: the one shown at the middle of each of `count` equal segments.

    A clip of at most `count` frames gives each of them once, then padding.

    Args:
        pts_seconds: float64 (N,), ascending.
        count: number of steps T, at least 1.
    """
    return _one_per_segment(pts_seconds, count, np.full(max(count, 0), 0.5))


def jittered(pts_seconds: Float64Array, count: int, rng: np.random.Generator) -> Picked:
    """Like `uniform`, with a random instant in each segment: another choice at each epoch of training.

    After Wang et al., Temporal Segment Networks, ECCV 2016.

    Args:
        pts_seconds: float64 (N,), ascending.
        count: number of steps T, at least 1.
        rng: source of chance; the same state gives the same frames.
    """
    return _one_per_segment(pts_seconds, count, rng.random(max(count, 0)))


def center_window(pts_seconds: Float64Array, count: int, fps: float) -> Picked:
    """`count` steps at `fps` around the middle of the clip.

    A clip shorter than the window is taken from its start and padded.

    Args:
        pts_seconds: float64 (N,), ascending.
        count: number of steps T, at least 1.
        fps: steps per second, above 0.
    """
    _check_times(pts_seconds)
    _check_count(count)
    _check_fps(fps)
    span = _span(pts_seconds)
    steps = min(count, _steps_within(span, fps))
    start = pts_seconds[0] + max(0.0, (span - steps / fps) / 2)
    return _padded(_shown_at(pts_seconds, start + np.arange(steps) / fps), count)


def at_rate(
    pts_seconds: Float64Array, fps: float, max_count: int | None = None, offset_seconds: float = 0.0
) -> Picked:
    """The frame shown at first + offset + k / fps, through the whole clip (sample and hold).

    Causal: no step shows a frame later than its instant (but for the rounding of the container's clock, at
    most a millisecond). A source slower than `fps` shows a frame several times; these repeats are what a
    viewer saw at that instant and therefore valid, not padding.

    Args:
        pts_seconds: float64 (N,), ascending.
        fps: steps per second, above 0.
        max_count: take at most this many steps.
        offset_seconds: start this much after the first frame, at least 0; at least one step is taken.
    """
    _check_times(pts_seconds)
    _check_fps(fps)
    if offset_seconds < 0:
        raise ValueError(f"offset_seconds must be at least 0, not {offset_seconds}")
    steps = _steps_within(_span(pts_seconds) - offset_seconds, fps)
    if max_count is not None:
        _check_count(max_count)
        steps = min(steps, max_count)
    return _all_valid(_shown_at(pts_seconds, pts_seconds[0] + offset_seconds + np.arange(steps) / fps))


def earlier(pts_seconds: Float64Array, indices: IntArray, seconds: float) -> IntArray:
    """For each picked frame the strictly earlier one whose time is nearest to `seconds` before it.

    For motion over a set time: cameras differ in rate, so "the frame before" means nothing. Of two that are equally
    near, but for the rounding of the container's clock, it is the first.

    Args:
        pts_seconds: float64 (N,), ascending.
        indices: int64 (T,), numbers of frames.
        seconds: how far to look back, above 0.

    Returns:
        int64 (T,); the first frame has nothing before it and gives itself.
    """
    _check_times(pts_seconds)
    if not seconds > 0:
        raise ValueError(f"seconds must be above 0, not {seconds}")
    wanted = pts_seconds[indices] - seconds
    last_earlier = np.maximum(indices - 1, 0)
    after = np.minimum(np.searchsorted(pts_seconds, wanted), last_earlier)
    before = np.maximum(after - 1, 0)
    # At 15 frames a second two frames are equally near to a tenth of a second; rounding must not choose between them.
    nearer_before = wanted - pts_seconds[before] < pts_seconds[after] - wanted + 2 * CLOCK_ERROR_SECONDS
    return np.where(nearer_before, before, after).astype(np.int64)


def _one_per_segment(pts_seconds: Float64Array, count: int, position: Float64Array) -> Picked:
    """The frame shown at `position` (0 to 1, one value a segment) of each of `count` segments."""
    _check_times(pts_seconds)
    _check_count(count)
    if len(pts_seconds) <= count:
        return _padded(np.arange(len(pts_seconds), dtype=np.int64), count)
    instants = pts_seconds[0] + (np.arange(count) + position) * (_span(pts_seconds) / count)
    return _all_valid(_shown_at(pts_seconds, instants))


def _span(pts_seconds: Float64Array) -> float:
    return float(pts_seconds[-1] - pts_seconds[0]) + typical_interval(pts_seconds)


def _steps_within(span_seconds: float, fps: float) -> int:
    return max(1, int(np.ceil(span_seconds * fps - _END_SLACK_STEPS)))


def _shown_at(pts_seconds: Float64Array, instants: Float64Array) -> IntArray:
    """The latest frame whose time is not after each instant, int64 (T,)."""
    # At very high rates a millisecond would reach into the next frame.
    tolerance = min(CLOCK_ERROR_SECONDS, typical_interval(pts_seconds) / 4)
    shown = np.searchsorted(pts_seconds, instants + tolerance, side="right") - 1
    return np.maximum(shown, 0).astype(np.int64)


def _all_valid(indices: IntArray) -> Picked:
    return Picked(indices, np.ones(len(indices), dtype=np.bool_))


def _padded(indices: IntArray, count: int) -> Picked:
    padding = np.full(count - len(indices), indices[-1], dtype=np.int64)
    return Picked(np.concatenate([indices, padding]), np.arange(count) < len(indices))


def _check_times(pts_seconds: Float64Array) -> None:
    if pts_seconds.ndim != 1 or len(pts_seconds) == 0:
        raise ValueError(f"pts_seconds must have shape (N,) with N >= 1, not {pts_seconds.shape}")


def _check_count(count: int) -> None:
    if count < 1:
        raise ValueError(f"count must be at least 1, not {count}")


def _check_fps(fps: float) -> None:
    if not fps > 0:
        raise ValueError(f"fps must be above 0, not {fps}")
