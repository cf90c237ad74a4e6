"""Crops as bytes: safetensors, in which every pixel is kept as it is. Reading them executes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from vidclf.types import Crop


def pack(crop: Crop) -> bytes:
    """Pixels and times of a crop; not compressed, as a camera's noise leaves little to gain."""
    return save(tensors_of(crop))


def unpack(content: bytes) -> Crop:
    """What `pack` took.

    Raises:
        ValueError: the content is something else, or damaged.
    """
    try:
        return crop_of(load(content))
    except (SafetensorError, KeyError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from None


def tensors_of(crop: Crop) -> dict[str, npt.NDArray[Any]]:
    """What has to be kept of a crop, by name."""
    return {"pixels": np.ascontiguousarray(crop.pixels), "pts_seconds": np.ascontiguousarray(crop.pts_seconds)}


def crop_of(tensors: dict[str, npt.NDArray[Any]]) -> Crop:
    """The crop that `tensors_of` described.

    Raises:
        ValueError: these are tensors of something else.
    """
    if set(tensors) != {"pixels", "pts_seconds"}:
        raise ValueError(f"it holds {', '.join(sorted(tensors)) or 'nothing'}")
    pixels, pts_seconds = tensors["pixels"], tensors["pts_seconds"]
    if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[-1] != 3 or 0 in pixels.shape:
        raise ValueError(f"its pixels are {pixels.dtype} {pixels.shape}")
    if pts_seconds.dtype != np.float64 or pts_seconds.shape != pixels.shape[:1]:
        raise ValueError(f"its times are {pts_seconds.dtype} {pts_seconds.shape}")
    return Crop(pixels, pts_seconds)
