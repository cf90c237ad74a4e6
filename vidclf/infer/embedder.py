"""What every embedder is: something that finds what it knows about, and turns it into vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from vidclf.infer.predictor import Source
from vidclf.types import Crop, Float32Array


class Embedder(Protocol):
    """Turns faces, pictures or clips into vectors of which those of one identity lie close together.

    Attributes:
        identity: sha256 over weights and preprocessing, hexadecimal. Vectors of embedders with another one must
            never be compared.
        dim: length D of a vector.
        threshold: the cosine from which two crops are held to be of one identity where nobody has calibrated; None
            where the embedder knows none.
    """

    @property
    def identity(self) -> str: ...  # noqa: D102

    @property
    def dim(self) -> int: ...  # noqa: D102

    @property
    def threshold(self) -> float | None: ...  # noqa: D102

    def crops(self, source: Source) -> list[Crop]:
        """All that there is to embed in a picture or clip: its faces, the largest first, or the whole.

        Args:
            source: a file, a folder of pictures, an address, a `Clip`, or an array uint8 RGB (H, W, 3) or
                (T, H, W, 3).

        Raises:
            DecodeError: the source cannot be read.
        """
        ...

    def embed(self, crops: Sequence[Crop]) -> Float32Array:
        """The crops' vectors, float32 (N, D), each of length one."""
        ...
