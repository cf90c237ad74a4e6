"""HEIC pictures, as phones write them. FFmpeg would show one tile of them, so libheif reads them whole."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path

import numpy as np

from vidclf.errors import UnreadablePictureError
from vidclf.secrets import redact
from vidclf.types import Float64Array, UInt8Array
from vidclf.video.limits import Limits
from vidclf.video.source import Presented, VideoSource

# ISO/IEC 23008-12, annex B: pictures coded by HEVC. `mif1` says nothing of the codec, which the brands behind it do.
_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis"})
_OF_ANY_CODEC = b"mif1"
_HEAD_BYTES = 64


def is_heic(path: Path) -> bool:
    """Whether a file is such a picture, by its content; false where it cannot be read."""
    try:
        if not path.is_file():  # opening a pipe would wait for whoever writes to it
            return False
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except (OSError, ValueError):  # ValueError: a NUL byte in the name
        return False
    length = int.from_bytes(head[:4], "big")
    brands = {head[place : place + 4] for place in (8, *range(16, min(length, len(head)), 4))}
    major = head[8:12]
    return head[4:8] == b"ftyp" and (major in _BRANDS or (major == _OF_ANY_CODEC and bool(brands & _BRANDS)))


class HeicPicture(VideoSource):
    """One picture, upright as its own turns and mirrorings have it."""

    def __init__(self, path: Path, *, limits: Limits) -> None:
        super().__init__(redact(str(path)), limits)
        self._path = path

    @property
    def nominal_interval(self) -> float:
        """Of no meaning for one picture."""
        return 1.0

    def close(self) -> None:
        """Nothing stays open."""

    def planned_pts_seconds(self) -> Float64Array:
        """Its one time, 0."""
        return np.zeros(1)

    def present(self, wanted: Callable[[int], bool]) -> Generator[Presented, None, None]:
        """Decode the picture; it is number 0."""
        image = self._decoded()
        yield Presented(0, 0.0, (image.shape[0], image.shape[1]), image if wanted(0) else None)

    def _decoded(self) -> UInt8Array:
        try:
            import pi_heif
        except ImportError:
            raise UnreadablePictureError(
                self.source,
                "this is a HEIC picture, and what reads those is not installed",
                advice="Install it with pip install 'vidclf[heic]', or save the picture as JPEG.",
            ) from None
        try:
            picture = pi_heif.open_heif(self._path)
            width, height = picture.size
            self.limits.check_picture(self.source, width, height)
            return np.asarray(picture.to_pillow().convert("RGB"))
        except (OSError, ValueError, RuntimeError, EOFError, SyntaxError) as error:
            raise UnreadablePictureError(
                self.source, "this HEIC picture cannot be decoded", decoder_said=str(error)
            ) from None
