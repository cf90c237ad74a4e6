"""What moves where, when and which way: features of a clip that need no network."""

from __future__ import annotations

import numpy as np

from vidclf.types import Float32Array, Float64Array, UInt8Array

# Coarse on purpose: two people do not make a gesture at the same place or in the same instant.
_TIMES, _ROWS, _COLUMNS, _DIRECTIONS = 4, 2, 2, 8
_BINS = _TIMES * _ROWS * _COLUMNS * _DIRECTIONS
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
_NOISE = 0.02  # of a grey scale of 0 to 1: less is the camera's
_STILL = 1e-3


def motion_features(frames: UInt8Array) -> Float32Array:
    """How the motion of a clip is divided over time, place and direction.

    Each pixel that changes moves along its brightness gradient: the normal flow (Horn & Schunck, 1981). It counts by
    how much it changes, into a histogram of directions (Dalal, Triggs & Schmid, ECCV 2006) for each quarter of the
    clip and of the picture. Shares, not amounts, so that contrast and distance matter little; their square roots,
    so that much of one direction does not hide the rest (Hellinger distance).

    Args:
        frames: uint8 RGB (T, h, w, 3), evenly spaced in time, of some 50 pixels' height.

    Returns:
        float32 (128,), length 1; near 0 where nothing moves.
    """
    grey = frames.astype(np.float32) @ (_LUMA / 255)  # (T, h, w)
    counts = np.zeros(_BINS)
    for step in range(1, len(grey)):
        time = (step - 1) * _TIMES // (len(grey) - 1)
        counts += _step_counts(grey[step - 1], grey[step], time)
    features: Float32Array = np.sqrt(counts / (counts.sum() + _STILL)).astype(np.float32)
    return features


def _step_counts(before: Float32Array, now: Float32Array, time: int) -> Float64Array:
    """The histogram of one step (h, w), in its place among all times."""
    height, width = now.shape
    change = now - before
    down, right = np.gradient(now)
    counted = (np.abs(change) > _NOISE) & (np.hypot(down, right) > _NOISE)
    angle = np.arctan2(-change * down, -change * right)  # of the normal flow
    direction = ((angle + np.pi) / (2 * np.pi) * _DIRECTIONS).astype(np.int64) % _DIRECTIONS
    row = np.arange(height)[:, None] * _ROWS // height
    column = np.arange(width)[None] * _COLUMNS // width
    cell = ((time * _ROWS + row) * _COLUMNS + column) * _DIRECTIONS + direction
    weights = (np.abs(change)[counted] - _NOISE).astype(np.float64)
    return np.bincount(cell[counted], weights, minlength=_BINS).astype(np.float64)
