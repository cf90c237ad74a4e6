"""Looking several times: slightly moved copies of a crop, whose vectors are averaged."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch.nn import functional as F

from vidclf.infer.embedder import Embedder
from vidclf.types import Crop, Float32Array

_DEGREES, _SLANT, _ZOOM, _SHIFT = 10.0, 8.0, 0.1, 0.05


def embed_views(embedder: Embedder, crops: Sequence[Crop], views: int) -> Float32Array:
    """Vectors (N, D) of length one: the mean over `views` affine views of each crop, of which the first is itself.

    The views are the same for all crops, and each crop is looked at by itself.
    """
    total = embedder.embed(crops)
    for number in range(1, views):
        total = total + embedder.embed([moved(crop, number) for crop in crops])
    length = np.linalg.norm(total, axis=1, keepdims=True)
    vectors: Float32Array = total / np.maximum(length, np.float32(1e-12))
    return vectors


def moved(crop: Crop, number: int) -> Crop:
    """A crop turned, slanted, zoomed and shifted a little, as its number has it; its border is drawn out."""
    around = np.random.default_rng(number).uniform(-1, 1, size=5)
    angle, slant = math.radians(_DEGREES) * around[0], math.tan(math.radians(_SLANT) * around[1])
    zoom = 1 + _ZOOM * around[2]
    cos, sin = math.cos(angle) / zoom, math.sin(angle) / zoom
    shift = 2 * _SHIFT * around[3:]
    rows = [[cos, slant * cos - sin, shift[0]], [sin, slant * sin + cos, shift[1]]]
    matrix = torch.tensor(rows, dtype=torch.float32)
    pictures = torch.from_numpy(crop.pixels).permute(0, 3, 1, 2).float()  # (T, 3, h, w)
    grid = F.affine_grid(matrix.expand(len(pictures), 2, 3), list(pictures.shape), align_corners=False)
    changed = F.grid_sample(pictures, grid, padding_mode="border", align_corners=False)
    pixels = changed.round().to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()
    return replace(crop, pixels=pixels)
