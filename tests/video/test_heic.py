"""Photos as phones write them: HEIC, and JPEG that says in its EXIF how it is held."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.video.drawing import numbered
from tests.video.heic_writing import write_heic
from vidclf.errors import LimitExceededError, UnreadablePictureError
from vidclf.video import Limits, open_source, read_clip

_HALF_A_COLOUR = 12  # grey levels that chroma subsampling and compression may cost on flat patches


def test_a_heic_picture_is_read_whole(tmp_path: Path) -> None:
    pytest.importorskip("pi_heif")
    image = numbered(5, 128, 192)
    clip = read_clip(write_heic(tmp_path / "photo.heic", image))
    assert clip.frames.shape == (1, 128, 192, 3)
    assert np.median(np.abs(clip.frames[0].astype(int) - image)) <= _HALF_A_COLOUR
    assert clip.pts_seconds.tolist() == [0.0]


def test_a_heic_picture_is_turned_as_it_says(tmp_path: Path) -> None:
    pytest.importorskip("pi_heif")
    image = numbered(5, 128, 192)
    turned = read_clip(write_heic(tmp_path / "photo.HEIC", image, quarter_turns=1)).frames[0]
    assert turned.shape == (192, 128, 3)
    assert np.median(np.abs(turned.astype(int) - np.rot90(image))) <= _HALF_A_COLOUR


def test_its_content_tells_it_and_not_its_name(tmp_path: Path) -> None:
    pytest.importorskip("pi_heif")
    image = numbered(7, 64, 96)
    assert read_clip(write_heic(tmp_path / "photo.jpg", image)).frames.shape[1:3] == (64, 96)
    Image.fromarray(image).save(tmp_path / "png.heic", format="PNG")
    np.testing.assert_array_equal(read_clip(tmp_path / "png.heic").frames[0], image)


def test_a_folder_may_hold_both(tmp_path: Path) -> None:
    pytest.importorskip("pi_heif")
    write_heic(tmp_path / "1.heic", numbered(1))
    Image.fromarray(numbered(2)).save(tmp_path / "2.png")
    with open_source(tmp_path) as source:
        assert source.read([0, 1]).shape == (2, 64, 96, 3)


def test_without_the_extra_it_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_heic(tmp_path / "photo.heic", numbered(1))
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    with pytest.raises(UnreadablePictureError, match=r"photo\.heic.*vidclf\[heic\].*JPEG"):
        read_clip(path)
    with pytest.raises(UnreadablePictureError, match=r"photo\.heic.*HEIC"):
        read_clip(tmp_path)


def test_a_damaged_one_and_a_huge_one_are_named(tmp_path: Path) -> None:
    pytest.importorskip("pi_heif")
    path = write_heic(tmp_path / "photo.heic", numbered(1))
    with pytest.raises(LimitExceededError, match="max_pixels"):
        read_clip(path, limits=Limits(max_pixels=100))
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(UnreadablePictureError, match=r"photo\.heic"):
        read_clip(path)


def test_a_jpeg_is_shown_as_its_exif_says(tmp_path: Path) -> None:
    image = numbered(3)
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright: turn by 90 degrees, clockwise
    Image.fromarray(image).save(tmp_path / "photo.jpg", quality=95, exif=exif)
    shown = read_clip(tmp_path / "photo.jpg").frames[0]
    assert np.median(np.abs(shown.astype(int) - np.rot90(image, -1))) <= _HALF_A_COLOUR
