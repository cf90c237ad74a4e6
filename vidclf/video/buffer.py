"""Frames of one size behind each other in one array."""

from __future__ import annotations

import numpy as np

from vidclf.types import UInt8Array


class FrameBuffer:
    """Takes frames one by one, and gives them as one array.

    Each frame is copied as it comes, so that its memory serves the next one: new memory for each, and then for
    all of them together, costs about as much as converting them.

    Args:
        expected: how many will come, at least 1; more may.
    """

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self._count = 0
        self._frames: UInt8Array | None = None

    def __len__(self) -> int:
        return self._count

    def append(self, image: UInt8Array) -> None:
        """Take a frame, uint8 RGB (H, W, 3), of the size of the first."""
        if self._frames is None:
            self._frames = np.empty((self._expected, *image.shape), dtype=np.uint8)
        elif self._count == len(self._frames):
            # In place where the system can; pages that no frame was written to take no memory.
            self._frames.resize((2 * self._count, *image.shape), refcheck=False)
        self._frames[self._count] = image
        self._count += 1

    def frames(self) -> UInt8Array:
        """All of them, uint8 RGB (N, H, W, 3), of no size where N is 0; nothing can be appended afterwards."""
        if self._frames is None:
            return np.empty((0, 0, 0, 3), dtype=np.uint8)
        self._frames.resize((self._count, *self._frames.shape[1:]), refcheck=False)
        return self._frames
