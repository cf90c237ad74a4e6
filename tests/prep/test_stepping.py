"""What a stream gives step by step is what the whole clip gives at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vidclf.detect import MotionDetector
from vidclf.errors import UsageError
from vidclf.prep import IMAGENET, LiveSteps, PersonCrop, Preprocessing
from vidclf.types import Clip, Frame

PREP = Preprocessing("rate", (24, 32), fps=10, motion="add", statistics="frame")


def a_clip(pts_seconds: np.ndarray) -> Clip:
    """Something bright that wanders over a still ground."""
    rng = np.random.default_rng(0)
    frames = np.repeat(rng.integers(40, 90, (1, 60, 80, 3), dtype=np.uint8), len(pts_seconds), axis=0)
    for frame, seconds in zip(frames, pts_seconds, strict=True):
        left, top = int(10 + 20 * seconds) % 60, int(20 + 12 * np.sin(3 * seconds))
        frame[top : top + 16, left : left + 16] = 220
    return Clip(frames, pts_seconds, np.ones(len(frames), dtype=np.bool_))


def times(fps: float, seconds: float = 4.0, *, dropped: float = 0.0) -> np.ndarray:
    pts_seconds = 100 + np.arange(round(fps * seconds)) / fps  # no stream begins at 0
    kept = np.random.default_rng(1).random(len(pts_seconds)) >= dropped
    kept[0] = True
    return pts_seconds[kept]


def stepped(prep: Preprocessing, clip: Clip) -> tuple[np.ndarray, np.ndarray]:
    """Times (T,) and inputs (T, C, h, w) of what a stream of the clip's frames gives."""
    live = LiveSteps(prep)
    steps = [
        step
        for number, (image, seconds) in enumerate(zip(clip.frames, clip.pts_seconds, strict=True))
        for step in live.push(Frame(image, float(seconds), number))
    ]
    return np.array([step.pts_seconds for step in steps]), np.stack([step.inputs for step in steps])


@pytest.mark.parametrize("dropped", [0.0, 0.3])
@pytest.mark.parametrize("fps", [8, 10, 15, 20, 29.97, 60])
@pytest.mark.parametrize(
    "prep",
    [
        PREP,
        replace(PREP, motion="only", motion_seconds=0.35),
        replace(PREP, motion="picture", statistics=IMAGENET, crop="center"),
        replace(PREP, motion="none", crop="causal", person=PersonCrop(MotionDetector())),
        replace(PREP, motion="only", crop="causal", person=PersonCrop(MotionDetector()), fps=7),
    ],
    ids=lambda prep: f"{prep.motion}-{prep.crop}",
)
def test_a_stream_gives_what_the_whole_clip_gives(prep: Preprocessing, fps: float, dropped: float) -> None:
    clip = a_clip(times(fps, dropped=dropped))
    whole = prep(clip)
    instants, inputs = stepped(prep, clip)
    # The last frame is shown for a while after it arrived; the stream cannot know for how long.
    assert len(whole) - 1 <= len(inputs) <= len(whole)
    np.testing.assert_array_equal(inputs, whole[: len(inputs)])
    np.testing.assert_allclose(np.diff(instants), 1 / prep.fps, atol=1e-9)


def test_memory_stays_flat() -> None:
    live = LiveSteps(PREP)
    image = np.zeros((6, 8, 3), dtype=np.uint8)
    for number in range(5000):
        for _ in live.push(Frame(image, number / 30, number)):
            pass
    assert len(live._recent) < 10


@pytest.mark.parametrize(
    ("prep", "said"),
    [
        (Preprocessing("uniform", (24, 32), frames=8, statistics="frame"), "prep.sampling=rate"),
        (replace(PREP, statistics="clip"), "prep.normalise=frame"),
        (replace(PREP, crop="clip", person=PersonCrop(MotionDetector())), "prep.crop=causal"),
    ],
)
def test_what_needs_the_whole_clip_is_refused(prep: Preprocessing, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        LiveSteps(prep)
