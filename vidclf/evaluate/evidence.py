"""What a comparison of files rests on, kept for plots: whose they are, their vectors, and the pairs among them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vidclf.types import BoolArray, Float32Array, IntArray


@dataclass(frozen=True, eq=False)
class Pairs:
    """Which files are compared with which.

    Attributes:
        first: int64 (P,), places of files.
        second: int64 (P,).
        same: bool (P,), whether both are of one identity.
    """

    first: IntArray
    second: IntArray
    same: BoolArray

    def __len__(self) -> int:
        return len(self.same)

    def only(self, wanted: BoolArray) -> Pairs:
        """Some of the pairs."""
        return Pairs(self.first[wanted], self.second[wanted], self.same[wanted])


@dataclass(frozen=True, eq=False)
class Evidence:
    """Files that were compared.

    Attributes:
        paths: N files that could be used.
        identities: int64 (N,), who is in each, numbered from 0.
        names: what each identity is called.
        vectors: float32 (N, D), each of length one.
        pairs: those that were compared.
        threshold: the cosine that decides, where there is one.
    """

    paths: tuple[Path, ...]
    identities: IntArray
    names: tuple[str, ...]
    vectors: Float32Array
    pairs: Pairs
    threshold: float | None = None

    @property
    def similarities(self) -> Float32Array:
        """Cosines of the pairs, float32 (P,)."""
        found: Float32Array = np.einsum("pd,pd->p", self.vectors[self.pairs.first], self.vectors[self.pairs.second])
        return found
