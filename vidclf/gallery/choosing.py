"""Which of all that there is to see is enrolled, compared or named."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vidclf.data.layouts.folders import VIDEOS
from vidclf.errors import NoFramesError, UsageError
from vidclf.types import Clip, Crop, Frame
from vidclf.video import open_source
from vidclf.video.pictures import PICTURE_SUFFIXES

_SUFFIXES = VIDEOS | PICTURE_SUFFIXES
# So many frames of a camera are looked at, so far apart.
_LOOKS, _EVERY_SECONDS = 8, 0.25


def main_crop(crops: Sequence[Crop]) -> Crop | None:
    """What a source is about: of the largest crop of each frame the best, and one without problems if there is one.

    Args:
        crops: as an embedder gives them, the largest first.
    """
    largest = {float(crop.pts_seconds[0]): crop for crop in reversed(crops)}
    return max(largest.values(), key=lambda crop: (not crop.problems, crop.quality), default=None)


def files_in(path: str) -> list[str]:
    """The pictures and videos of a folder and of the folders in it, sorted; of anything else the path itself.

    Raises:
        UsageError: the folder holds none.
    """
    folder = Path(path)
    if not folder.is_dir():
        return [path]
    found = sorted(
        file
        for file in folder.rglob("*")
        if file.suffix.lower() in _SUFFIXES and not any(part[0] == "." for part in file.relative_to(folder).parts)
    )
    if not found:
        raise UsageError(f"{path}: there are no pictures or videos in this folder.")
    return [str(file) for file in found]


def look(source: str) -> Clip:
    """Some frames of a camera, or of whatever else shows somebody: its first two seconds.

    Raises:
        DecodeError: it cannot be read.
    """
    frames: list[Frame] = []
    with open_source(source) as opened:
        for frame in opened:
            # A stream may change its size; what comes then is left out.
            is_alike = not frames or frame.image.shape == frames[0].image.shape
            if is_alike and (not frames or frame.pts_seconds >= frames[-1].pts_seconds + _EVERY_SECONDS):
                frames.append(frame)
            if len(frames) == _LOOKS:
                break
        shown = opened.source
    if not frames:
        raise NoFramesError(shown, "no picture came from it")
    pts_seconds = np.array([frame.pts_seconds for frame in frames])
    return Clip(np.stack([frame.image for frame in frames]), pts_seconds, np.ones(len(frames), np.bool_), shown)
