"""Faces near and far: one network, looked through at several scales."""

from __future__ import annotations

import numpy as np

from vidclf.detect.alignment import cut
from vidclf.detect.detection import Detection
from vidclf.detect.grids import suppress
from vidclf.detect.yunet import YunetDetector
from vidclf.types import UInt8Array
from vidclf.video.resize import Resizer

# A face that fills the picture is found only with something around it, and small: most faces of the training were.
_NEAR_LONGEST_SIDE = 320
_BORDER = 0.4  # of the longer side, at each side
# One across a hall is some ten pixels wide in a picture of this size, and lost in a smaller one.
_FAR_LONGEST_SIDE = 1600
# Larger ones are seen at the usual size too, and parts of these may look like faces of their own.
_FAR_LARGEST = 1 / 8  # of the picture's longer side
_MOST_OVERLAP = 0.4
# Each face is looked at once more by itself, at the size at which its points are told best.
_CLOSE_SIDE = 224
_CLOSE_PART = 2.0  # side of what is looked at over the face's longer one


def find_faces(detector: YunetDetector, picture: UInt8Array) -> list[Detection]:
    """The faces in a picture, the largest first.

    Args:
        detector: what finds them.
        picture: uint8 RGB (H, W, 3).
    """
    height, width = picture.shape[:2]
    found = detector.look(picture, detector.longest_side)
    if max(height, width) > detector.longest_side:
        far = detector.look(picture, _FAR_LONGEST_SIDE)
        found += [face for face in far if _side(face) <= _FAR_LARGEST * max(height, width)]
    border = round(_BORDER * max(height, width))
    around = cut(picture, -border, -border, width + border, height + border)
    found += [_placed(face, -border, -border, 1.0) for face in detector.look(around, _NEAR_LONGEST_SIDE)]
    closer = [_looked_at_closely(detector, picture, face) for face in _each_once(found)]
    return sorted(_each_once(closer), key=_area, reverse=True)


def _looked_at_closely(detector: YunetDetector, picture: UInt8Array, face: Detection) -> Detection:
    """The face with the points that a look at it alone gives; as it is where such a look does not show it."""
    left, top, right, bottom = face.box
    side = max(1, round(_CLOSE_PART * _side(face)))
    first_column, first_row = round((left + right - side) / 2), round((top + bottom - side) / 2)
    part = cut(picture, first_column, first_row, first_column + side, first_row + side)
    seen = detector.look(Resizer().resize(part, (_CLOSE_SIDE, _CLOSE_SIDE)), _CLOSE_SIDE)
    placed = [_placed(other, first_column, first_row, side / _CLOSE_SIDE) for other in seen]
    return next((other for other in placed if len(_each_once([face, other])) == 1), face)


def _each_once(faces: list[Detection]) -> list[Detection]:
    """The surest of those that are of one face."""
    if not faces:
        return []
    boxes = np.array([face.box for face in faces], np.float32)
    scores = np.array([face.score for face in faces], np.float32)
    kept = suppress(boxes, scores, np.zeros(len(faces), np.int64), most_overlap=_MOST_OVERLAP)
    return [faces[place] for place in kept]


def _placed(face: Detection, first_column: float, first_row: float, scale: float) -> Detection:
    """A face in a part of a picture, in pixels of the picture; `scale` is the picture's pixels for one."""
    corners = np.reshape(face.box, (2, 2)) * scale + (first_column, first_row)
    points = np.array(face.points) * scale + (first_column, first_row)
    left, top, right, bottom = corners.ravel().tolist()
    return Detection(
        (left, top, right, bottom), face.label, face.score, tuple((float(x), float(y)) for x, y in points)
    )


def _side(face: Detection) -> float:
    left, top, right, bottom = face.box
    return max(right - left, bottom - top)


def _area(face: Detection) -> float:
    left, top, right, bottom = face.box
    return (right - left) * (bottom - top)
