"""A small embedder that needs no weights, and drawn people that it can tell apart."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vidclf.types import Clip, Crop, Float32Array, UInt8Array
from vidclf.video import read_clip, resize_frames

_SIDE = 12


class Projection:
    """A fixed random projection of the picture, made small: alike pictures have alike vectors."""

    def __init__(self, *, dim: int = 32, seed: int = 0, threshold: float | None = 0.7) -> None:
        self.dim, self.threshold = dim, threshold
        self._matrix = np.random.default_rng(seed).normal(size=(_SIDE * _SIDE * 3, dim)).astype(np.float32)
        self.identity = hashlib.sha256(self._matrix.tobytes()).hexdigest()

    def crops(self, source: str | Path | Clip | UInt8Array) -> list[Crop]:
        if isinstance(source, np.ndarray):
            source = Clip.from_frames(source, fps=25)
        clip = source if isinstance(source, Clip) else read_clip(source)
        return [Crop(clip.frames, clip.pts_seconds, source=clip.source)]

    def embed(self, crops: Sequence[Crop]) -> Float32Array:
        small = [resize_frames(crop.pixels, (_SIDE, _SIDE)).mean(axis=0, dtype=np.float32).ravel() for crop in crops]
        vectors = (np.stack(small) - 127.5) @ self._matrix
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def picture(person: int, take: int = 0, *, noise: float = 12.0) -> UInt8Array:
    """uint8 RGB (24, 24, 3): coarse patches of a person's own colours, with the noise of one take."""
    patches = np.random.default_rng(person).uniform(0, 255, (6, 6, 3))
    grain = np.random.default_rng((person, take, 1)).normal(0, noise, (24, 24, 3))
    return np.clip(patches.repeat(4, 0).repeat(4, 1) + grain, 0, 255).astype(np.uint8)


def crop(person: int, take: int = 0, *, in_frame: float | None = None, problems: tuple[str, ...] = ()) -> Crop:
    """A take of a person; with `in_frame`, cut from the frame at that time."""
    box = None if in_frame is None else (10.0 * take, 0.0, 10.0 * take + 24, 24.0)
    pts_seconds = np.array([in_frame or 0.0])
    source = f"person{person}/{take}.png" if in_frame is None else "party.mp4"
    return Crop(picture(person, take)[None], pts_seconds, box, problems=problems, source=source)
