"""The vectors of files, for the protocols that compare them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from vidclf.errors import DecodeError, NoFramesError
from vidclf.evaluate.views import embed_views
from vidclf.infer.embedder import Embedder
from vidclf.parallel import map_ahead
from vidclf.progress import Track, untracked
from vidclf.types import BoolArray, Crop, Float32Array

_AT_ONCE = 256


@dataclass(frozen=True, eq=False)
class FileVectors:
    """Vectors of files, in their order.

    Attributes:
        vectors: float32 (N, D), each of length one; zero where there is none.
        reasons: why there is none, by the file's place.
    """

    vectors: Float32Array
    reasons: dict[int, str]

    @property
    def usable(self) -> BoolArray:
        """Bool (N,), which files have a vector."""
        found = np.ones(len(self.vectors), dtype=np.bool_)
        found[list(self.reasons)] = False
        return found


def embed_files(
    embedder: Embedder, paths: Sequence[Path], *, views: int = 1, track: Track = untracked
) -> FileVectors:
    """Embed the first crop of each file (the largest face, or the whole); the next are read meanwhile.

    Raises:
        NoFramesError: not one file could be used.
    """

    def crop(path: Path) -> Crop | str:
        try:
            found = embedder.crops(path)
        except DecodeError as error:
            return str(error)
        return found[0] if found else f"{path}: there is nothing to embed in it"

    vectors = np.zeros((len(paths), embedder.dim), dtype=np.float32)
    reasons: dict[int, str] = {}
    crops = iter(track(map_ahead(crop, paths, workers=1, ahead=_AT_ONCE), total=len(paths), what="embedding"))
    for first in range(0, len(paths), _AT_ONCE):
        group = list(enumerate(islice(crops, _AT_ONCE), start=first))
        good = {place: found for place, found in group if isinstance(found, Crop)}
        reasons |= {place: found for place, found in group if isinstance(found, str)}
        if good:
            vectors[list(good)] = embed_views(embedder, list(good.values()), views)
    if paths and len(reasons) == len(paths):
        raise NoFramesError("the data", f"none of {len(paths)} files can be used; the first: {reasons[0]}")
    return FileVectors(vectors, reasons)
