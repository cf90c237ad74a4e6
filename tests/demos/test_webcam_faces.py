"""The demo that names faces, run as a user runs it, without a window."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.e2e.command_line import python
from vidclf.gallery import Gallery
from vidclf.infer import load_embedder
from vidclf.video import open_source, read_clip, resize_frames, write_video

pytest.importorskip("onnxruntime")

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "demos" / "webcam_faces.py"


@pytest.mark.shared
def test_those_enrolled_are_named_and_others_are_strangers(shared_data: Path, tmp_path: Path) -> None:
    for name in ("mobilefacenet.onnx", "face_detection_yunet_2026may.onnx"):
        shutil.copy(shared_data / "weights" / name, tmp_path)
    recipe = Path(shutil.copy(ROOT / "configs" / "mobilefacenet.yaml", tmp_path))
    embedder = load_embedder(recipe)
    with Gallery.open(tmp_path / "people.db", embedder) as gallery:
        gallery.enrol("ada", embedder.crops(shared_data / "faces" / "orl" / "s01" / "01.png"))
    shown = [read_clip(shared_data / "faces" / "orl" / who / "02.png").frames for who in ("s01", "s02")]
    frames = [frame for picture in shown for frame in [resize_frames(picture, (224, 184))[0]] * 3]
    write_video(tmp_path / "two.mp4", frames, fps=4)

    words = ("--embedder", recipe, "--gallery", tmp_path / "people.db", "--headless")
    done = python(DEMO, "--source", tmp_path / "two.mp4", *words, "--out", tmp_path / "named.mp4")
    assert done.code == 0, done.err
    assert done.out.splitlines()[:2] == ["0.00 s: ada", "0.75 s: stranger"]
    with open_source(tmp_path / "named.mp4") as source:
        assert len(source.pts_seconds()) == len(frames)


def test_what_does_not_go_together_is_told(tmp_path: Path) -> None:
    words = ("--source", "0", "--embedder", "e.yaml", "--gallery", tmp_path / "g.db")
    done = python(DEMO, *words, "--out", tmp_path / "named.mp4")
    assert done.code == 2
    assert "--headless" in done.err
    done = python(DEMO, *words, "--headless")
    assert done.code == 2
    assert "e.yaml" in done.err
