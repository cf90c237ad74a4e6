"""Small clips whose frames carry their own number, so that a test sees which frame it got."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from vidclf.types import UInt8Array

_CELLS = 12


def numbered(index: int, height: int = 64, width: int = 96) -> UInt8Array:
    """A picture with a bar code in its top quarter (white, 10 bits, black) over coloured patches.

    Its four corners differ, so that turning or mirroring it shows.
    """
    image = np.empty((height, width, 3), np.uint8)
    image[: height // 2, :] = (60, 60, 60)
    image[height // 2 :, : width // 2] = (200, 40, 40)
    image[height // 2 :, width // 2 :] = (40, 40, 200)
    bits = [1, *((index >> (9 - k)) & 1 for k in range(10)), 0]
    for cell, bit in enumerate(bits):
        image[: height // 4, cell * width // _CELLS : (cell + 1) * width // _CELLS] = 255 * bit
    return image


def number_of(image: UInt8Array) -> int | None:
    """The number in a picture's bar code; None where it cannot be read."""
    height, width = image.shape[:2]
    top, bottom = int(height * 0.08), max(int(height * 0.17), int(height * 0.08) + 1)

    def cell(k: int) -> float:
        left, right = int((k + 0.3) * width / _CELLS), int((k + 0.7) * width / _CELLS)
        return float(image[top:bottom, left : max(right, left + 1)].mean())

    levels = [cell(k) for k in range(_CELLS)]
    contrast = levels[0] - levels[-1]
    middle = (levels[0] + levels[-1]) / 2
    if contrast < 60 or any(abs(level - middle) < contrast * 0.2 for level in levels[1:-1]):
        return None
    return sum(int(level > middle) << (10 - k) for k, level in enumerate(levels) if 1 <= k <= 10)


def write_video(
    path: Path,
    images: Iterable[UInt8Array],
    *,
    ticks: Sequence[int] | None = None,
    ticks_per_second: int = 25,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    pix_fmt: str = "yuv420p",
    turn: tuple[float, bool] | None = None,
) -> Path:
    """Encode pictures; `ticks` are their times, one a tick where None; `turn` is degrees and mirroring."""
    images = list(images)
    height, width = images[0].shape[:2]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=ticks_per_second, options=options or {})
        stream.width, stream.height, stream.pix_fmt = width, height, pix_fmt
        stream.time_base = stream.codec_context.time_base = Fraction(1, ticks_per_second)
        if turn:
            stream.set_display_rotation(turn[0], hflip=turn[1])
        for index, image in enumerate(images):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts = index if ticks is None else ticks[index]
            frame.time_base = Fraction(1, ticks_per_second)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
