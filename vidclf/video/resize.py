"""The one resize of the package.

Files, cameras, arrays and crops all come through here, so one picture gives one set of numbers wherever it
comes from: swscale on RGB, area averaging when shrinking, bilinear when enlarging. No value is more than one
grey level from OpenCV's INTER_AREA and INTER_LINEAR, flat colours are exact.
"""

from __future__ import annotations

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from vidclf.types import UInt8Array

# Without the first two, swscale halves the colour resolution of an RGB picture before it scales (and is slower);
# with the others the numbers are the same on every processor.
_EXACT = (
    Interpolation.FULL_CHR_H_INP | Interpolation.FULL_CHR_H_INT | Interpolation.ACCURATE_RND | Interpolation.BITEXACT
)

# Crops come in any size; tables for all of them would pile up.
_KEPT_SIZES = 16


class Resizer:
    """Resizes pictures; keeps swscale's tables from one picture to the next of the same size.

    Deterministic. Not to be shared between threads: give each its own.
    """

    def __init__(self) -> None:
        # Changing the size within one reformatter rebuilds its tables each time.
        self._reformatters: dict[tuple[int, int, int, int], VideoReformatter] = {}

    def resize(self, image: UInt8Array, size: tuple[int, int]) -> UInt8Array:
        """Resize one picture; the picture itself where it has that size already.

        Args:
            image: uint8 RGB (H, W, 3); any strides, so crops need no copy.
            size: (height, width) in pixels, each at least 1.

        Returns:
            uint8 RGB (height, width, 3).

        Raises:
            ValueError: the picture or the size is not of that form.
        """
        if image.ndim != 3 or image.shape[-1] != 3 or image.dtype != np.uint8 or 0 in image.shape:
            raise ValueError(f"image must be uint8 RGB (H, W, 3), not {image.dtype} {image.shape}")
        height, width = size
        if height < 1 or width < 1:
            raise ValueError(f"size must be (height, width) of at least 1 pixel each, not {size}")
        if image.shape[:2] == (height, width):
            return image
        source = av.VideoFrame.from_numpy_buffer(np.ascontiguousarray(image), format="rgb24")
        scaled = self._reformatter(image, size).reformat(
            source, width=width, height=height, interpolation=_interpolation(image, size), threads=1
        )
        return np.asarray(scaled.to_ndarray(), dtype=np.uint8)

    def _reformatter(self, image: UInt8Array, size: tuple[int, int]) -> VideoReformatter:
        key = (image.shape[0], image.shape[1], *size)
        if key not in self._reformatters:
            if len(self._reformatters) >= _KEPT_SIZES:
                self._reformatters.clear()
            self._reformatters[key] = VideoReformatter()
        return self._reformatters[key]


def resize_frames(frames: UInt8Array, size: tuple[int, int]) -> UInt8Array:
    """Resize the frames of a clip, each as `Resizer.resize` does.

    Args:
        frames: uint8 RGB (T, H, W, 3); any strides.
        size: (height, width) in pixels.

    Returns:
        uint8 RGB (T, height, width, 3); `frames` itself where they have that size already.

    Raises:
        ValueError: `frames` or `size` is not of that form.
    """
    if frames.ndim != 4:
        raise ValueError(f"frames must be uint8 RGB (T, H, W, 3), not {frames.dtype} {frames.shape}")
    if frames.shape[1:3] == tuple(size):
        return frames
    resizer = Resizer()
    resized = np.empty((len(frames), *size, 3), dtype=np.uint8)
    for step, frame in enumerate(frames):
        resized[step] = resizer.resize(frame, size)
    return resized


def _interpolation(image: UInt8Array, size: tuple[int, int]) -> Interpolation:
    # swscale's area mode repeats pixels when enlarging; its bilinear filter widens when shrinking, so it is
    # right for a picture that shrinks one way and grows the other.
    shrinks = size[0] <= image.shape[0] and size[1] <= image.shape[1]
    return _EXACT | (Interpolation.AREA if shrinks else Interpolation.BILINEAR)
