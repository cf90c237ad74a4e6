"""`vidclf data faces`."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.e2e.command_line import vidclf
from vidclf.video import read_clip


@pytest.fixture
def photos(tmp_path: Path, shared_data: Path) -> Path:
    """Two persons with a photo each, and a third with a picture of nothing."""
    folder = tmp_path / "photos"
    for person in ("s01", "s02"):
        (folder / person).mkdir(parents=True)
        shutil.copy(min((shared_data / "faces" / "orl" / person).glob("*.*")), folder / person)
    (folder / "nobody").mkdir()
    Image.fromarray(np.full((90, 80, 3), 128, np.uint8)).save(folder / "nobody" / "wall.png")
    return folder


@pytest.mark.shared
def test_faces_are_cut_upright_and_what_has_none_is_named(photos: Path, tmp_path: Path, shared_data: Path) -> None:
    weights = shared_data / "weights" / "face_detection_yunet_2026may.onnx"
    done = vidclf("data", "faces", photos, "--out", tmp_path / "faces", "--detector-weights", weights)
    assert done.code == 1
    assert "wall.png" in done.err
    assert "no face was found" in done.err
    assert "2 faces in" in done.out
    pictures = sorted((tmp_path / "faces").rglob("*.png"))
    assert [picture.parent.name for picture in pictures] == ["s01", "s02"]
    assert {read_clip(picture).frames.shape for picture in pictures} == {(1, 112, 112, 3)}


def test_missing_weights_are_told(tmp_path: Path) -> None:
    (tmp_path / "anna").mkdir()
    Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save(tmp_path / "anna" / "one.png")
    done = vidclf("data", "faces", tmp_path, "--out", tmp_path / "faces", "--detector-weights", tmp_path / "no.onnx")
    assert done.code == 4
    assert "no.onnx" in done.err
