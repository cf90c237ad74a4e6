"""Who in a clip is the one to look at: boxes linked over time, weighed by their size and by what moves in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vidclf.detect import Detection
from vidclf.detect.motion import changed, grey_thumbnails
from vidclf.types import BoolArray, Float32Array, Float64Array, UInt8Array

Box = tuple[float, float, float, float]

# Body height over the width of a person who stands with the arms down. Boxes of people at some metres give 3.1; who
# is so near that the picture ends at the hips has hands that look larger, and farther out.
UPRIGHT = 3.4
# Body height over the height of a face's box, and how far above that box the head ends, in its heights.
_FACES_HIGH = 9.0
_ABOVE_FACE = 0.3
# Two boxes are of one person when their centres are this near, in their longer sides.
_NEAR = 0.5
_ALIKE = 0.5  # and the shorter of those sides is this share of the longer at least
# What somebody who stands still weighs beside one all of whose box moves.
_STILL = 0.02
# Somebody else must outweigh the chosen one by so much, or two who move alike would take turns.
_LOYALTY = 1.5


@dataclass(frozen=True)
class Seen:
    """A person at one look: the body's box in pixels of the frame, within it, and what it weighs."""

    look: int
    box: Box
    weight: float


class People:
    """Everybody seen so far, and the foremost among them.

    Args:
        memory: looks after which one is forgotten; None: none is.
    """

    def __init__(self, memory: int | None = None) -> None:
        self._memory = memory
        self._everybody: list[list[Seen]] = []
        self._chosen: list[Seen] = []
        self._grey: Float32Array | None = None
        self._look = 0

    def look(self, frame: UInt8Array, detections: Sequence[Detection]) -> None:
        """Take in what a detector sees in a frame, uint8 RGB (H, W, 3); frames come in order of time."""
        moved = self._moved(frame)
        boxes = [_body(detection, frame.shape[:2]) for detection in detections]
        seen = [Seen(self._look, box, _weight(box, moved, frame.shape[:2])) for box in boxes if box is not None]
        self._link(seen)
        if self._memory is not None:
            self._forget(self._look - self._memory)
        self._look += 1

    def foremost(self) -> list[Box]:
        """Boxes of the largest moving person, one for each look at which they were seen; empty for nobody."""
        if not self._everybody:
            return []
        heaviest = max(self._everybody, key=_total)
        if not self._chosen or _total(heaviest) > _LOYALTY * _total(self._chosen):
            self._chosen = heaviest
        return [seen.box for seen in self._chosen]

    def _moved(self, frame: UInt8Array) -> BoolArray:
        before, self._grey = self._grey, grey_thumbnails(frame[None])[0]
        return np.zeros(self._grey.shape, np.bool_) if before is None else changed(self._grey, before)

    def _link(self, seen: Sequence[Seen]) -> None:
        """Give each box to the person whose last box is nearest; who is near nobody is somebody new."""
        pairs = [
            (distance, number, person)
            for number, new in enumerate(seen)
            for person in self._everybody
            if (distance := _distance(person[-1].box, new.box)) < _NEAR
        ]
        given: set[int] = set()
        for _, number, person in sorted(pairs, key=lambda pair: pair[0]):
            if number not in given and person[-1].look < self._look:
                person.append(seen[number])
                given.add(number)
        self._everybody += [[new] for number, new in enumerate(seen) if number not in given]

    def _forget(self, until: int) -> None:
        for person in self._everybody:
            person[:] = [seen for seen in person if seen.look > until]
        self._everybody = [person for person in self._everybody if person]


def _total(person: Sequence[Seen]) -> float:
    return sum(seen.weight for seen in person)


def _body(detection: Detection, size: tuple[int, int]) -> Box | None:
    """The box of the body that was seen, as far as it lies in a frame of (height, width); None for other things."""
    left, top, right, bottom = detection.box
    if detection.label == "face":
        face = bottom - top
        middle, top = (left + right) / 2, top - _ABOVE_FACE * face
        bottom = top + _FACES_HIGH * face
        reach = _FACES_HIGH * face / UPRIGHT / 2
        left, right = middle - reach, middle + reach
    elif detection.label not in ("person", "motion"):
        return None
    box = (max(0.0, left), max(0.0, top), min(float(size[1]), right), min(float(size[0]), bottom))
    return box if box[0] < box[2] and box[1] < box[3] else None


def _weight(box: Box, moved: BoolArray, size: tuple[int, int]) -> float:
    """Height, as a share of the frame's, times the share of the box that moved since the last look."""
    down, across = moved.shape[0] / size[0], moved.shape[1] / size[1]
    rows = slice(int(box[1] * down), max(int(np.ceil(box[3] * down)), 1))
    columns = slice(int(box[0] * across), max(int(np.ceil(box[2] * across)), 1))
    return (box[3] - box[1]) / size[0] * (_STILL + float(moved[rows, columns].mean()))


def _distance(one: Box, other: Box) -> float:
    """How far apart the centres are, in the mean of the longer sides; infinite for boxes of unlike size."""
    first, second = np.array(one), np.array(other)
    sides = sorted((_longer(first), _longer(second)))
    if sides[0] < _ALIKE * sides[1]:
        return float("inf")
    apart = (first[:2] + first[2:] - second[:2] - second[2:]) / 2
    return float(np.hypot(*apart)) / (sum(sides) / 2)


def _longer(box: Float64Array) -> float:
    return float(max(box[2:] - box[:2]))
