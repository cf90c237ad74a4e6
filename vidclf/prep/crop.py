"""Cutting parts out of frames, each with the one resize to the network's size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vidclf.types import UInt8Array
from vidclf.video.resize import Resizer

# What lies beyond the picture's border is of the grey that normalisation brings nearest to nothing.
_BEYOND = 128


@dataclass(frozen=True)
class Square:
    """A square part of a frame, in pixels; it may reach over the frame's border."""

    left: int
    top: int
    side: int


def centred_square(height: int, width: int) -> Square:
    """The largest centred square of a frame."""
    side = min(height, width)
    return Square((width - side) // 2, (height - side) // 2, side)


def center_crop(frames: UInt8Array, shape: tuple[int, int]) -> UInt8Array:
    """The largest centred part of frames (N, H, W, 3) whose sides are as `shape`'s to each other."""
    height, width = frames.shape[1:3]
    if height * shape[1] > width * shape[0]:
        kept = max(1, round(width * shape[0] / shape[1]))
        top = (height - kept) // 2
        return frames[:, top : top + kept]
    kept = max(1, round(height * shape[1] / shape[0]))
    left = (width - kept) // 2
    return frames[:, :, left : left + kept]


def cut_squares(frames: UInt8Array, squares: Sequence[Square], size: tuple[int, int]) -> UInt8Array:
    """A square out of each frame at the network's size, grey where it reaches over the border.

    Args:
        frames: uint8 RGB (N, H, W, 3).
        squares: one for each frame.
        size: (height, width) to resize to.

    Returns:
        uint8 RGB (N, height, width, 3).
    """
    resizer = Resizer()
    cut = np.empty((len(frames), *size, 3), dtype=np.uint8)
    for step, (frame, square) in enumerate(zip(frames, squares, strict=True)):
        cut[step] = resizer.resize(_part(frame, square), size)
    return cut


def _part(frame: UInt8Array, square: Square) -> UInt8Array:
    height, width = frame.shape[:2]
    top, bottom = max(0, square.top), min(height, square.top + square.side)
    left, right = max(0, square.left), min(width, square.left + square.side)
    inside = frame[top:bottom, left:right]
    if inside.shape[:2] == (square.side, square.side):
        return inside
    part = np.full((square.side, square.side, 3), _BEYOND, dtype=np.uint8)
    part[top - square.top : bottom - square.top, left - square.left : right - square.left] = inside
    return part
