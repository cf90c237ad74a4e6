"""Turning a stored picture the way it is meant to be shown.

A container's display matrix and a photograph's EXIF tag both describe one of eight orientations: the rows and
columns exchanged or not, then mirrored or not along each axis. An angle alone cannot say "mirrored".
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass

import av
from av.video.stream import VideoStream
from PIL import Image, UnidentifiedImageError

from vidclf.types import UInt8Array

_EXIF_ORIENTATION = 0x0112


@dataclass(frozen=True)
class Orientation:
    """How to get from the stored to the upright picture: exchange the axes first, then mirror.

    Attributes:
        swap_axes: rows become columns.
        flip_rows: top and bottom change places.
        flip_columns: left and right change places.
    """

    swap_axes: bool = False
    flip_rows: bool = False
    flip_columns: bool = False

    def apply(self, image: UInt8Array) -> UInt8Array:
        """Turn a picture (H, W, 3) upright; a view where that is possible."""
        if self.swap_axes:
            image = image.swapaxes(0, 1)
        return image[:: -1 if self.flip_rows else 1, :: -1 if self.flip_columns else 1]

    def upright_size(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) as shown, of a picture stored as `height` x `width`."""
        return (width, height) if self.swap_axes else (height, width)


UPRIGHT = Orientation()

# EXIF 2.32, tag 0x0112: where row 0 and column 0 of the stored picture belong in the shown one.
_BY_EXIF = {
    1: UPRIGHT,
    2: Orientation(flip_columns=True),
    3: Orientation(flip_rows=True, flip_columns=True),
    4: Orientation(flip_rows=True),
    5: Orientation(swap_axes=True),
    6: Orientation(swap_axes=True, flip_columns=True),
    7: Orientation(swap_axes=True, flip_rows=True, flip_columns=True),
    8: Orientation(swap_axes=True, flip_rows=True),
}


def orientation_of(frame: av.VideoFrame, packet: av.Packet[VideoStream]) -> Orientation:
    """How a decoded frame wants to be shown.

    Args:
        frame: the frame.
        packet: the packet that it came from; still pictures carry their EXIF there.
    """
    try:
        side_data = frame.side_data
    except ValueError:
        # PyAV 18 knows no name for EXIF side data and then refuses the whole list.
        return _from_exif(bytes(packet))
    if "DISPLAYMATRIX" not in side_data:
        return UPRIGHT
    return from_display_matrix(bytes(side_data["DISPLAYMATRIX"]))  # type: ignore[typeddict-item]


def from_display_matrix(data: bytes) -> Orientation:
    """The orientation that is nearest to a display matrix.

    Args:
        data: 9 int32 (a b u, c d v, x y w) as in libavutil/display.h: the stored point (x, y) is shown at
            (ax + cy, bx + dy).
    """
    a, b, _, c, d, *_ = struct.unpack("=9i", data)
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return Orientation(flip_rows=d < 0, flip_columns=a < 0)
    return Orientation(swap_axes=True, flip_rows=b < 0, flip_columns=c < 0)


def _from_exif(picture: bytes) -> Orientation:
    try:
        with Image.open(io.BytesIO(picture)) as image:
            value = image.getexif().get(_EXIF_ORIENTATION, 1)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError):
        return UPRIGHT
    return _BY_EXIF.get(value, UPRIGHT)
