"""Networks of others: an ONNX file and what it wants its pictures to be."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from vidclf.engines import open_onnx
from vidclf.errors import WeightsError
from vidclf.types import Crop, Float32Array, UInt8Array
from vidclf.video import resize_frames

_AT_ONCE = 32


class PicturePreprocessing(BaseModel):
    """From pixels of 0 to 255 to what a network takes: (pixel - mean) / deviation, channels first."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    side: int = Field(112, ge=8, le=4096, description="height and width in pixels")
    colours: Literal["rgb", "bgr", "grey"] = "rgb"
    mean: float = 127.5
    deviation: float = Field(127.5, gt=0)
    mirror: bool = Field(False, description="embed each picture mirrored as well, and take the mean of both")


class OnnxEncoder:
    """An ONNX graph from pictures (N, C, side, side) to vectors (N, D).

    Args:
        weights: the file's content.
        preprocessing: what the graph wants.

    Raises:
        MissingExtraError: ONNX Runtime is not installed.
        WeightsError: the file holds no graph that takes such pictures and gives a vector for each.
    """

    def __init__(self, weights: bytes, preprocessing: PicturePreprocessing) -> None:
        self.preprocessing = preprocessing
        self._session = open_onnx(weights, threads=1)
        settings = f"{preprocessing.model_dump_json()}\n{sha256(weights).hexdigest()}"
        self._identity = sha256(settings.encode()).hexdigest()
        self._dim = self._measured_dim()

    @property
    def identity(self) -> str:
        """See `Embedder`."""
        return self._identity

    @property
    def dim(self) -> int:
        """See `Embedder`."""
        return self._dim

    def embed(self, crops: Sequence[Crop]) -> Float32Array:
        """See `Embedder.embed`; the vector of several frames is their mean, brought to length one."""
        vectors = np.zeros((len(crops), self.dim), dtype=np.float32)
        if not crops:
            return vectors
        counts = np.array([len(crop.pixels) for crop in crops])
        side = self.preprocessing.side
        frames = np.concatenate([resize_frames(crop.pixels, (side, side)) for crop in crops])
        np.add.at(vectors, np.repeat(np.arange(len(crops)), counts), self._of_pictures(frames))
        return _unit(vectors)

    def _of_pictures(self, pictures: UInt8Array) -> Float32Array:
        """Unit vectors (N, D) of pictures (N, side, side, 3)."""
        vectors = self._run(pictures)
        if self.preprocessing.mirror:
            vectors = vectors + self._run(pictures[:, :, ::-1])
        return _unit(vectors)

    def _run(self, pictures: UInt8Array) -> Float32Array:
        groups = (self._input(pictures[first : first + _AT_ONCE]) for first in range(0, len(pictures), _AT_ONCE))
        name = self._session.get_inputs()[0].name
        vectors = [np.asarray(self._session.run(None, {name: group})[0], np.float32) for group in groups]
        return np.concatenate(vectors)

    def _input(self, pictures: UInt8Array) -> Float32Array:
        wanted = self.preprocessing
        values = pictures.astype(np.float32)
        if wanted.colours == "grey":
            values = values @ np.array([[0.299], [0.587], [0.114]], np.float32)  # ITU-R BT.601
        elif wanted.colours == "bgr":
            values = values[..., ::-1]
        normalised: Float32Array = (values - np.float32(wanted.mean)) / np.float32(wanted.deviation)
        return np.ascontiguousarray(normalised.transpose(0, 3, 1, 2))

    def _measured_dim(self) -> int:
        """Length of the vectors, by embedding two pictures: graphs often do not declare it, or not rightly."""
        side = self.preprocessing.side
        try:
            vectors = self._run(np.zeros((2, side, side, 3), np.uint8))
        except Exception as error:  # its classes of errors are not public
            reason = str(error).splitlines()[0]
            raise WeightsError(
                f"this graph does not take {self.preprocessing.colours} pictures of {side}x{side} ({reason})."
            ) from None
        if vectors.ndim != 2 or len(vectors) != 2:
            raise WeightsError(f"this graph gives {vectors.shape} for two pictures, and not a vector for each.")
        return int(vectors.shape[1])


def _unit(vectors: Float32Array) -> Float32Array:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Float32Array = vectors / np.maximum(lengths, np.finfo(np.float32).tiny)
    return unit
