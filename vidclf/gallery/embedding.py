"""Crops to vectors that a gallery may take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vidclf.errors import StoppedError
from vidclf.gallery.records import is_unit
from vidclf.types import Crop, Float32Array

if TYPE_CHECKING:
    from vidclf.infer.embedder import Embedder  # which imports PyTorch


def embed(embedder: Embedder, crops: Sequence[Crop]) -> Float32Array:
    """The crops' vectors, float32 (N, D), of length one; none of no crops.

    Raises:
        StoppedError: the embedder gives something else.
    """
    if not crops:
        return np.empty((0, embedder.dim), np.float32)
    vectors = np.asarray(embedder.embed(crops), dtype=np.float32)
    if vectors.shape != (len(crops), embedder.dim) or not is_unit(vectors):
        raise StoppedError(
            f"the embedder should give {len(crops)} vectors of {embedder.dim} values and of length one, and gave "
            f"something else, of shape {vectors.shape}. Its weights may be damaged."
        )
    return vectors
