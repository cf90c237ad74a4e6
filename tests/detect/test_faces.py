"""Faces near and far with YuNet's real weights, and whether they are seen well enough."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from vidclf.detect import Detection, YunetDetector
from vidclf.detect.alignment import align_face
from vidclf.detect.face_quality import FaceQuality, face_quality
from vidclf.detect.faces import find_faces
from vidclf.types import UInt8Array
from vidclf.video import open_source, read_clip, resize_frames

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def yunet(shared_data: Path) -> YunetDetector:
    pytest.importorskip("onnxruntime")
    return YunetDetector((shared_data / "weights" / "face_detection_yunet_2026may.onnx").read_bytes())


@pytest.fixture(scope="module")
def portrait(shared_data: Path) -> UInt8Array:
    return read_clip(shared_data / "faces" / "five_people" / "test" / "jerry_seinfeld" / "01.jpg").frames[0]


@pytest.fixture(scope="module")
def street(shared_data: Path) -> UInt8Array:
    with open_source(shared_data / "faces" / "walking_crowd" / "video.mp4") as source:
        return source.read([200])[0]


def test_a_face_that_fills_the_picture_is_found(yunet: YunetDetector, shared_data: Path) -> None:
    for path in sorted((shared_data / "faces" / "orl").rglob("*.png"))[::20]:
        picture = read_clip(path).frames[0]
        (face,) = find_faces(yunet, picture)
        left, _, right, _ = face.box
        assert right - left > 0.4 * picture.shape[1]
        assert all(0 <= x <= 92 and 0 <= y <= 112 for x, y in face.points)


@pytest.mark.parametrize("longest", [100, 400, 3000])
def test_a_portrait_of_any_size_gives_the_same_face(yunet: YunetDetector, portrait: UInt8Array, longest: int) -> None:
    scale = longest / max(portrait.shape[:2])
    size = (round(portrait.shape[0] * scale), round(portrait.shape[1] * scale))
    (face,) = find_faces(yunet, resize_frames(portrait[None], size)[0])
    expected = find_faces(yunet, portrait)[0]
    eyes = np.hypot(*np.subtract(expected.points[1], expected.points[0]))
    np.testing.assert_allclose(np.array(face.points) / scale, expected.points, atol=0.2 * eyes)


def test_far_faces_are_found_beside_near_ones(yunet: YunetDetector, street: UInt8Array) -> None:
    found = find_faces(yunet, street)
    assert len(found) > len(yunet.detect(street[None])[0])
    areas = [(right - left) * (bottom - top) for left, top, right, bottom in (face.box for face in found)]
    assert areas == sorted(areas, reverse=True)
    assert len({tuple(np.round(face.points[2])) for face in found}) == len(found)  # each once


def judged(yunet: YunetDetector, picture: UInt8Array) -> FaceQuality:
    face = find_faces(yunet, picture)[0]
    return face_quality(face, align_face(picture, face.points))


def test_a_good_portrait_has_no_problems(yunet: YunetDetector, portrait: UInt8Array) -> None:
    quality = judged(yunet, portrait)
    assert quality.problems == ()
    assert quality.score > 0.5


def test_what_is_wrong_is_said(yunet: YunetDetector, portrait: UInt8Array, shared_data: Path) -> None:
    height, width = portrait.shape[:2]
    small = resize_frames(portrait[None], (height // 8, width // 8))[0]
    blurred = np.asarray(Image.fromarray(portrait).filter(ImageFilter.GaussianBlur(6)))
    profile = read_clip(shared_data / "faces" / "five_people" / "train" / "elton_john" / "16.jpg").frames[0]
    for picture, word in ((small, "small"), (blurred, "blurred"), (profile, "side")):
        quality = judged(yunet, picture)
        assert quality.score == 0
        assert any(word in problem for problem in quality.problems), word


def test_light_is_judged_on_the_face(yunet: YunetDetector, portrait: UInt8Array) -> None:
    face = find_faces(yunet, portrait)[0]
    aligned = align_face(portrait, face.points)
    dark = (aligned * 0.15).astype(np.uint8)
    bright = (235 + aligned * 0.05).astype(np.uint8)
    assert "it is dark" in face_quality(face, dark).problems
    assert {"it is overexposed", "it has hardly any contrast"} <= set(face_quality(face, bright).problems)


def test_pose_is_judged_by_the_points(portrait: UInt8Array) -> None:
    aligned = np.ascontiguousarray(portrait[:112, :112])

    def problems(nose: tuple[float, float]) -> tuple[str, ...]:
        points = ((40.0, 50.0), (80.0, 50.0), nose, (44.0, 90.0), (76.0, 90.0))
        return face_quality(Detection((20, 20, 100, 110), "face", 0.9, points), aligned).problems

    assert not {"it looks up", "it looks down", "it is turned to the side"} & set(problems((60, 72)))
    assert "it looks up" in problems((60, 62))
    assert "it looks down" in problems((60, 84))
    assert "it is turned to the side" in problems((84, 72))
