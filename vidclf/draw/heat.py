"""Heat over pictures: what spoke for an answer."""

from __future__ import annotations

import matplotlib
import numpy as np

from vidclf.types import Float32Array, UInt8Array

_COLOURS = "inferno"
_STRENGTH = 0.7  # how much of the picture the hottest place covers


def heated(frames: UInt8Array, heat: Float32Array) -> UInt8Array:
    """Frames in grey with heat in colour over them, the stronger the hotter a place is.

    Args:
        frames: uint8 RGB (T, h, w, 3).
        heat: (T, h, w) from 0 to 1.

    Raises:
        ValueError: the shapes disagree.
    """
    if frames.shape != (*heat.shape, 3):
        raise ValueError(f"heat of shape {heat.shape} is not of frames of shape {frames.shape}")
    shown = np.sqrt(heat)  # a tenth of the most is worth seeing
    grey = frames.mean(axis=-1, keepdims=True) / 255  # (T, h, w, 1)
    colours = matplotlib.colormaps[_COLOURS](shown)[..., :3]
    cover = _STRENGTH * shown[..., None]
    pictures: UInt8Array = np.rint(255 * ((1 - cover) * grey + cover * colours)).astype(np.uint8)
    return pictures
