"""YOLOX and YuNet with their real weights, on real recordings."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.ops import batched_nms

from vidclf import config
from vidclf.detect import DETECTORS, Detector, YoloxDetector, YunetDetector, make_detector, open_detector
from vidclf.detect.grids import cells, suppress
from vidclf.errors import MissingExtraError, WeightsError
from vidclf.types import UInt8Array
from vidclf.video import open_source
from vidclf.video.resize import resize_frames

FILES = {"yolox": "yolox_nano.onnx", "yunet": "face_detection_yunet_2026may.onnx"}


def weights_of(name: str, shared_data: Path) -> Path:
    return shared_data / "weights" / FILES[name]


@pytest.fixture
def yolox(shared_data: Path) -> Detector:
    return open_detector("yolox", str(weights_of("yolox", shared_data)))


@pytest.fixture
def yunet(shared_data: Path) -> Detector:
    return open_detector("yunet", str(weights_of("yunet", shared_data)))


def frames_of(path: Path, *numbers: int) -> UInt8Array:
    with open_source(path) as source:
        return source.read(numbers)


def test_a_config_names_what_there_is() -> None:
    assert set(get_args(config.Detector)) == set(DETECTORS)


@pytest.mark.shared
def test_yolox_sees_a_person_and_an_empty_room(yolox: Detector, shared_data: Path) -> None:
    frames = frames_of(shared_data / "security" / "one-by-one-person-detection.mp4", 300, 700)
    (person,), nothing = yolox.detect(frames)
    assert person.label == "person"
    assert person.score == pytest.approx(0.90, abs=0.02)
    assert person.box == pytest.approx((382, 4, 545, 373), abs=8)
    assert nothing == []


@pytest.mark.shared
def test_yolox_sees_cars_the_surest_first(yolox: Detector, shared_data: Path) -> None:
    (found,) = yolox.detect(frames_of(shared_data / "traffic" / "kraten_cars.mp4", 200))
    cars = [detection for detection in found if detection.label == "car"]
    assert [car.score for car in cars[:3]] == pytest.approx([0.83, 0.82, 0.78], abs=0.02)
    scores = [detection.score for detection in found]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.shared
def test_boxes_are_in_pixels_of_the_frame_whatever_its_size(yolox: Detector, shared_data: Path) -> None:
    frames = frames_of(shared_data / "security" / "one-by-one-person-detection.mp4", 300)
    box = np.array(yolox.detect(frames)[0][0].box)
    doubled = yolox.detect(resize_frames(frames, (864, 1536)))[0][0].box
    np.testing.assert_allclose(np.array(doubled) / 2, box, atol=8)
    portrait = np.concatenate([frames, np.full((1, 600, 768, 3), 114, np.uint8)], axis=1)
    np.testing.assert_allclose(yolox.detect(portrait)[0][0].box, box, atol=12)


@pytest.mark.shared
def test_yunet_sees_faces_with_points_in_their_places(yunet: Detector, shared_data: Path) -> None:
    pictures = sorted((shared_data / "faces" / "five_people").rglob("*.jpg"))[::8]
    assert pictures
    for picture in pictures:
        image = np.asarray(Image.open(picture).convert("RGB"))
        face = yunet.detect(image[None])[0][0]
        left, top, right, bottom = face.box
        eye, other_eye, nose, mouth, other_mouth = face.points
        assert left < eye[0] < nose[0] < other_eye[0] < right or face.score < 0.8
        assert top < min(eye[1], other_eye[1]) < nose[1] < max(mouth[1], other_mouth[1]) < bottom
        assert face.label == "face"


@pytest.mark.shared
def test_yunet_agrees_with_opencv(yunet: Detector, shared_data: Path) -> None:
    cv2 = pytest.importorskip("cv2")
    (frame,) = frames_of(shared_data / "faces" / "walking_crowd" / "video.mp4", 30)
    padded = frame[: frame.shape[0] // 32 * 32, : frame.shape[1] // 32 * 32]
    padded = resize_frames(padded[None], (352, 640))[0]
    reference = cv2.FaceDetectorYN.create(
        str(weights_of("yunet", shared_data)), "", (640, 352), score_threshold=0.6, nms_threshold=0.3
    )
    expected = reference.detect(np.ascontiguousarray(padded[..., ::-1]))[1]
    found = yunet.detect(padded[None])[0]
    assert len(found) == len(expected) >= 3
    for face, row in zip(found, sorted(expected, key=lambda row: -row[-1]), strict=True):
        x, y, width, height = row[:4]
        assert face.box == pytest.approx((x, y, x + width, y + height), abs=0.6)
        assert np.ravel(face.points) == pytest.approx(row[4:14], abs=0.6)
        assert face.score == pytest.approx(row[-1], abs=1e-3)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["yolox", "yunet"])
def test_threads_share_a_plug_and_frames_do_not_touch_each_other(name: str, shared_data: Path) -> None:
    detector = open_detector(name, str(weights_of(name, shared_data)))
    frames = frames_of(shared_data / "faces" / "walking_crowd" / "video.mp4", 10, 20, 30, 40)
    together = detector.detect(frames)
    with ThreadPoolExecutor(4) as pool:
        alone = list(pool.map(lambda frame: detector.detect(frame[None])[0], frames))
    assert alone == together
    assert any(together)
    assert detector == make_detector(name, weights_of(name, shared_data).read_bytes())


@pytest.mark.shared
def test_the_file_of_another_network_is_told(shared_data: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"yunet.*no YOLOX graph"):
        open_detector("yolox", str(weights_of("yunet", shared_data)))
    with pytest.raises(WeightsError, match=r"yolox_nano.*no YuNet graph"):
        open_detector("yunet", str(weights_of("yolox", shared_data)))
    page = tmp_path / "page.onnx"
    page.write_text("<html>")
    with pytest.raises(WeightsError, match=r"page\.onnx.*cannot read it"):
        open_detector("yunet", str(page))


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"gone\.onnx.*prep\.detector_weights"):
        open_detector("yolox", str(tmp_path / "gone.onnx"))


@pytest.mark.parametrize(("name", "weights"), [("yolox", None), ("motion", b"x"), ("hog", None), ("hog", b"x")])
def test_what_does_not_go_together_is_refused(name: str, weights: bytes | None) -> None:
    with pytest.raises(ValueError, match=name):
        make_detector(name, weights)


@pytest.mark.parametrize("plug", [YoloxDetector, YunetDetector])
def test_without_a_network_the_user_is_told_what_to_put_where(
    plug: type[YoloxDetector | YunetDetector], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # nothing listens there
    with pytest.raises(WeightsError) as caught:
        open_detector(plug.name, "default")
    file = Path(torch.hub.get_dir()) / "checkpoints" / plug.published.url.rpartition("/")[2]
    for said in (plug.published.url, plug.published.sha256, str(file), "prep.detector_weights=FILE"):
        assert said in str(caught.value)


@pytest.mark.shared
def test_the_published_file_is_taken_from_where_it_was_put(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    content = weights_of("yunet", shared_data).read_bytes()
    assert sha256(content).hexdigest() == YunetDetector.published.sha256
    file = Path(torch.hub.get_dir()) / "checkpoints" / FILES["yunet"]
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    assert open_detector("yunet", "default").weights == content
    file.write_bytes(content[:-1])
    with pytest.raises(WeightsError, match="sha256"):
        open_detector("yunet", "default")


def test_without_onnx_runtime_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    file = tmp_path / "net.onnx"
    file.write_bytes(b"any")
    with pytest.raises(MissingExtraError, match=r"vidclf\[onnx\]"):
        open_detector("yolox", str(file))


@pytest.mark.parametrize("seed", range(5))
def test_suppression_is_that_of_torchvision(seed: int) -> None:
    rng = np.random.default_rng(seed)
    corners = rng.uniform(0, 80, (60, 2))
    boxes = np.concatenate([corners, corners + rng.uniform(5, 50, (60, 2))], axis=1).astype(np.float32)
    scores, groups = rng.random(60).astype(np.float32), rng.integers(0, 3, 60)
    expected = batched_nms(*map(torch.from_numpy, (boxes, scores, groups)), 0.4)
    np.testing.assert_array_equal(suppress(boxes, scores, groups, most_overlap=0.4), expected)


def test_cells_go_row_by_row_and_grid_by_grid() -> None:
    corners, strides = cells(32, 64, (16, 32))
    expected = [(x, y) for y in range(2) for x in range(4)] + [(0, 0), (1, 0)]
    np.testing.assert_array_equal(corners, expected)
    np.testing.assert_array_equal(strides, [16] * 8 + [32] * 2)
