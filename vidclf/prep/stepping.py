"""The same preprocessing while a stream goes on: frame by frame, looking back only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from vidclf.errors import UsageError
from vidclf.prep.crop import Square
from vidclf.prep.person import CausalCrop
from vidclf.prep.preprocessing import Prepared, Preprocessing
from vidclf.types import Float32Array, Frame, UInt8Array
from vidclf.video.sampling import CLOCK_ERROR_SECONDS, earlier


@dataclass(frozen=True, eq=False)
class Step:
    """One step of a network's input.

    Attributes:
        pts_seconds: the instant that it stands for; the frame shown then may be a little older.
        inputs: float32 (C, h, w).
    """

    pts_seconds: float
    inputs: Float32Array


@dataclass(eq=False)
class _Seen:
    """A frame of the stream; it is cut when it is first wanted."""

    frame: Frame
    square: Square | None
    cut: UInt8Array | None = None


class LiveSteps:
    """Gives the steps of a stream as its frames arrive: those that `Preprocessing` gives of the whole, one by one.

    A step stands for an instant of a regular grid that begins with the first frame, and shows the latest frame of
    that time, so cameras of any rate give steps at the rate of the training. A camera that skips an instant is known
    to have done so when its next frame arrives.

    Args:
        preprocessing: with the sampling `rate`, a crop other than `clip`, and statistics that are not of the clip.

    Raises:
        UsageError: it needs the whole clip.
    """

    def __init__(self, preprocessing: Preprocessing) -> None:
        if reasons := needs_whole_clips(preprocessing):
            raise UsageError(f"This model cannot run live: {'; '.join(reasons)}.")
        assert preprocessing.fps is not None
        self.preprocessing = preprocessing
        self._fps = preprocessing.fps
        self._crop = None if preprocessing.person is None else CausalCrop(preprocessing.person)
        self._recent: list[_Seen] = []
        self._first_seconds = 0.0
        self._steps = 0

    def push(self, frame: Frame) -> Iterator[Step]:
        """Take the next frame: the steps that are known with it, which may be none or several.

        Args:
            frame: its time must be later than that of the frame before.
        """
        if not self._recent:
            self._first_seconds = frame.pts_seconds
        square = None if self._crop is None else self._crop.step(frame.image, frame.pts_seconds)
        self._recent.append(_Seen(frame, square))
        while (instant := self._instant) <= frame.pts_seconds + CLOCK_ERROR_SECONDS:
            is_shown = frame.pts_seconds <= instant + CLOCK_ERROR_SECONDS
            self._steps += 1
            yield Step(instant, self._inputs(len(self._recent) - (1 if is_shown else 2)))
        self._forget()

    @property
    def _instant(self) -> float:
        return self._first_seconds + self._steps / self._fps

    def _inputs(self, now: int) -> Float32Array:
        """The input (C, h, w) of the step that shows a recent frame."""
        prep = self.preprocessing
        before = now
        if prep.motion != "none":
            times = np.array([seen.frame.pts_seconds for seen in self._recent])
            before = int(earlier(times, np.array([now]), prep.motion_seconds)[0])
        frames = np.stack([self._cut(self._recent[before]), self._cut(self._recent[now])])
        times = np.array([self._recent[place].frame.pts_seconds for place in (before, now)])
        inputs: Float32Array = prep.tensor(Prepared(frames, np.array([1]), np.array([0]), times))[0]
        return inputs

    def _cut(self, seen: _Seen) -> UInt8Array:
        if seen.cut is None:
            seen.cut = self.preprocessing.cut(seen.frame.image[None], [seen.square])[0]
        return seen.cut

    def _forget(self) -> None:
        """Drop frames that no later step can want: all but the latest, and what its motion is measured against."""
        latest = self._recent[-1].frame.pts_seconds
        reach = self.preprocessing.motion_seconds if self.preprocessing.motion != "none" else 0.0
        # The next step may show the frame before the latest; its motion wants one at or before that distance.
        oldest = (self._recent[-2].frame.pts_seconds if len(self._recent) > 1 else latest) - reach
        while len(self._recent) > 2 and self._recent[1].frame.pts_seconds <= oldest - CLOCK_ERROR_SECONDS:
            del self._recent[0]


def needs_whole_clips(preprocessing: Preprocessing) -> list[str]:
    """Why a preprocessing cannot run live, with what to train with in its place; none where it can."""
    reasons = []
    if preprocessing.sampling != "rate":
        reasons.append(
            f"its steps are spread over the whole clip (prep.sampling={preprocessing.sampling}); train with "
            "prep.sampling=rate and prep.fps"
        )
    if preprocessing.crop == "clip":
        reasons.append("its crop looks at the whole clip (prep.crop=clip); train with prep.crop=causal")
    if preprocessing.statistics == "clip":
        reasons.append("it normalises by the whole clip (prep.normalise=clip); train with prep.normalise=frame")
    return reasons
