"""From a decoded frame to an upright RGB picture, in the colours that FFmpeg's own program would give."""

from __future__ import annotations

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from vidclf.types import UInt8Array
from vidclf.video.orientation import Orientation


class RgbConverter:
    """Converts frames; keeps swscale's tables from one frame to the next.

    The matrix and range that the frame is tagged with decide; untagged video is BT.601, limited range. Alpha is
    dropped, not composited. HDR is not tone-mapped.
    """

    def __init__(self) -> None:
        # `frame.to_ndarray(format="rgb24")` would build new tables for every frame.
        self._reformatter = VideoReformatter()

    def convert(self, frame: av.VideoFrame, orientation: Orientation) -> UInt8Array:
        """One picture, uint8 RGB (H, W, 3), contiguous, upright."""
        rgb = self._reformatter.reformat(frame, format="rgb24", threads=1).to_ndarray()
        return np.ascontiguousarray(orientation.apply(np.asarray(rgb, dtype=np.uint8)))
