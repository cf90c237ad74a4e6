"""Pictures as PNG."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from vidclf.types import UInt8Array


def save_png(path: Path | str, image: UInt8Array) -> None:
    """Write a picture, uint8 RGB (H, W, 3), as PNG; the folder must exist.

    Raises:
        ValueError: another shape or type.
    """
    Path(path).write_bytes(png_bytes(image))


def png_bytes(image: UInt8Array) -> bytes:
    """A picture, uint8 RGB (H, W, 3), as the bytes of a PNG file.

    Raises:
        ValueError: another shape or type.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(f"a picture must be uint8 RGB of shape (H, W, 3), not {image.dtype} {image.shape}")
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()
