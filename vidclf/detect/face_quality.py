"""Whether a face is seen well enough to know somebody by it, and if not, why."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from vidclf.detect.detection import Detection
from vidclf.types import Float64Array, UInt8Array

# Each limit is where something is too poor, beside where nothing is left to wish. Press photos and portraits from
# 92x112 pixels upwards pass; faces of a crowd across a street, and such photos blurred over 3 pixels, do not.
_EYES_PIXELS = (10.0, 30.0)
_SHARPNESS = (0.055, 0.15)
_DARK, _BRIGHT = (40.0, 80.0), (215.0, 190.0)  # mean grey level
_CONTRAST = (8.0, 25.0)  # deviation of grey levels
# How far the nose lies from the middle of eyes and mouth, over the distance of the eyes; about 0.5 is a half profile.
_ASIDE = (0.55, 0.15)
# How far down from the eyes to the mouth the nose lies, 0.56 straight ahead: off that by so much up or down.
_STRAIGHT, _NODDED = 0.56, (0.2, 0.06)

_GREY = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
_NOISE_PIXELS = 0.7  # what is finer is the sensor's or the encoder's, and makes no picture sharp
# The part of an aligned face that is face whatever the hair: rows and columns as shares of its side.
_INNER_ROWS, _INNER_COLUMNS = (0.18, 0.96), (0.14, 0.86)


@dataclass(frozen=True)
class FaceQuality:
    """How well a face is seen.

    Attributes:
        score: 0 to 1; the worst of size, sharpness, light and pose.
        problems: what is too poor, in words; none where the face may be enrolled.
    """

    score: float
    problems: tuple[str, ...]


def face_quality(face: Detection, aligned: UInt8Array) -> FaceQuality:
    """Judge a face by its size in the picture, sharpness, light and pose.

    Args:
        face: with its five points.
        aligned: uint8 RGB (side, side, 3), as `align_face` gives it.
    """
    eyes, aside, nod = _geometry(np.asarray(face.points, np.float64))
    sharpness, light, contrast = _picture(aligned)
    judged = (
        (_share(eyes, _EYES_PIXELS), f"it is small: {eyes:.0f} pixels between the eyes, under {_EYES_PIXELS[0]:.0f}"),
        (_share(sharpness, _SHARPNESS), "it is blurred"),
        (_share(light, _DARK), "it is dark"),
        (_share(light, _BRIGHT), "it is overexposed"),
        (_share(contrast, _CONTRAST), "it has hardly any contrast"),
        (_share(abs(aside), _ASIDE), "it is turned to the side"),
        (_share(abs(nod), _NODDED), f"it looks {'up' if nod < 0 else 'down'}"),
    )
    return FaceQuality(
        score=min(share for share, _ in judged), problems=tuple(words for share, words in judged if share == 0)
    )


def _share(value: float, limits: tuple[float, float]) -> float:
    """0 where the value is at the first limit or beyond, 1 at the second, evenly between."""
    poor, good = limits
    return float(np.clip((value - poor) / (good - poor), 0, 1))


def _geometry(points: Float64Array) -> tuple[float, float, float]:
    """Distance of the eyes in pixels, how far the nose is aside, and how far it is nodded down, of points (5, 2)."""
    first_eye, second_eye, nose, *mouth = points
    between = (first_eye + second_eye) / 2
    across = second_eye - first_eye
    eyes = float(np.hypot(*across))
    if eyes == 0:
        return 0.0, 1.0, 0.0
    across /= eyes
    down = np.array([-across[1], across[0]])
    to_mouth = np.mean(mouth, axis=0) - between
    aside = (nose - between - to_mouth / 2) @ across / eyes
    height = to_mouth @ down
    nod = (nose - between) @ down / height - _STRAIGHT if height > 0 else 1.0
    return eyes, float(aside), float(nod)


def _picture(aligned: UInt8Array) -> tuple[float, float, float]:
    """Sharpness (strength of edges over contrast), mean and deviation of the grey levels of a face."""
    side = len(aligned)
    (top, bottom), (left, right) = (
        (round(side * first), round(side * last)) for first, last in (_INNER_ROWS, _INNER_COLUMNS)
    )
    grey = aligned[top:bottom, left:right] @ _GREY
    contrast = float(grey.std())
    edges = ndimage.laplace(ndimage.gaussian_filter(grey, _NOISE_PIXELS))
    return float(edges.std()) / max(contrast, 1.0), float(grey.mean()), contrast
