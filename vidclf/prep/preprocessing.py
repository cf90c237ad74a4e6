"""The one preprocessing: a time grid, a crop, the one resize, motion channels, normalisation.

It runs in three steps, so that each caller can stop where it needs to and none does another's work again:

    plan(pts_seconds)       which frames the network looks at      (T,) steps
    prepare(clip, plan)     those frames, cropped and resized      uint8   (N, h, w, 3)
    tensor(prepared)        motion channels and normalisation      float32 (T, C, h, w)

Training changes pictures between the last two; everything else calls the three in a row. NumPy and the resize
only, so that an exported model can carry this source with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

import numpy as np

from vidclf.types import Clip, Float32Array, Float64Array, IntArray, UInt8Array
from vidclf.video.resize import resize_frames
from vidclf.video.sampling import Picked, at_rate, center_window, dense, earlier, jittered, uniform

# ITU-R BT.601 luma, what "grey" means in FFmpeg, Pillow and OpenCV.
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
# Differences are small beside the grey values themselves; this rough factor brings them nearer to the scale of
# the other channels.
_MOTION_SCALE = 0.1
# Below this a clip is still, and dividing by its own deviation would only blow up noise.
_LEAST_DEVIATION = 0.01


@dataclass(frozen=True)
class Statistics:
    """Mean and deviation of each RGB channel, on a scale of 0 to 1, that pictures are normalised with."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]


IMAGENET = Statistics(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
HALF = Statistics(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))


@dataclass(frozen=True, eq=False)
class FramePlan:
    """Which frames of a clip are wanted, and where each step of the network's input comes from.

    Attributes:
        wanted: int64 (N,), numbers of the frames to read, ascending, each once.
        steps: int64 (T,), for each step the position of its frame within `wanted`.
        before: int64 (T,), position of the frame that the step's motion is measured against; its own where
            there is no earlier frame or no motion channel.
    """

    wanted: IntArray
    steps: IntArray
    before: IntArray


