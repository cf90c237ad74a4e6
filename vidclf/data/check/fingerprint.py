"""A hash for each moment of a clip, made of what moved: it survives other encodings, and still scenes have none.

Two clips of one camera look alike in all but what happens before it, so the hash is made of the change over a
tenth of a second and not of the picture. It is the perceptual hash of Zauner, "Implementation and Benchmarking of
Perceptual Image Hash Functions" (2010): the signs of the lowest frequencies, here of the change.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vidclf.types import BoolArray, Float64Array, UInt8Array
from vidclf.video.sampling import earlier, typical_interval

UInt64Array = npt.NDArray[np.uint64]

# Sides of the grey pictures that are hashed, in pixels.
SIDE = 32
# Bits of a hash, and of its bands: equal bands are what similar hashes are found by.
BITS, BANDS = 63, 3
BAND_BITS = BITS // BANDS

_FREQUENCIES = 8
CHANGE_SECONDS = 0.1
# Deviation of the change in grey levels. Noise and the pumping of key frames stay below it, mostly.
_LEAST_CHANGE = 1.0
_FRAMES_AT_ONCE = 1024
_ONES = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(axis=1)


@dataclass(frozen=True, eq=False)
class Fingerprint:
    """The moments of a clip.

    Attributes:
        pts_seconds: float64 (N,), time of each frame, never decreasing.
        hashes: uint64 (N,), what changed within the tenth of a second before each frame.
        moving: bool (N,), whether so much changed that its hash means something.
    """

    pts_seconds: Float64Array
    hashes: UInt64Array
    moving: BoolArray

    @property
    def seconds(self) -> float:
        """How long the clip is, its last frame shown for as long as most."""
        return float(self.pts_seconds[-1] - self.pts_seconds[0]) + self.interval

    @property
    def interval(self) -> float:
        """Seconds from frame to frame, as most are; 0 for a single frame."""
        return typical_interval(self.pts_seconds)

    def within(self, start_seconds: float | None, end_seconds: float | None) -> Fingerprint:
        """The part from a time on and before another."""
        first = 0 if start_seconds is None else int(np.searchsorted(self.pts_seconds, start_seconds))
        stop = None if end_seconds is None else int(np.searchsorted(self.pts_seconds, end_seconds))
        part = slice(first, stop)
        return Fingerprint(self.pts_seconds[part], self.hashes[part], self.moving[part])


def take_fingerprint(pictures: UInt8Array, pts_seconds: Float64Array) -> Fingerprint:
    """Hash the frames of a clip.

    Args:
        pictures: uint8 grey (N, SIDE, SIDE).
        pts_seconds: float64 (N,), never decreasing.
    """
    numbers = np.arange(len(pictures))
    before = earlier(pts_seconds, numbers, CHANGE_SECONDS)
    hashes, change = np.empty(len(pictures), np.uint64), np.empty(len(pictures))
    for start in range(0, len(pictures), _FRAMES_AT_ONCE):
        part = slice(start, start + _FRAMES_AT_ONCE)
        differences = pictures[part].astype(np.float32) - pictures[before[part]]
        hashes[part], change[part] = _hashed(differences), differences.std(axis=(1, 2))
    return Fingerprint(pts_seconds, hashes, change > _LEAST_CHANGE)


def distances(first: UInt64Array, second: UInt64Array) -> Float64Array:
    """Share of the bits that differ, float64 (N,), of two times N hashes: 0 the same, about 0.5 unrelated."""
    differing = np.ascontiguousarray(first ^ second).view(np.uint8).reshape(-1, 8)
    return np.asarray(_ONES[differing].sum(axis=1) / BITS, dtype=np.float64)


def _hashed(differences: npt.NDArray[np.float32]) -> UInt64Array:
    """Signs of the lowest frequencies but the mean, uint64 (N,); each band holds low and high ones alike."""
    spectrum = (_COSINES @ differences @ _COSINES.T).reshape(len(differences), -1)[:, 1:]
    bits = (spectrum > 0).astype(np.uint64).reshape(-1, BAND_BITS, BANDS).transpose(0, 2, 1).reshape(-1, BITS)
    return np.asarray((bits << np.arange(BITS, dtype=np.uint64)).sum(axis=1, dtype=np.uint64))


def _cosines() -> npt.NDArray[np.float32]:
    """The lowest frequencies of the discrete cosine transform (DCT-II), unscaled: (_FREQUENCIES, SIDE)."""
    frequency, place = np.arange(_FREQUENCIES)[:, None], np.arange(SIDE)[None, :]
    return np.cos(np.pi * frequency * (2 * place + 1) / (2 * SIDE)).astype(np.float32)


_COSINES = _cosines()
