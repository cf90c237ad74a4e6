"""Faces turned and scaled so that eyes, nose and mouth lie where a network that knows faces expects them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from vidclf.types import Float64Array, UInt8Array
from vidclf.video.resize import Resizer

# Where the five points lie in a picture of 112x112, from left to right as one sees them: the eyes, the nose, the
# corners of the mouth. Of ArcFace (Deng et al., CVPR 2019), and so of nearly all networks for faces since.
_TEMPLATE_SIDE = 112
_TEMPLATE = np.array([(38.29, 51.70), (73.53, 51.50), (56.03, 71.74), (41.55, 92.37), (70.73, 92.20)])
# The warp looks at two pixels by two for one; where it shrinks by more, those between them would be lost.
_MOST_SHRUNK = 2.0


def align_face(picture: UInt8Array, points: Sequence[tuple[float, float]], *, side: int = 112) -> UInt8Array:
    """Cut a face out so that its five points come to where face networks expect them.

    Args:
        picture: uint8 RGB (H, W, 3).
        points: the five of a `Detection`, (x, y) in pixels.
        side: of the square that is given, in pixels.

    Returns:
        uint8 RGB (side, side, 3); what lies beyond the picture repeats its border.

    Raises:
        ValueError: there are not five points, or all lie in one place.
    """
    if len(points) != len(_TEMPLATE):
        raise ValueError(f"a face has {len(_TEMPLATE)} points, not {len(points)}")
    # Whole numbers are the middles of pixels in the template, and their upper left corners for Pillow.
    template = (_TEMPLATE + 0.5) * (side / _TEMPLATE_SIDE)
    to_square = similarity(np.asarray(points, np.float64) + 0.5, template)  # (2, 3)
    to_picture = np.linalg.inv(np.vstack([to_square, [0, 0, 1]]))[:2]
    corners = np.array([(0, 0), (side, 0), (0, side), (side, side)]) @ to_picture[:, :2].T + to_picture[:, 2]
    left, top = np.floor(corners.min(axis=0)).astype(int) - 1
    right, bottom = np.ceil(corners.max(axis=0)).astype(int) + 1
    part = cut(picture, left, top, right, bottom)
    to_picture[:, 2] -= left, top
    shrinks = float(np.hypot(to_picture[0, 0], to_picture[1, 0]))
    if shrinks > _MOST_SHRUNK:
        height, width = part.shape[:2]
        smaller = _MOST_SHRUNK / shrinks
        part = Resizer().resize(part, (round(height * smaller), round(width * smaller)))
        to_picture *= [[part.shape[1] / width], [part.shape[0] / height]]
    square = Image.fromarray(part).transform(
        (side, side), Image.Transform.AFFINE, tuple(to_picture.ravel()), Image.Resampling.BILINEAR
    )
    return np.asarray(square)


def similarity(source: Float64Array, target: Float64Array) -> Float64Array:
    """The turn, scale and shift that bring points nearest to others, in the sense of least squares.

    Args:
        source: (N, 2).
        target: (N, 2), where they should come to.

    Returns:
        float64 (2, 3), to be multiplied with (x, y, 1). It never mirrors.

    Raises:
        ValueError: all points of `source` or of `target` lie in one place.

    Source:
        Umeyama, Least-squares estimation of transformation parameters between two point patterns, PAMI 13 (1991).
    """
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    centred, wanted = source - source_mean, target - target_mean
    spread = (centred**2).sum()
    left, strengths, right = np.linalg.svd(wanted.T @ centred)
    upright = np.array([1.0, np.sign(np.linalg.det(left @ right))])
    if spread == 0 or not strengths @ upright > 0:
        raise ValueError("all points lie in one place, so they tell no direction and no size")
    turn = left @ np.diag(upright) @ right * (strengths @ upright) / spread
    return np.column_stack([turn, target_mean - turn @ source_mean])


def cut(picture: UInt8Array, left: int, top: int, right: int, bottom: int) -> UInt8Array:
    """A part of a picture (H, W, 3), whose border is repeated where the part reaches beyond it."""
    height, width = picture.shape[:2]
    rows, columns = (
        np.clip(np.arange(first, last), 0, whole - 1)
        for first, last, whole in ((top, bottom, height), (left, right, width))
    )
    return picture[rows][:, columns]
