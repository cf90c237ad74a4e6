"""From the boxes of a person to the square that holds head, hips and both hands, wherever they go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from vidclf.prep.people import UPRIGHT, Box
from vidclf.types import Float64Array

# In body heights: the side of the square for head, arms and hips, wide enough for both arms stretched out, and
# the room above the head and below the feet.
_ARM_SPAN = 0.95
_ABOVE_HEAD = 0.25
_BELOW_FEET = 0.05
# Boxes up to this much larger than the smallest ones show a person whose arms hang down.
_ARMS_DOWN = 1.12
# A box that ends below this share of the picture's height may be cut off there.
_AT_BORDER = 0.97
# Centres of boxes spread by so many body heights while the arms move; beyond that, the person walks.
_SWAY = 0.25
# Room around what moves, where nothing says whose body it is, and how small that may be in the picture.
_AROUND_MOTION = 1.5
_LEAST_SHARE = 0.4


@dataclass(frozen=True)
class Framing:
    """A square in pixels of the frame, before it is rounded to whole ones."""

    center_x: float
    center_y: float
    side: float


def around_body(
    boxes: Sequence[Box],
    height_width: tuple[int, int],
    *,
    part: Literal["upper", "body"],
    newest: int | None = None,
) -> Framing:
    """The square around a body, by the looks at which the arms hang down.

    So a gesture changes neither its place nor its size, and hands that are raised or stretched out stay inside.

    Args:
        boxes: of the body over time, xyxy in pixels.
        height_width: of the frame.
        part: `upper` holds head, arms and hips, `body` all of the person that is seen.
        newest: so many of the last boxes say where the person is; None: hold the whole way, should the person walk.
    """
    every = np.array(boxes)
    calm = _arms_down(every)
    height = _median(calm[:, 3] - calm[:, 1])
    if _median(calm[:, 3]) > _AT_BORDER * height_width[0]:
        # The picture may end at the hips; then the shoulders say how tall the person is.
        height = max(height, UPRIGHT * _median(calm[:, 2] - calm[:, 0]))
    if newest is not None:
        calm = _arms_down(every[-newest:])
    center_x, head = _median((calm[:, 0] + calm[:, 2]) / 2), _median(calm[:, 1])
    side = _ARM_SPAN * height
    if part == "body":
        visible = min(height, float(every[:, 3].max()) - head)
        side = max(side, (_ABOVE_HEAD + _BELOW_FEET) * height + visible)
    center_y = head - _ABOVE_HEAD * height + side / 2
    if newest is None:
        first, last = np.quantile((every[:, 0] + every[:, 2]) / 2, (0.1, 0.9))
        way = float(last - first) - _SWAY * height
        if way > 0:
            center_x, side = float(first + last) / 2, side + way
    return Framing(center_x, center_y, side)


def around_motion(boxes: Sequence[Box], height_width: tuple[int, int]) -> Framing:
    """The square around all that moved in a frame of (height, width)."""
    every = np.array(boxes)
    left, top = every[:, :2].min(axis=0).tolist()
    right, bottom = every[:, 2:].max(axis=0).tolist()
    side = max(_AROUND_MOTION * max(right - left, bottom - top), _LEAST_SHARE * min(height_width))
    return Framing((left + right) / 2, (top + bottom) / 2, side)


def _arms_down(boxes: Float64Array) -> Float64Array:
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    calm: Float64Array = boxes[areas <= _ARMS_DOWN * np.quantile(areas, 0.2)]
    return calm


def _median(values: Float64Array) -> float:
    return float(np.median(values))
