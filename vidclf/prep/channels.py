"""From pictures at the network's size to its channels: colours and motion, normalised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from vidclf.types import Float32Array, UInt8Array

# ITU-R BT.601 luma, what "grey" means in FFmpeg, Pillow and OpenCV.
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
# Differences are small beside the grey values themselves; this rough factor brings them nearer to the scale of
# the other channels.
_MOTION_SCALE = 0.1
# Below this a clip is still, and dividing by its own deviation would only blow up noise.
_LEAST_DEVIATION = 0.01
# A motion picture is as bright as its strongest changes allow, but noise alone never fills it: (share of the
# pixels that are no stronger, least change that is shown as white).
_WHITE_SHARE, _LEAST_WHITE = 0.995, 0.05


# Whose own mean and deviation pictures are normalised with: the whole clip's, or each frame's.
Own = Literal["clip", "frame"]


@dataclass(frozen=True)
class Statistics:
    """Mean and deviation of each RGB channel, on a scale of 0 to 1, that pictures are normalised with."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]


IMAGENET = Statistics(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
HALF = Statistics(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
# White becomes 0, as what a convolution sees beyond the border, and black 1.
INK = Statistics(mean=(1.0, 1.0, 1.0), std=(-1.0, -1.0, -1.0))


def normalised(pictures: UInt8Array, statistics: Statistics | Own) -> Float32Array:
    """Pictures (T, h, w, 3) by mean and deviation, or by those that are the clip's or frame's own.

    Returns:
        float32 (T, 3, h, w).
    """
    if statistics == "frame":
        return np.concatenate([normalised(picture[None], "clip") for picture in pictures])
    mean, std = _own_statistics(pictures) if statistics == "clip" else (statistics.mean, statistics.std)
    mean, std = np.asarray(mean, np.float32), np.asarray(std, np.float32)
    # (x / 255 - mean) / std, with the constants taken together
    inputs = np.multiply(pictures.transpose(0, 3, 1, 2), (1 / (255 * std))[:, None, None], order="C")
    inputs -= (mean / std)[:, None, None]
    return inputs


def difference(now: UInt8Array, before: UInt8Array, statistics: Statistics | Own) -> Float32Array:
    """Signed change of grey between frames (T, h, w, 3), or grey ones (T, h, w, 1): float32 (T, h, w).

    Args:
        now: the frames.
        before: for each, the frame that it is compared with.
        statistics: `clip` and `frame` bring the clip's or each frame's changes to a deviation of one; others bring
            all clips' changes nearer to that by one factor.
    """
    change = _change(now, before)
    if statistics == "clip" or statistics == "frame":
        axes = (0, 1, 2) if statistics == "clip" else (1, 2)
        deviation = np.sqrt(np.mean(change**2, axis=axes, keepdims=True))
        change /= np.maximum(deviation, _LEAST_DEVIATION, dtype=np.float32)
    else:
        change *= np.float32(1 / _MOTION_SCALE)
    return change


def motion_pictures(now: UInt8Array, before: UInt8Array) -> UInt8Array:
    """Strength of change as grey pictures, for a network that was trained on photographs: uint8 (T, h, w, 3).

    Args:
        now: uint8 RGB (T, h, w, 3).
        before: for each, the frame that it is compared with.
    """
    strength = np.abs(_change(now, before))  # (T, h, w)
    pixels = strength.reshape(len(strength), -1)
    place = round(_WHITE_SHARE * (pixels.shape[1] - 1))
    white = np.maximum(np.partition(pixels, place, axis=1)[:, place], _LEAST_WHITE)  # (T,)
    shown = np.minimum(strength * (255 / white)[:, None, None], 255).round().astype(np.uint8)
    return np.repeat(shown[..., None], 3, axis=-1)


def grey(pictures: UInt8Array) -> UInt8Array:
    """Pictures (N, h, w, 3) without their colours: uint8 (N, h, w, 1)."""
    return (255 * _luma(pictures)).round().astype(np.uint8)[..., None]


def _change(now: UInt8Array, before: UInt8Array) -> Float32Array:
    return _luma(now) - _luma(before)


def _luma(pictures: UInt8Array) -> Float32Array:
    """Brightness from 0 to 1 of pictures (N, h, w, 3 or 1): float32 (N, h, w)."""
    floats = pictures.astype(np.float32)
    if pictures.shape[-1] == 1:
        return floats[..., 0] * np.float32(1 / 255)
    luma: Float32Array = floats @ (_LUMA / np.float32(255))
    return luma


def _own_statistics(pictures: UInt8Array) -> tuple[Float32Array, Float32Array]:
    # Counting the 256 levels is exact, and needs no copy of the pixels as floats.
    levels = np.arange(256) / 255
    counts = [np.bincount(pictures[..., channel].ravel(), minlength=256) for channel in range(3)]
    shares = np.stack(counts) / (pictures.size / 3)  # (3, 256)
    mean = shares @ levels
    deviation = np.sqrt(np.maximum(shares @ levels**2 - mean**2, 0))
    return mean.astype(np.float32), np.maximum(deviation, _LEAST_DEVIATION).astype(np.float32)
