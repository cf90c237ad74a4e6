"""The one preprocessing: a time grid, a crop, the one resize, motion channels, normalisation.

It runs in three steps, so that each caller can stop where it needs to and none does another's work again:

    plan(pts_seconds)       which frames are wanted                (T,) steps
    prepare(clip, plan)     those frames, cropped and resized      uint8   (N, h, w, 3)
    tensor(prepared)        motion channels and normalisation      float32 (T, C, h, w)

Training changes pictures between the last two; everything else calls the three in a row. No torch, so that an
exported model can carry this source with it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any, Literal, Self

import numpy as np

from vidclf.prep.channels import HALF, Own, Statistics, difference, grey, motion_pictures, normalised
from vidclf.prep.crop import Square, center_crop, centred_square, cut_squares
from vidclf.prep.person import PersonCrop, causal_looks, clip_looks
from vidclf.types import Clip, Float32Array, Float64Array, IntArray, UInt8Array
from vidclf.video.resize import resize_frames
from vidclf.video.sampling import Picked, at_rate, center_window, dense, earlier, jittered, uniform

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Chance:
    """What is drawn about a clip's time, in training.

    Attributes:
        rng: draws the instants where the sampling leaves room.
        speed: look at the clip as if it were played so many times as fast.
        trim: shares of the clip's time that are left out, at its beginning and at its end.
    """

    rng: np.random.Generator
    speed: float = 1.0
    trim: tuple[float, float] = (0.0, 0.0)

    def kept(self, pts_seconds: Float64Array) -> slice:
        """The frames that are not left out, of those at `pts_seconds`; never none."""
        first, last = pts_seconds[0], pts_seconds[-1]
        begin, end = first + self.trim[0] * (last - first), last - self.trim[1] * (last - first)
        begin_at = int(np.searchsorted(pts_seconds, begin))
        return slice(begin_at, max(begin_at + 1, int(np.searchsorted(pts_seconds, end, side="right"))))


@dataclass(frozen=True, eq=False)
class FramePlan:
    """Which frames of a clip are wanted, and where each step of the network's input comes from.

    Attributes:
        wanted: int64 (N,), numbers of the frames to read, ascending, each once.
        steps: int64 (T,), for each step the position of its frame within `wanted`.
        before: int64 (T,), position of the frame that the step's motion is measured against; its own where
            there is no earlier frame or no motion channel.
        looks: int64 (K,), numbers of the frames that a crop around a person is found on, ascending; none for
            other crops. They follow from the clip's times alone, never from chance.
    """

    wanted: IntArray
    steps: IntArray
    before: IntArray
    looks: IntArray

    @property
    def read(self) -> IntArray:
        """Numbers of all frames that are needed, int64 (M,), ascending: the wanted and those looked at."""
        return np.union1d(self.wanted, self.looks)

    def within_read(self) -> FramePlan:
        """The same plan for a clip that holds only the frames that `read` names."""
        read = self.read
        return FramePlan(
            np.searchsorted(read, self.wanted), self.steps, self.before, np.searchsorted(read, self.looks)
        )


@dataclass(frozen=True, eq=False)
class Prepared:
    """The wanted frames of a clip at the network's size, and how they make its steps.

    Attributes:
        frames: uint8 RGB (N, h, w, 3), or grey (N, h, w, 1); see `Preprocessing.without_unseen`.
        steps: int64 (T,), for each step the position of its frame within `frames`.
        before: int64 (T,), position of the frame that the step's motion is measured against.
        pts_seconds: float64 (N,), time of each frame.
        source: what it was read from, with secrets masked.
    """

    frames: UInt8Array
    steps: IntArray
    before: IntArray
    pts_seconds: Float64Array
    source: str = ""


@dataclass(frozen=True)
class Preprocessing:
    """How frames become a network's input. It travels with the model: in a run folder, in a bundle.

    Attributes:
        sampling: `uniform`, `center`, `rate` or `dense`; see `vidclf.video.sampling`.
        frames: steps of `uniform` and `center`.
        fps: steps a second of `center` and `rate`.
        size: (height, width) of the input in pixels.
        crop: `none` takes the whole frame, `center` its largest centred part of the input's shape. `clip` and
            `causal` take a square around the largest moving person, the centred one where there is nobody: `clip`
            one for the whole clip, `causal` one that follows and only looks back.
        motion: `none`, or a channel of grey difference over `motion_seconds` beside the colours (`add`) or
            alone (`only`); `picture` shows the difference's strength as a grey picture in place of the colours, for
            backbones that learned from photographs, and `two_stream` shows both, one after the other (Simonyan &
            Zisserman, NeurIPS 2014, with differences for optical flow).
        motion_seconds: how far apart in time the two frames of a difference are. A time and not a number of
            frames, since cameras differ.
        statistics: mean and deviation; `clip` takes each clip's own, `frame` each frame's, for which live need not
            wait.
        person: how the square around a person is found; for `clip` and `causal` only.
    """

    sampling: Literal["uniform", "center", "rate", "dense"]
    size: tuple[int, int]
    frames: int | None = None
    fps: float | None = None
    crop: Literal["none", "center", "clip", "causal"] = "none"
    motion: Literal["none", "add", "only", "picture", "two_stream"] = "none"
    motion_seconds: float = 0.1
    statistics: Statistics | Own = HALF
    person: PersonCrop | None = None

    def __post_init__(self) -> None:
        if (self.crop in ("clip", "causal")) != (self.person is not None):
            raise ValueError(f"crop {self.crop} does not go {'without' if self.person is None else 'with'} person")

    @classmethod
    def from_json(cls, values: Mapping[str, Any], detector_weights: bytes | None = None) -> Self:
        """Build from what `to_json` gave, and the content of the detector's file where it names one."""
        # Null is what models of before there was a choice have for "clip".
        statistics, person = values["statistics"] or "clip", values.get("person")
        return cls(
            **{
                **values,
                "size": tuple(values["size"]),
                "statistics": statistics
                if isinstance(statistics, str)
                else Statistics(tuple(statistics["mean"]), tuple(statistics["std"])),
                "person": person and PersonCrop.from_json(person, detector_weights),
            }
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON; a detector's file is named by its hash."""
        return {
            **asdict(replace(self, crop="none", person=None)),
            "crop": self.crop,
            "person": self.person and self.person.to_json(),
        }

    @property
    def channels(self) -> int:
        """Channels of the network's input."""
        return {"none": 3, "add": 4, "only": 1, "picture": 3, "two_stream": 6}[self.motion]

    @property
    def colours(self) -> int:
        """How many of the channels, from the first, hold colours."""
        return 0 if self.motion in ("only", "picture") else 3

    @property
    def streams(self) -> int:
        """How many pictures, one after the other in the channels, each go through the backbone."""
        return 2 if self.motion == "two_stream" else 1

    def __call__(self, clip: Clip) -> Float32Array:
        """The network's input for a clip: float32 (T, C, h, w)."""
        return self.tensor(self.take(clip))

    def plan(self, pts_seconds: Float64Array, chance: Chance | None = None) -> FramePlan:
        """Choose frames by their times.

        A clip with fewer frames than steps gives one step a frame: nothing is repeated to fill up.

        Args:
            pts_seconds: float64 (N,), time of each frame, ascending.
            chance: what is drawn, for training.
        """
        if chance is None:
            played_seconds, kept, rng = pts_seconds, slice(0, None), None
        else:
            played_seconds, kept, rng = pts_seconds / chance.speed, chance.kept(pts_seconds), chance.rng
        picked = self._picked(played_seconds[kept], rng)
        now = picked.indices[picked.valid] + kept.start
        before = now if self.motion == "none" else earlier(played_seconds, now, self.motion_seconds)
        wanted = np.unique(np.concatenate([now, before]))
        return FramePlan(
            wanted, np.searchsorted(wanted, now), np.searchsorted(wanted, before), self._looks(pts_seconds)
        )

    def fit(self, clip: Clip) -> Clip:
        """Crop and resize all frames to the input's size.

        What comes out must not be cropped again: a plan's steps are taken from it as they are.
        """
        looks = self._looks(clip.pts_seconds[clip.valid])
        frames = self._fitted(clip.frames, clip, np.arange(len(clip)), looks)
        return Clip(frames, clip.pts_seconds, clip.valid, clip.source)

    def take(self, clip: Clip, chance: Chance | None = None) -> Prepared:
        """Plan on a clip in memory, and fit the frames that are wanted; see `plan`."""
        return self.prepare(clip, self.plan(clip.pts_seconds[clip.valid], chance))

    def prepare(self, clip: Clip, plan: FramePlan) -> Prepared:
        """Fit the frames that a plan wants, out of the clip that it was made for."""
        frames = self._fitted(clip.frames[plan.wanted], clip, plan.wanted, plan.looks)
        return Prepared(frames, plan.steps, plan.before, clip.pts_seconds[plan.wanted], clip.source)

    def tensor(self, prepared: Prepared) -> Float32Array:
        """Motion channels and normalisation: the network's input, float32 (T, C, h, w)."""
        now, before = prepared.frames[prepared.steps], prepared.frames[prepared.before]  # (T, h, w, 3)
        parts = []
        if self.motion in ("none", "add", "two_stream"):
            parts.append(normalised(now, self.statistics))
        if self.motion in ("picture", "two_stream"):
            parts.append(normalised(motion_pictures(now, before), self.statistics))
        if self.motion in ("add", "only"):
            parts.append(difference(now, before, self.statistics)[:, None])
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    def without_unseen(self, prepared: Prepared) -> Prepared:
        """The same frames, grey (N, h, w, 1) where the network never sees their colours.

        Whatever changes them before they become a tensor has a third of the work then.
        """
        return prepared if self.colours else replace(prepared, frames=grey(prepared.frames))

    def _looks(self, pts_seconds: Float64Array) -> IntArray:
        """Numbers of the frames that the crop is found on, of those at `pts_seconds` (N,)."""
        if self.crop == "clip":
            return clip_looks(pts_seconds)
        return causal_looks(pts_seconds) if self.crop == "causal" else np.empty(0, dtype=np.int64)

    def _squares(self, clip: Clip, wanted: IntArray, looks: IntArray) -> list[Square | None]:
        """Around the person in each wanted frame of a clip, found on those that are looked at."""
        assert self.person is not None
        looked = clip.frames[looks]
        if self.crop == "clip":
            squares = [self.person.over_clip(looked)] * len(wanted)
        else:
            squares = self.person.following(looked, looks, wanted)
        if not any(squares):
            _say_nobody(clip.source)
        return squares

    def cut(self, frames: UInt8Array, squares: Sequence[Square | None]) -> UInt8Array:
        """Frames cropped and resized to the input's size: uint8 (N, h, w, 3).

        Args:
            frames: uint8 RGB (N, H, W, 3).
            squares: for each where the person is, None where nobody is; of no use to other crops.
        """
        if self.person is not None:
            nobody = centred_square(*frames.shape[1:3])
            return cut_squares(frames, [square or nobody for square in squares], self.size)
        return resize_frames(center_crop(frames, self.size) if self.crop == "center" else frames, self.size)

    def _fitted(self, frames: UInt8Array, clip: Clip, wanted: IntArray, looks: IntArray) -> UInt8Array:
        """The wanted frames of a clip, (N, H, W, 3), cropped and resized to (N, h, w, 3)."""
        return self.cut(frames, () if self.person is None else self._squares(clip, wanted, looks))

    def _picked(self, pts_seconds: Float64Array, rng: np.random.Generator | None) -> Picked:
        if self.sampling == "dense":
            return dense(pts_seconds)
        if self.sampling == "uniform":
            assert self.frames is not None
            return uniform(pts_seconds, self.frames) if rng is None else jittered(pts_seconds, self.frames, rng)
        assert self.fps is not None
        if self.sampling == "rate":
            offset = 0.0 if rng is None else float(rng.uniform(0, 1 / self.fps))
            return at_rate(pts_seconds, self.fps, offset_seconds=offset)
        assert self.frames is not None
        if rng is None:
            return center_window(pts_seconds, self.frames, self.fps)
        room = pts_seconds[-1] - pts_seconds[0] - (self.frames - 1) / self.fps
        return at_rate(
            pts_seconds, self.fps, max_count=self.frames, offset_seconds=float(rng.uniform(0, max(room, 0.0)))
        )


@lru_cache(maxsize=4096)
def _say_nobody(source: str) -> None:
    """Say once of each source that its crop is not around anybody."""
    logger.warning("%s: no person was found; the centred square is taken", source or "a clip")
