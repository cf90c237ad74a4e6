"""All that a check wants to know of a file, found in one pass over it.

This runs in the processes of `map_clips`, so it imports little.
"""

from __future__ import annotations

import hashlib
import warnings
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from vidclf.data.check.fingerprint import SIDE, Fingerprint, take_fingerprint
from vidclf.errors import (
    DamagedVideoError,
    MixedSizesError,
    NoVideoStreamError,
    SourceNotFoundError,
    TruncatedVideoWarning,
    VidclfError,
)
from vidclf.files import hash_file
from vidclf.secrets import SourceAddress
from vidclf.types import UInt8Array
from vidclf.video import Limits, Resizer, open_source
from vidclf.video.container import open_container
from vidclf.video.pictures import PICTURE_SUFFIXES
from vidclf.video.times import ascending, repaired

Trouble = Literal["", "missing", "unreadable", "no_video_stream", "truncated"]

# ITU-R BT.601 luma.
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


@dataclass(frozen=True, eq=False)
class Survey:
    """What was found in a file or a folder of pictures.

    Attributes:
        trouble: why it could not be read, or not to its end; empty where all is well.
        sentence: the trouble in words.
        sha256: hash of the content; empty where nothing could be read.
        height_width: size of the first frame in pixels; None where there is none.
        declared_frames: how many frames the file says that it has; None where it does not say.
        declared_fps: the frame rate that it says; None where it does not.
        fingerprint: times and hashes of its frames; None where there is none.
        still: whether it is one picture by nature.
    """

    trouble: Trouble = ""
    sentence: str = ""
    sha256: str = ""
    height_width: tuple[int, int] | None = None
    declared_frames: int | None = None
    declared_fps: float | None = None
    fingerprint: Fingerprint | None = None
    still: bool = False

    def moments(self, start_seconds: float | None, end_seconds: float | None) -> Fingerprint | None:
        """The frames from a time on and before another; None where there are none."""
        part = self.fingerprint and self.fingerprint.within(start_seconds, end_seconds)
        return part if part and len(part.pts_seconds) else None


def survey_file(path: Path) -> Survey:
    """Decode a file once, and report whatever is wrong with it instead of raising."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            survey = _surveyed(path)
        except VidclfError as error:
            return Survey(_trouble(error), str(error))
        except OSError as error:
            return Survey("unreadable", f"{path}: it cannot be read ({error.strerror or error}).")
        except Exception as error:  # whatever one file does to the decoder, the others are still to be checked
            return Survey("unreadable", f"{path}: reading it failed ({type(error).__name__}: {error}).")
    damage = [str(warning.message) for warning in caught if issubclass(warning.category, TruncatedVideoWarning)]
    return replace(survey, trouble="truncated", sentence=damage[0]) if damage else survey


def _surveyed(path: Path) -> Survey:
    pictures: list[UInt8Array] = []
    raw_seconds: list[float | None] = []
    sizes: set[tuple[int, int]] = set()
    first_size: tuple[int, int] | None = None
    resizer = Resizer()
    with open_source(path, on_truncated="keep") as source:
        for frame in source:
            size = (frame.image.shape[0], frame.image.shape[1])
            first_size = first_size or size
            sizes.add(size)
            raw_seconds.append(frame.pts_seconds)
            small = resizer.resize(frame.image, (SIDE, SIDE))
            pictures.append(np.rint(small @ _LUMA).astype(np.uint8))
        interval = source.nominal_interval
    if path.is_dir() and len(sizes) > 1:
        raise MixedSizesError(str(path), f"its pictures have {len(sizes)} different sizes")
    declared_frames, declared_fps = (None, None) if path.is_dir() else _declared(path)
    return Survey(
        sha256=_content_hash(path),
        height_width=first_size,
        declared_frames=declared_frames,
        declared_fps=declared_fps,
        fingerprint=take_fingerprint(np.stack(pictures), ascending(repaired(raw_seconds, interval), interval)),
        still=path.suffix.lower() in PICTURE_SUFFIXES,
    )


def _declared(path: Path) -> tuple[int | None, float | None]:
    """Frames and frames a second as the container says, None where it does not."""
    opened = open_container(SourceAddress.parse(path), stream=0, limits=Limits(), timeout_seconds=0)
    try:
        stream = opened.stream
        frames = stream.frames
        with suppress(KeyError, ValueError):
            frames = frames or int(stream.metadata["NUMBER_OF_FRAMES"])  # a tag of Matroska
        return frames or None, float(stream.average_rate) if stream.average_rate else None
    finally:
        opened.container.close()


def _content_hash(path: Path) -> str:
    """The hash of a file, or of a folder's pictures whatever their names."""
    if not path.is_dir():
        return hash_file(path)
    together = hashlib.sha256()
    for picture in sorted(path.iterdir()):
        if picture.suffix.lower() in PICTURE_SUFFIXES:
            together.update(hash_file(picture).encode())
    return together.hexdigest()


def _trouble(error: VidclfError) -> Trouble:
    if isinstance(error, SourceNotFoundError):
        return "missing"
    if isinstance(error, NoVideoStreamError):
        return "no_video_stream"
    return "truncated" if isinstance(error, DamagedVideoError) else "unreadable"
