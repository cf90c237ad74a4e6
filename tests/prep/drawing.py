"""Figures that move, drawn: enough for finding what moves."""

from __future__ import annotations

import numpy as np

from vidclf.types import Clip, UInt8Array

FPS = 20.0


def room(count: int, height: int = 120, width: int = 160) -> UInt8Array:
    """A still, patterned room."""
    rng = np.random.default_rng(0)
    still = (
        rng.integers(40, 130, (height // 10, width // 10, 3), dtype=np.uint8).repeat(10, axis=0).repeat(10, axis=1)
    )
    return np.repeat(still[None], count, axis=0)


def walker(count: int = 60, *, start: int = 10, step: float = 1.5) -> Clip:
    """A bright figure, 16 x 50 pixels, that walks to the right through the room."""
    frames = room(count)
    for number, frame in enumerate(frames):
        left = round(start + step * number)
        frame[40:90, left : left + 16] = (230, 200, 180)
    return Clip.from_frames(frames, fps=FPS)
