"""Pictures come upright, whoever says how."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from tests.video.drawing import number_of, numbered, write_video
from vidclf.types import UInt8Array
from vidclf.video import read_clip

_UPRIGHT = numbered(421)


def _stored(degrees: int, mirrored: bool) -> UInt8Array:
    """What must be stored so that turning by `degrees` counter-clockwise and then mirroring shows the picture."""
    mirror = _UPRIGHT[:, ::-1] if mirrored else _UPRIGHT
    return np.ascontiguousarray(np.rot90(mirror, -degrees // 90))


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
@pytest.mark.parametrize("codec", ["libx264", "libvpx-vp9"])
def test_a_video_comes_as_its_display_matrix_says(tmp_path: Path, degrees: int, mirrored: bool, codec: str) -> None:
    path = write_video(tmp_path / "clip.mp4", [_stored(degrees, mirrored)] * 3, codec=codec, turn=(degrees, mirrored))
    clip = read_clip(path)
    assert clip.frames.shape == (3, *_UPRIGHT.shape)
    assert number_of(clip.frames[0]) == 421
    assert np.abs(clip.frames[0].astype(int) - _UPRIGHT).mean() < 12


@pytest.mark.parametrize("tag", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_a_picture_comes_as_its_exif_says(tmp_path: Path, tag: int, suffix: str) -> None:
    # For each of the eight ways to store a picture, the one that the tag turns back.
    exif = Image.Exif()
    exif[0x0112] = tag
    for transposed in (None, *Image.Transpose):
        upright = Image.fromarray(_UPRIGHT)
        stored = upright if transposed is None else upright.transpose(transposed)
        stored.save(tmp_path / f"stored{suffix}", exif=exif, quality=95)
        with Image.open(tmp_path / f"stored{suffix}") as image:
            shown = np.asarray(ImageOps.exif_transpose(image))
        if np.abs(shown.astype(int) - _UPRIGHT).mean() < 12 if shown.shape == _UPRIGHT.shape else False:
            break
    else:
        pytest.fail("no way of storing fits the tag")
    clip = read_clip(tmp_path / f"stored{suffix}")
    assert clip.frames.shape == (1, *_UPRIGHT.shape)
    assert np.abs(clip.frames[0].astype(int) - _UPRIGHT).mean() < 12
