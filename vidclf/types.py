"""The currencies: what the rooms hand to each other.

Time is in seconds, as float, from the source's own timestamps. Images are RGB, uint8, height first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

UInt8Array = npt.NDArray[np.uint8]
Float32Array = npt.NDArray[np.float32]
Float64Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Frame:
    """One decoded picture.

    Attributes:
        image: uint8 RGB (H, W, 3), upright as a player would show it, in stored pixels.
        pts_seconds: presentation time from the source's own timestamps, in seconds.
        index: number of the frame in presentation order, counted from 0.
    """

    image: UInt8Array
    pts_seconds: float
    index: int


@dataclass(frozen=True, eq=False)
class Clip:
    """Frames that belong together, with their times.

    Attributes:
        frames: uint8 RGB (T, H, W, 3).
        pts_seconds: float64 (T,), presentation time of each frame, in seconds, never decreasing.
        valid: bool (T,), false on padding; padding stands at the end only.
        source: what it was read from, with secrets masked; empty for arrays.

    Raises:
        ValueError: the arrays disagree in length, type or order.
    """

    frames: UInt8Array
    pts_seconds: Float64Array
    valid: BoolArray
    source: str = ""

    def __post_init__(self) -> None:
        if self.frames.ndim != 4 or self.frames.shape[-1] != 3 or self.frames.dtype != np.uint8:
            raise ValueError(
                f"frames must be uint8 RGB of shape (T, H, W, 3), not {self.frames.dtype} {self.frames.shape}"
            )
        count = len(self.frames)
        if count == 0:
            raise ValueError("a clip needs at least one frame")
        if self.pts_seconds.shape != (count,) or self.valid.shape != (count,):
            raise ValueError(
                f"pts_seconds {self.pts_seconds.shape} and valid {self.valid.shape} must both be ({count},)"
            )
        if np.any(np.diff(self.pts_seconds) < 0):
            raise ValueError("pts_seconds must not decrease")
        if not self.valid[0] or np.any(np.diff(self.valid.astype(np.int8)) > 0):
            raise ValueError("valid must be true first and false only on padding at the end")

    @classmethod
    def from_frames(cls, frames: UInt8Array, *, fps: float, source: str = "") -> Clip:
        """Wrap frames that were taken at a constant rate.

        Args:
            frames: uint8 RGB (T, H, W, 3), or one picture (H, W, 3), a clip of length one.
            fps: frames per second, above 0.
            source: a name for messages and results.
        """
        if not fps > 0:
            raise ValueError(f"fps must be above 0, not {fps}")
        frames = frames[None] if frames.ndim == 3 else frames
        pts_seconds = np.arange(len(frames), dtype=np.float64) / fps
        return cls(frames, pts_seconds, np.ones(len(frames), dtype=np.bool_), source)

    def __len__(self) -> int:
        return len(self.frames)


@dataclass(frozen=True)
class Prediction:
    """What a model says of one clip.

    Attributes:
        label: the most probable class.
        probabilities: probability by class name, in the order of the model's classes; they sum to 1.
        start_seconds: time of the first frame that was looked at.
        end_seconds: time of the last frame that was looked at.
        source: the input, with secrets masked.
    """

    label: str
    probabilities: Mapping[str, float]
    start_seconds: float
    end_seconds: float
    source: str = ""


@dataclass(frozen=True, eq=False)
class Crop:
    """What an embedder encodes: one face, one picture or one clip, cut out and at the network's size.

    It is all that is needed to embed it again, with another network too, so a gallery may keep it.

    Attributes:
        pixels: uint8 RGB (T, h, w, 3); T is 1 for a face or a picture.
        pts_seconds: float64 (T,), times of the frames.
        box: where it was in the picture, xyxy in pixels; None where it is the whole.
        quality: between 0 and 1, the higher the better to enrol.
        problems: why it should not be enrolled, in words; none where it may be.
        source: what it was read from, with secrets masked.
    """

    pixels: UInt8Array
    pts_seconds: Float64Array
    box: tuple[float, float, float, float] | None = None
    quality: float = 1.0
    problems: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True)
class Match:
    """What a gallery says of one crop.

    Attributes:
        decision: `match`; `ambiguous` where two identities are too near to each other to say which; `stranger`; or
            `unusable` where the crop is too poor to say anything.
        name: the identity that is nearest, whatever the decision; None where the gallery is empty or the crop is
            unusable.
        similarity: cosine to its nearest template, between -1 and 1.
        threshold: what the similarity had to reach.
        template_id: the template that is nearest.
        reasons: why, in words, where it is no match.
    """

    decision: Literal["match", "ambiguous", "stranger", "unusable"]
    name: str | None
    similarity: float | None
    threshold: float
    template_id: int | None = None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class GestureEvent:
    """Something that was recognised in a stream, reported once.

    Attributes:
        label: its class.
        start_seconds: when it began, in the stream's own time.
        end_seconds: when it ended.
        detected_seconds: when it was reported.
        score: the highest probability on the way.
    """

    label: str
    start_seconds: float
    end_seconds: float
    detected_seconds: float
    score: float
