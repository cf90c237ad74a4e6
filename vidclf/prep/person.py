"""A square around the largest moving person: one for a whole clip, or one that follows frame by frame."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal, Self

import numpy as np

from vidclf.config import PrepConfig
from vidclf.detect import Detector, MotionDetector, make_detector, open_detector
from vidclf.prep.crop import Square
from vidclf.prep.framing import around_body, around_motion
from vidclf.prep.people import Box, People
from vidclf.types import Float64Array, IntArray, UInt8Array
from vidclf.video.sampling import CLOCK_ERROR_SECONDS, uniform

# A clip's one square comes from so many looks, spread evenly over its time.
_LOOKS_A_SECOND = 2.0
_LEAST_LOOKS, _MOST_LOOKS = 6, 16
# A person who is followed may walk: more looks, of which the newest say where and those of some seconds how large.
_CAUSAL_LOOKS_A_SECOND = 4.0
_MEMORY_LOOKS = 16
_NEWEST_LOOKS = 3
# A square that follows holds still while the person is this near its middle, in sides, and about as large as before:
# whenever it moves, everything in it seems to.
_HOLD_SHIFT = 0.2
_HOLD_SIZE = 1.25


@dataclass(frozen=True)
class PersonCrop:
    """How the square is found.

    Attributes:
        detector: says what is where.
        part: `upper` holds head, arms and hips, `body` all of the person that is seen. Motion knows no parts.
        scale: side of the square over the one that holds just that.
    """

    detector: Detector
    part: Literal["upper", "body"] = "upper"
    scale: float = 1.0

    @classmethod
    def from_json(cls, values: Mapping[str, Any], detector_weights: bytes | None) -> Self:
        """Build from what `to_json` gave, and the content of the detector's file."""
        detector = make_detector(values["detector"], detector_weights)
        return cls(detector, values["part"], float(values["scale"]))

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON; the detector's file is named by its hash."""
        weights = self.detector.weights
        return {
            "detector": self.detector.name,
            "weights_sha256": None if weights is None else sha256(weights).hexdigest(),
            "part": self.part,
            "scale": self.scale,
        }

    def over_clip(self, looked: UInt8Array) -> Square | None:
        """One square for a whole clip; None where nobody is seen.

        Args:
            looked: uint8 RGB (K, H, W, 3), the frames that `clip_looks` names.
        """
        people = People()
        for frame, detections in zip(looked, self.detector.detect(looked), strict=True):
            people.look(frame, detections)
        return self.around(people.foremost(), looked.shape[1:3])

    def following(self, looked: UInt8Array, looks: IntArray, wanted: IntArray) -> list[Square | None]:
        """What `CausalCrop.step` gives for some frames of a clip.

        Args:
            looked: uint8 RGB (K, H, W, 3), the frames that `causal_looks` names.
            looks: int64 (K,), their numbers.
            wanted: int64 (N,), numbers of the frames whose squares are wanted.
        """
        crop = CausalCrop(self)
        squares = [crop.look(frame) for frame in looked]
        return [squares[latest] for latest in np.searchsorted(looks, wanted, side="right") - 1]

    def around(self, boxes: Sequence[Box], size: tuple[int, int], *, newest: int | None = None) -> Square | None:
        """The square around a person in frames of (height, width); see `framing` for the boxes and `newest`."""
        if not boxes:
            return None
        if self.detector.name == MotionDetector.name:
            framing = around_motion(boxes, size)
        else:
            framing = around_body(boxes, size, part=self.part, newest=newest)
        side = max(1, min(round(self.scale * framing.side), max(size)))
        return Square(round(framing.center_x - side / 2), round(framing.center_y - side / 2), side)


def make_person_crop(prep: PrepConfig) -> PersonCrop | None:
    """How settings say that the square is found; None where they want no such square.

    Raises:
        MissingExtraError: the detector needs ONNX Runtime, which is not installed.
        WeightsError: the detector's file is missing, cannot be downloaded, or holds another network.
    """
    if prep.crop not in ("clip", "causal"):
        return None
    assert prep.detector is not None
    return PersonCrop(open_detector(prep.detector, prep.detector_weights), prep.crop_part, prep.crop_scale)


class CausalCrop:
    """A square that follows the person frame by frame and knows nothing of what comes.

    Args:
        person: how the square is found.
    """

    def __init__(self, person: PersonCrop) -> None:
        self._person = person
        self._clock = _LookClock()
        self._recent: deque[UInt8Array] = deque(maxlen=person.detector.looks_back + 1)
        self._people = People(_MEMORY_LOOKS)
        self._square: Square | None = None

    def step(self, frame: UInt8Array, pts_seconds: float) -> Square | None:
        """The square of the next frame, uint8 RGB (H, W, 3); None while nobody has been seen."""
        return self.look(frame) if self._clock.is_due(pts_seconds) else self._square

    def look(self, frame: UInt8Array) -> Square | None:
        """The square of a frame that is looked at; it holds for those after it until the next look."""
        self._recent.append(frame)
        (detections,) = self._person.detector.detect(np.stack(self._recent), first=len(self._recent) - 1)
        self._people.look(frame, detections)
        found = self._person.around(self._people.foremost(), frame.shape[:2], newest=_NEWEST_LOOKS)
        if found is not None and (self._square is None or _is_elsewhere(found, self._square)):
            self._square = found
        return self._square


def clip_looks(pts_seconds: Float64Array) -> IntArray:
    """Frames that a clip's one square is found on, of those at `pts_seconds` (N,): ascending, each once."""
    seconds = float(pts_seconds[-1] - pts_seconds[0])
    count = int(np.clip(round(seconds * _LOOKS_A_SECOND), _LEAST_LOOKS, _MOST_LOOKS))
    return np.unique(uniform(pts_seconds, count).indices)


def causal_looks(pts_seconds: Float64Array) -> IntArray:
    """Frames at which a square that follows looks, of those at `pts_seconds` (N,): ascending, 0 first."""
    clock = _LookClock()
    return np.flatnonzero([clock.is_due(float(seconds)) for seconds in pts_seconds])


class _LookClock:
    """Says which frames are looked at: the first one at or after each instant of a regular grid."""

    def __init__(self) -> None:
        self._first_seconds: float | None = None
        self._instant = -1

    def is_due(self, pts_seconds: float) -> bool:
        if self._first_seconds is None:
            self._first_seconds = pts_seconds
        passed_seconds = pts_seconds - self._first_seconds + CLOCK_ERROR_SECONDS
        before, self._instant = self._instant, int(passed_seconds * _CAUSAL_LOOKS_A_SECOND)
        return self._instant > before


def _is_elsewhere(found: Square, held: Square) -> bool:
    shift = max(
        abs(found.left + found.side / 2 - held.left - held.side / 2),
        abs(found.top + found.side / 2 - held.top - held.side / 2),
    )
    return shift > _HOLD_SHIFT * held.side or not 1 / _HOLD_SIZE <= found.side / held.side <= _HOLD_SIZE
