"""A folder of pictures as a source: one picture, one frame."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from pathlib import Path

import numpy as np

from vidclf.errors import DecodeError, LimitExceededError, NoFramesError, UnreadablePictureError
from vidclf.secrets import SourceAddress
from vidclf.types import Float64Array
from vidclf.video.files import ContainerSource
from vidclf.video.heic import HeicPicture, is_heic
from vidclf.video.limits import Limits
from vidclf.video.rgb import RgbConverter
from vidclf.video.source import Presented, VideoSource

PICTURE_SUFFIXES = frozenset(
    {".avif", ".bmp", ".heic", ".heif", ".jp2", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
)


class PictureFolder(VideoSource):
    """The pictures of a folder in natural order (frame9 before frame10), at a nominal rate.

    Gaps in the numbers are no gaps in time. Hidden files, files with other suffixes than those of pictures, and
    folders within are left out. Only the pictures that are wanted are read.
    """

    scales_to_first = False

    def __init__(self, folder: Path, *, picture_fps: float, limits: Limits) -> None:
        super().__init__(str(folder), limits)
        if not picture_fps > 0:
            raise ValueError(f"picture_fps must be above 0, not {picture_fps}")
        self._fps = picture_fps
        self._converter = RgbConverter()
        self._pictures = sorted(
            (
                path
                for path in folder.iterdir()
                if path.suffix.lower() in PICTURE_SUFFIXES and not path.name.startswith(".") and path.is_file()
            ),
            key=lambda path: _natural_key(path.name),
        )
        if not self._pictures:
            raise NoFramesError(
                self.source, "the folder holds no pictures", advice="Give a folder with pictures, or a video file."
            )

    @property
    def nominal_interval(self) -> float:
        """Seconds from picture to picture."""
        return 1 / self._fps

    def close(self) -> None:
        """Nothing stays open between two pictures."""

    def planned_pts_seconds(self) -> Float64Array:
        """Times of the pictures: number / picture_fps."""
        return np.arange(len(self._pictures)) / self._fps

    def present(self, wanted: Callable[[int], bool]) -> Generator[Presented, None, None]:
        """Read the pictures whose numbers are wanted; the others have no size."""
        for index, path in enumerate(self._pictures):
            seconds = index / self._fps
            if wanted(index):
                picture = self._read(path)
                yield Presented(index, seconds, picture.size, picture.image)
            else:
                yield Presented(index, seconds, None, None)

    def _read(self, path: Path) -> Presented:
        try:
            with self._opened(path) as picture:
                # To the end, as damage may show only there.
                first, *_ = picture.present(lambda index: index == 0)
                return first
        except LimitExceededError:
            raise
        except DecodeError as error:
            raise UnreadablePictureError(
                self.source, f"the picture {path.name} cannot be read: {error.found}", decoder_said=error.decoder_said
            ) from error

    def _opened(self, path: Path) -> VideoSource:
        if is_heic(path):
            return HeicPicture(path, limits=self.limits)
        return ContainerSource(
            SourceAddress.parse(path),
            stream=0,
            limits=self.limits,
            on_truncated="error",
            timeout_seconds=0.0,
            converter=self._converter,
        )


def _natural_key(name: str) -> list[tuple[int, str]]:
    """Sorts numbers within names by value; equal values by their text, so that the order is one."""
    parts = re.split(r"(\d+)", name)
    return [(int(part) if part.isdecimal() else -1, part) for part in parts]