@dataclass(frozen=True, eq=False)
class Prepared:
    """The wanted frames of a clip at the network's size, and how they make its steps.

    Attributes:
        frames: uint8 RGB (N, h, w, 3).
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
        crop: `center` takes the largest centred part of the input's shape, `none` the whole frame.
        motion: `none`, or a channel of grey difference over `motion_seconds` beside the colours (`add`) or
            alone (`only`).
        motion_seconds: how far apart in time the two frames of a difference are. A time and not a number of
            frames, since cameras differ.
        statistics: mean and deviation; None takes each clip's own.
    """

    sampling: Literal["uniform", "center", "rate", "dense"]
    size: tuple[int, int]
    frames: int | None = None
    fps: float | None = None
    crop: Literal["none", "center"] = "none"
    motion: Literal["none", "add", "only"] = "none"
    motion_seconds: float = 0.1
    statistics: Statistics | None = HALF

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Build from what `to_json` gave."""
        statistics = values["statistics"]
        return cls(
            **{
                **values,
                "size": tuple(values["size"]),
                "statistics": statistics and Statistics(tuple(statistics["mean"]), tuple(statistics["std"])),
            }
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @property
    def channels(self) -> int:
        """Channels of the network's input."""
        return {"none": 3, "add": 4, "only": 1}[self.motion]

    def __call__(self, clip: Clip) -> Float32Array:
        """The network's input for a clip: float32 (T, C, h, w)."""
        return self.tensor(self.take(clip))

    def plan(
        self, pts_seconds: Float64Array, rng: np.random.Generator | None = None, *, speed: float = 1.0
    ) -> FramePlan:
        """Choose frames by their times.

        A clip with fewer frames than steps gives one step a frame: nothing is repeated to fill up.

        Args:
            pts_seconds: float64 (N,), time of each frame, ascending.
            rng: draws the instants at random where the sampling leaves room, for training.
            speed: look at the clip as if it were played so many times as fast.
        """
        pts_seconds = pts_seconds / speed
        picked = self._picked(pts_seconds, rng)
        now = picked.indices[picked.valid]
        before = now if self.motion == "none" else earlier(pts_seconds, now, self.motion_seconds)
        wanted = np.unique(np.concatenate([now, before]))
        return FramePlan(wanted, steps=np.searchsorted(wanted, now), before=np.searchsorted(wanted, before))

    def fit(self, clip: Clip) -> Clip:
        """Crop and resize to the input's size; a clip that fits already comes back unchanged."""
        frames = clip.frames
        if self.crop == "center":
            frames = _center_crop(frames, self.size)
        if frames.shape[1:3] != self.size:
            frames = resize_frames(frames, self.size)
        return Clip(frames, clip.pts_seconds, clip.valid, clip.source)

    def take(self, clip: Clip, rng: np.random.Generator | None = None, *, speed: float = 1.0) -> Prepared:
        """Plan on a clip in memory, and fit the frames that are wanted; see `plan`."""
        return self.prepare(clip, self.plan(clip.pts_seconds[clip.valid], rng, speed=speed))

    def prepare(self, clip: Clip, plan: FramePlan) -> Prepared:
        """Fit the frames that a plan wants, out of the clip that it was made for."""
        wanted = plan.wanted
        chosen = Clip(clip.frames[wanted], clip.pts_seconds[wanted], clip.valid[wanted], clip.source)
        return Prepared(self.fit(chosen).frames, plan.steps, plan.before, chosen.pts_seconds, clip.source)

    def tensor(self, prepared: Prepared) -> Float32Array:
        """Motion channels and normalisation: the network's input, float32 (T, C, h, w)."""
        shape = (len(prepared.steps), self.channels, *prepared.frames.shape[1:3])
        inputs = np.empty(shape, dtype=np.float32)  # (T, C, h, w)
        if self.motion != "only":
            pictures = prepared.frames[prepared.steps]  # (T, h, w, 3)
            mean, std = self._statistics_of(pictures)
            # (x / 255 - mean) / std, with the constants taken together
            np.multiply(pictures.transpose(0, 3, 1, 2), (1 / (255 * std))[:, None, None], out=inputs[:, :3])
            inputs[:, :3] -= (mean / std)[:, None, None]
        if self.motion != "none":
            inputs[:, -1] = self._difference(prepared)
        return inputs

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

    def _statistics_of(self, pictures: UInt8Array) -> tuple[Float32Array, Float32Array]:
        """Mean and deviation (3,) of each channel on a scale of 0 to 1: the given ones, else the clip's own."""
        if self.statistics is not None:
            return np.array(self.statistics.mean, np.float32), np.array(self.statistics.std, np.float32)
        # Counting the 256 levels is exact, and needs no copy of the pixels as floats.
        levels = np.arange(256) / 255
        counts = [np.bincount(pictures[..., channel].ravel(), minlength=256) for channel in range(3)]
        shares = np.stack(counts) / (pictures.size / 3)  # (3, 256)
        mean = shares @ levels
        deviation = np.sqrt(np.maximum(shares @ levels**2 - mean**2, 0))
        return mean.astype(np.float32), np.maximum(deviation, _LEAST_DEVIATION).astype(np.float32)

    def _difference(self, prepared: Prepared) -> Float32Array:
        grey = prepared.frames.astype(np.float32) @ (_LUMA / np.float32(255))  # (N, h, w)
        change = grey[prepared.steps] - grey[prepared.before]  # (T, h, w)
        scale = _MOTION_SCALE
        if self.statistics is None:
            scale = max(float(np.sqrt(np.mean(change**2))), _LEAST_DEVIATION)
        change *= np.float32(1 / scale)
        return change


def _center_crop(frames: UInt8Array, shape: tuple[int, int]) -> UInt8Array:
    """The largest centred part of frames (N, H, W, 3) whose sides are as `shape`'s to each other."""
    height, width = frames.shape[1:3]
    if height * shape[1] > width * shape[0]:
        kept = max(1, round(width * shape[0] / shape[1]))
        top = (height - kept) // 2
        return frames[:, top : top + kept]
    kept = max(1, round(height * shape[1] / shape[0]))
    left = (width - kept) // 2
    return frames[:, :, left : left + kept]
