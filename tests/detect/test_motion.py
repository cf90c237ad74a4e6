from __future__ import annotations

import numpy as np
import pytest

from vidclf.detect import Detection, MotionDetector
from vidclf.types import UInt8Array

DETECT = MotionDetector().detect


def place(height: int = 240, width: int = 320, *, count: int = 8, noise: float = 3.0) -> UInt8Array:
    """Noisy frames of a place where nothing moves."""
    rng = np.random.default_rng(0)
    still = rng.integers(40, 160, (height // 20, width // 20, 3)).repeat(20, axis=0).repeat(20, axis=1)
    frames = still[None] + rng.normal(0, noise, (count, height, width, 3))
    return np.clip(frames, 0, 255).astype(np.uint8)


def covers(detection: Detection, box: tuple[float, float, float, float], *, within: float) -> bool:
    return bool(np.abs(np.array(detection.box) - box).max() <= within)


def test_what_moves_is_boxed_where_it_is() -> None:
    frames = place()
    lefts = [20 + 30 * number for number in range(len(frames))]
    for frame, left in zip(frames, lefts, strict=True):
        frame[100:180, left : left + 40] = 250
    for found, left in zip(DETECT(frames), lefts, strict=True):
        assert len(found) == 1
        assert covers(found[0], (left, 100, left + 40, 180), within=6)
        assert found[0].label == "motion"
        assert 0.5 < found[0].score <= 1


@pytest.mark.parametrize("scale", [1, 3])
def test_the_larger_of_two_comes_first_in_pixels_of_the_frame(scale: int) -> None:
    frames = place(240 * scale, 320 * scale, noise=1)
    for number, frame in enumerate(frames[::2]):
        frame[20 * scale : 60 * scale, 20 * scale : 50 * scale] = 255 - number
        frame[140 * scale : 230 * scale, 220 * scale : 300 * scale] = 255 - number
    found = DETECT(frames)[0]
    assert [covers(found[0], tuple(scale * np.array([220, 140, 300, 230])), within=6 * scale), len(found)] == [
        True,
        2,
    ]
    assert covers(found[1], tuple(scale * np.array([20, 20, 50, 60])), within=6 * scale)


def test_a_still_place_a_change_of_light_and_a_single_frame_show_no_motion() -> None:
    frames = place(noise=4)
    assert DETECT(frames) == [[]] * len(frames)
    brighter = frames.copy()
    brighter[4:] = np.clip(brighter[4:].astype(int) + 30, 0, 255)
    assert DETECT(brighter) == [[]] * len(frames)
    assert DETECT(frames[:1]) == [[]]


def test_frames_that_are_not_asked_about_are_compared_with() -> None:
    frames = place()
    frames[-1, 100:180, 60:100] = 250
    assert DETECT(frames, first=6) == DETECT(frames)[6:]
    assert DETECT(frames, first=7)[0]
