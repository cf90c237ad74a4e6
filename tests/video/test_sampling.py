"""Properties of sampling in time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidclf.types import Float64Array
from vidclf.video.sampling import (
    CLOCK_ERROR_SECONDS,
    at_rate,
    center_window,
    dense,
    earlier,
    jittered,
    uniform,
)

_intervals = st.lists(st.floats(0.0, 3.0, allow_subnormal=False), max_size=80)
_starts = st.floats(-10, 1e5)


@st.composite
def times(draw: st.DrawFn) -> Float64Array:
    return draw(_starts) + np.cumsum([0.0, *draw(_intervals)])


counts = st.integers(1, 40)
rates = st.floats(0.5, 240)


def regular(count: int, fps: float, start: float = 0.0) -> Float64Array:
    return start + np.arange(count) / fps


@given(times(), counts, rates, st.integers(0, 2**32 - 1))
def test_every_sampling_gives_ascending_frames_of_the_clip(
    pts: Float64Array, count: int, fps: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    for picked in (
        dense(pts),
        uniform(pts, count),
        jittered(pts, count, rng),
        center_window(pts, count, fps),
        at_rate(pts, fps, max_count=count),
    ):
        assert picked.indices.dtype == np.int64
        assert picked.valid.dtype == np.bool_
        assert picked.indices.shape == picked.valid.shape
        assert picked.indices.min() >= 0
        assert picked.indices.max() < len(pts)
        assert np.all(np.diff(picked.indices) >= 0)
        assert picked.valid[0]
        assert np.all(np.diff(picked.valid.astype(int)) <= 0)
        assert np.all(picked.indices[~picked.valid] == picked.indices[picked.valid][-1])


@given(times(), counts, st.integers(0, 2**32 - 1))
def test_segments_give_exactly_count_steps_and_pad_only_short_clips(pts: Float64Array, count: int, seed: int) -> None:
    for picked in (uniform(pts, count), jittered(pts, count, np.random.default_rng(seed))):
        assert len(picked) == count
        assert picked.valid.sum() == min(count, len(pts))
        if len(pts) <= count:
            assert picked.indices[: len(pts)].tolist() == list(range(len(pts)))


@given(st.integers(1, 300), st.integers(1, 40), st.floats(1, 240), st.floats(0, 1000))
def test_uniform_of_a_regular_clip_takes_the_middles_of_equal_parts(
    frames: int, count: int, fps: float, start: float
) -> None:
    picked = uniform(regular(frames, fps, start), count).indices
    if frames > count:
        middles = (np.arange(count) + 0.5) * frames / count
        # On the border of two frames the clock's error decides.
        assert np.all((picked == np.floor(middles)) | (np.abs(middles - np.round(middles)) < 0.3))


@given(st.integers(1, 120), counts, rates, st.integers(-64, 64))
def test_a_clip_that_starts_at_another_time_gives_the_same_frames(
    frames: int, count: int, fps: float, start: int
) -> None:
    pts = np.arange(frames) / 16  # exact values, so that moving them rounds nothing
    for picked, moved in (
        (uniform(pts, count), uniform(start + pts, count)),
        (center_window(pts, count, fps), center_window(start + pts, count, fps)),
        (at_rate(pts, fps, max_count=count), at_rate(start + pts, fps, max_count=count)),
    ):
        assert picked.indices.tolist() == moved.indices.tolist()
        assert picked.valid.tolist() == moved.valid.tolist()


@given(times(), counts, rates)
def test_a_window_is_never_longer_than_it_was_asked_to_be(pts: Float64Array, count: int, fps: float) -> None:
    picked = center_window(pts, count, fps)
    assert len(picked) == count
    shown = pts[picked.indices[picked.valid]]
    assert shown[-1] - shown[0] <= (count - 1) / fps + np.diff(pts, prepend=pts[0]).max() + CLOCK_ERROR_SECONDS + 1e-6


def test_uniform_goes_by_time_and_not_by_frame_number() -> None:
    pts = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 5.0, 9.0, 10.0])
    assert uniform(pts, 2).indices.tolist() == [4, 5]


@given(times(), st.integers(0, 2**32 - 1))
def test_jitter_depends_on_nothing_but_the_generator(pts: Float64Array, seed: int) -> None:
    first, second = (jittered(pts, 7, np.random.default_rng(seed)).indices for _ in range(2))
    assert first.tolist() == second.tolist()


def test_jitter_moves_within_its_segment() -> None:
    pts = regular(100, 25)
    draws = np.stack([jittered(pts, 10, np.random.default_rng(seed)).indices for seed in range(200)])
    # An instant within the clock's error of the next segment counts as there.
    assert np.all((draws >= 10 * np.arange(10)) & (draws <= 10 * np.arange(10) + 10))
    assert all(len(np.unique(draws[:, step])) > 5 for step in range(10))


@given(st.integers(1, 400), st.sampled_from([1, 10, 15, 20, 24, 24000 / 1001, 25, 29.97, 30, 50, 60, 120, 240]))
@pytest.mark.parametrize("decimals", [9, 3])
def test_a_clip_at_its_own_rate_gives_every_frame_once(decimals: int, frames: int, fps: float) -> None:
    pts = np.round(regular(frames, fps, 1.234), decimals)
    assert at_rate(pts, fps).indices.tolist() == list(range(frames))


@given(times(), rates, st.floats(0, 5))
def test_a_rate_never_shows_a_frame_before_its_time(pts: Float64Array, fps: float, offset: float) -> None:
    picked = at_rate(pts, fps, max_count=500, offset_seconds=offset).indices
    instants = pts[0] + offset + np.arange(len(picked)) / fps
    assert np.all(pts[picked] <= instants + CLOCK_ERROR_SECONDS + 1e-9)
    # And always the latest one that is due.
    following = np.minimum(picked + 1, len(pts) - 1)
    assert np.all((following == picked) | (pts[following] > instants))


def test_a_slow_source_repeats_and_a_fast_one_skips() -> None:
    assert at_rate(regular(3, 10), 20).indices.tolist() == [0, 0, 1, 1, 2, 2]
    assert at_rate(regular(6, 20), 10).indices.tolist() == [0, 2, 4]
    assert at_rate(regular(3, 10), 20).valid.all()


def test_a_rate_with_offset_and_count_starts_later_and_stops_early() -> None:
    assert at_rate(regular(10, 10), 10, max_count=3, offset_seconds=0.2).indices.tolist() == [2, 3, 4]


def test_the_centre_window_lies_in_the_middle() -> None:
    assert center_window(regular(40, 20), 10, 20).indices.tolist() == list(range(15, 25))
    assert center_window(regular(40, 20), 5, 10).indices.tolist() == [15, 17, 19, 21, 23]


def test_a_window_longer_than_the_clip_is_padded() -> None:
    picked = center_window(regular(4, 20), 6, 20)
    assert picked.indices.tolist() == [0, 1, 2, 3, 3, 3]
    assert picked.valid.tolist() == [True] * 4 + [False] * 2


@given(times(), st.floats(0.001, 5))
def test_earlier_frames_are_the_nearest_strictly_earlier_ones(pts: Float64Array, seconds: float) -> None:
    indices = np.arange(len(pts))
    found = earlier(pts, indices, seconds)
    assert found[0] == 0
    for index in indices[1:]:
        distances = np.abs(pts[:index] - (pts[index] - seconds))
        assert 0 <= found[index] < index
        assert abs(pts[found[index]] - (pts[index] - seconds)) <= distances.min() + 2 * CLOCK_ERROR_SECONDS


def test_of_two_frames_as_near_the_first_is_taken_whatever_the_rounding() -> None:
    pts = regular(60, 15)  # a tenth of a second is one and a half frames
    found = earlier(np.round(pts, 3), np.arange(2, 60), 0.1)
    assert found.tolist() == list(range(58))


def test_nonsense_is_refused_by_name() -> None:
    pts = regular(5, 25)
    with pytest.raises(ValueError, match="count"):
        uniform(pts, 0)
    with pytest.raises(ValueError, match="fps"):
        at_rate(pts, 0)
    with pytest.raises(ValueError, match="offset_seconds"):
        at_rate(pts, 1, offset_seconds=-1)
    with pytest.raises(ValueError, match="seconds"):
        earlier(pts, np.arange(2), 0)
    with pytest.raises(ValueError, match="pts_seconds"):
        dense(np.empty(0))
