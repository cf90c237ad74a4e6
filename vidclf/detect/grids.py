"""What detectors without anchors share: cells that answer, and one answer for one thing."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from vidclf.types import Float32Array, IntArray


@lru_cache(maxsize=16)
def cells(height: int, width: int, strides: tuple[int, ...]) -> tuple[Float32Array, Float32Array]:
    """The cells of grids over a picture, grid after grid, row by row.

    Args:
        height: of the picture in pixels.
        width: of the picture in pixels.
        strides: pixels from cell to cell of each grid.

    Returns:
        float32 (N, 2), column and row of each cell; float32 (N,), the stride of its grid.
    """
    places = []
    for stride in strides:
        rows, columns = np.mgrid[: height // stride, : width // stride]
        places.append(np.stack([columns.ravel(), rows.ravel()], axis=1))
    counts = [len(place) for place in places]
    return np.concatenate(places).astype(np.float32), np.repeat(np.array(strides, np.float32), counts)


def suppress(boxes: Float32Array, scores: Float32Array, groups: IntArray, *, most_overlap: float) -> IntArray:
    """Non-maximum suppression: of boxes of one group that overlap, the surest is kept.

    Args:
        boxes: float32 (N, 4), xyxy.
        scores: float32 (N,).
        groups: int64 (N,), the class of each; boxes of different classes do not touch each other.
        most_overlap: intersection over union above which two boxes are of one thing.

    Returns:
        int64 (K,), numbers of the boxes that stay, the surest first.
    """
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    waiting = np.argsort(-scores, kind="stable")
    kept = []
    while len(waiting):
        surest, rest = waiting[0], waiting[1:]
        kept.append(surest)
        upper_left = np.maximum(boxes[surest, :2], boxes[rest, :2])
        lower_right = np.minimum(boxes[surest, 2:], boxes[rest, 2:])
        shared = np.prod(np.maximum(lower_right - upper_left, 0), axis=1)
        overlap = shared / (areas[surest] + areas[rest] - shared)
        waiting = rest[(overlap <= most_overlap) | (groups[rest] != groups[surest])]
    return np.array(kept, dtype=np.int64)
