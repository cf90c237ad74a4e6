"""Motion: what differs from how a place usually looks. No weights, no classes; for a camera that stands still."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import ndimage

from vidclf.detect.detection import Detection
from vidclf.types import BoolArray, Float32Array, UInt8Array
from vidclf.video.resize import resize_frames

_LONGEST_SIDE = 160
# Grey levels out of 255: what compression and the sensor's noise make of a still picture stays below.
_LEAST_CHANGE = 12.0
_NOISES = 5.0
# The deviation of noise over the median of its absolute values.
_DEVIATION_OF_MEDIAN = 1.4826
# What moves belongs together where less than twice this share of the picture's longer side lies between.
_GAP = 0.1
_LEAST_AREA = 0.002


@dataclass(frozen=True)
class MotionDetector:
    """Regions that differ from the median of all frames, in place of a background that is given.

    The score is the share of the region that changed; the label is `motion`.
    """

    name: ClassVar[str] = "motion"
    looks_back: ClassVar[int] = 6
    weights: ClassVar[None] = None

    def detect(self, frames: UInt8Array, *, first: int = 0) -> list[list[Detection]]:
        """See `Detector.detect`; one frame alone shows no motion."""
        grey = grey_thumbnails(frames)  # (N, h, w)
        background = np.median(grey, axis=0)
        scale = frames.shape[2] / grey.shape[2], frames.shape[1] / grey.shape[1]
        return [_regions(changed(thumbnail, background), scale) for thumbnail in grey[first:]]


def grey_thumbnails(frames: UInt8Array) -> Float32Array:
    """Frames (N, H, W, 3) as small grey pictures, float32 (N, h, w) of 0 to 255: enough to see what moves."""
    ratio = min(1.0, _LONGEST_SIDE / max(frames.shape[1:3]))
    size = (max(1, round(frames.shape[1] * ratio)), max(1, round(frames.shape[2] * ratio)))
    grey: Float32Array = resize_frames(frames, size).mean(axis=-1, dtype=np.float32)
    return grey


def changed(now: Float32Array, before: Float32Array) -> BoolArray:
    """Where two grey pictures (h, w) differ by more than noise and by more than a change of light makes of both."""
    difference = now - before
    size = np.abs(difference - np.median(difference))
    moved: BoolArray = size > max(_LEAST_CHANGE, _NOISES * _DEVIATION_OF_MEDIAN * float(np.median(size)))
    return moved


def _regions(moved: BoolArray, scale: tuple[float, float]) -> list[Detection]:
    """Boxes around what moved (h, w), the largest first; `scale` is the frame's pixels for one, across and down."""
    # Single pixels are noise; taken out before what lies near is joined.
    joined = ndimage.binary_dilation(ndimage.binary_opening(moved), iterations=max(1, round(_GAP * max(moved.shape))))
    labels, count = ndimage.label(joined)
    found = []
    for number in range(1, count + 1):
        rows, columns = np.nonzero(moved & (labels == number))
        if len(rows) < _LEAST_AREA * moved.size:
            continue
        left, top, right, bottom = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
        box = (float(left * scale[0]), float(top * scale[1]), float(right * scale[0]), float(bottom * scale[1]))
        share = len(rows) / ((bottom - top) * (right - left))
        found.append((len(rows), Detection(box, "motion", float(share))))
    return [detection for _, detection in sorted(found, key=lambda pair: -pair[0])]
