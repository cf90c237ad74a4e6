"""What an embedder looks at: a finder cuts crops out of a source, whatever then encodes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from vidclf.infer.predictor import Source
from vidclf.types import Clip, Crop
from vidclf.video import read_clip, resize_frames
from vidclf.video.sampling import uniform

# Of a video that many frames are looked at, evenly spread; a picture has one.
_LOOKS = 8


class Finder(Protocol):
    """Cuts out of sources what is to be encoded. Equal finders give equal crops."""

    def crops(self, source: Source) -> list[Crop]:
        """See `Embedder.crops`."""
        ...

    def to_json(self) -> Mapping[str, Any]:
        """All that decides the crops, as plain values; files of weights by their hash."""
        ...


@dataclass(frozen=True)
class WholeFinder:
    """The whole picture, or some frames of the whole clip, as one crop.

    Attributes:
        side: of the square that it is brought to, in pixels; both axes are stretched to it.
    """

    side: int

    def crops(self, source: Source) -> list[Crop]:
        """See `Embedder.crops`; always one."""
        clip = looks_at(source)
        pixels = resize_frames(clip.frames, (self.side, self.side))
        return [Crop(pixels, clip.pts_seconds, source=clip.source)]

    def to_json(self) -> Mapping[str, Any]:
        """See `Finder.to_json`."""
        return {"finder": "whole", "side": self.side}


def looks_at(source: Source) -> Clip:
    """The frames of a source that are looked at: the picture, or some of a clip, evenly spread over it.

    Raises:
        DecodeError: the source cannot be read.
    """
    if isinstance(source, np.ndarray):
        source = Clip.from_frames(source, fps=25.0, source="array")
    if not isinstance(source, Clip):
        source = read_clip(source, sampling=lambda pts_seconds: uniform(pts_seconds, _LOOKS))
        return _only(source, np.flatnonzero(source.valid))
    valid = np.flatnonzero(source.valid)
    picked = uniform(source.pts_seconds[valid], _LOOKS)
    return _only(source, valid[picked.indices[picked.valid]])


def _only(clip: Clip, places: np.typing.NDArray[np.int64]) -> Clip:
    return Clip(clip.frames[places], clip.pts_seconds[places], clip.valid[places], clip.source)
