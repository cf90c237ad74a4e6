"""Embedders by YAML: finders, encoders, and what is said where something does not fit."""

from __future__ import annotations

import shutil
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from tests.infer.colours import SIDE, write_embedder, write_people
from vidclf.errors import ConfigError, DeviceError, UsageError, WeightsError
from vidclf.infer import load_embedder
from vidclf.types import Clip, Crop
from vidclf.video import open_source, read_clip

pytest.importorskip("onnxruntime")

RECIPE = Path(__file__).resolve().parents[2] / "configs" / "mobilefacenet.yaml"


@pytest.fixture(scope="module")
def faces(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recipe with its weights beside it."""
    folder = tmp_path_factory.mktemp("faces")
    for name in ("mobilefacenet.onnx", "face_detection_yunet_2026may.onnx"):
        shutil.copy(shared_data / "weights" / name, folder)
    return Path(shutil.copy(RECIPE, folder))


def test_whole_pictures_are_embedded_to_length_one(tmp_path: Path) -> None:
    embedder = load_embedder(write_embedder(tmp_path))
    folder = write_people(tmp_path / "people", [0.0, 0.5], pictures=2)
    crops = [crop for path in sorted(folder.rglob("*.png")) for crop in embedder.crops(path)]
    assert [crop.pixels.shape for crop in crops] == [(1, SIDE, SIDE, 3)] * 4
    vectors = embedder.embed(crops)
    assert vectors.dtype == np.float32
    assert vectors.shape == (4, embedder.dim) == (4, 3)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    similarities = vectors @ vectors.T
    assert similarities[0, 1] > 0.9
    assert similarities[0, 2] < 0
    assert embedder.threshold == 0.9
    assert embedder.embed([]).shape == (0, 3)


def test_a_crop_in_a_crowd_has_the_vector_it_has_alone(tmp_path: Path) -> None:
    embedder = load_embedder(write_embedder(tmp_path))
    rng = np.random.default_rng(0)
    clips = [rng.integers(0, 256, (number % 3 + 1, 20, 30, 3), dtype=np.uint8) for number in range(40)]
    crops = [Crop(clip, np.zeros(len(clip))) for clip in clips]
    together = embedder.embed(crops)
    for crop, vector in zip(crops, together, strict=True):
        np.testing.assert_allclose(embedder.embed([crop])[0], vector, atol=1e-6)


def test_of_a_clip_some_frames_are_looked_at_and_their_mean_is_taken(tmp_path: Path) -> None:
    embedder = load_embedder(write_embedder(tmp_path))
    red, blue = np.zeros((2, SIDE, SIDE, 3), np.uint8)
    red[..., 0] = blue[..., 2] = 255
    (crop,) = embedder.crops(Clip.from_frames(np.stack([red] * 50 + [blue] * 50), fps=25))
    assert 2 <= len(crop.pixels) < 20
    vector, of_red, of_blue = embedder.embed([crop, *embedder.crops(red), *embedder.crops(blue)])
    np.testing.assert_allclose(vector @ of_red, vector @ of_blue, atol=1e-5)


def test_what_changes_the_vectors_is_another_embedder_and_nothing_else(tmp_path: Path) -> None:
    path = write_embedder(tmp_path)
    text, identity = path.read_text(), load_embedder(path).identity
    assert len(identity) == 64
    (tmp_path / "elsewhere").mkdir()
    copied = [Path(shutil.copy(file, tmp_path / "elsewhere")) for file in (path, tmp_path / "colours.onnx")]
    assert load_embedder(copied[0]).identity == identity
    path.write_text(text.replace("threshold: 0.9", "threshold: 0.1"))
    assert load_embedder(path).identity == identity
    for change in ("mean: 100.0", "deviation: 3.0", "colours: bgr", "mirror: true"):
        path.write_text(text.replace(f"side: {SIDE}", f"side: {SIDE}, {change}"))
        assert load_embedder(path).identity != identity


def test_colours_come_in_the_order_that_the_network_wants(tmp_path: Path) -> None:
    path = write_embedder(tmp_path)
    image = np.zeros((SIDE, SIDE, 3), np.uint8)
    image[..., 0] = 255
    embedder = load_embedder(path)
    rgb = embedder.embed(embedder.crops(image))[0]
    path.write_text(path.read_text().replace(f"side: {SIDE}", f"side: {SIDE}, colours: bgr"))
    embedder = load_embedder(path)
    np.testing.assert_allclose(embedder.embed(embedder.crops(image))[0], rgb[::-1])
    np.testing.assert_allclose(rgb, np.array([1, -1, -1]) / np.sqrt(3), atol=1e-6)


def test_missing_weights_say_which_file_hash_and_place(tmp_path: Path) -> None:
    path = Path(shutil.copy(RECIPE, tmp_path))
    with pytest.raises(WeightsError) as caught:
        load_embedder(path)
    expected = [line.split()[-1] for line in path.read_text().splitlines() if "sha256" in line]
    assert any(digest in str(caught.value) for digest in expected)
    assert str(tmp_path) in str(caught.value)


def test_another_file_under_the_name_is_refused(tmp_path: Path) -> None:
    path = write_embedder(tmp_path)
    digest = sha256((tmp_path / "colours.onnx").read_bytes()).hexdigest()
    path.write_text(path.read_text() + f"sha256: {digest}\n")
    assert load_embedder(path).dim == 3
    path.write_text(path.read_text().replace(digest, "a" * 64))
    with pytest.raises(WeightsError, match=digest):
        load_embedder(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind: onnx\nweights: colours.onnx\n", "preprocessing"),
        ("kind: onnx\nweights: colours.onnx\npreprocessing: {sides: 3}\n", "sides"),
        ("kind: pickle\nweights: colours.onnx\n", "kind"),
        ("kind: run\nweights: run\n", "detector"),
        ("- a list\n", "keys"),
        ("kind: [\n", "YAML"),
        ("!!python/object/apply:os.system [true]\n", "YAML"),
    ],
)
def test_a_wrong_file_is_told_with_its_key(tmp_path: Path, text: str, said: str) -> None:
    path = write_embedder(tmp_path)
    path.write_text(text)
    with pytest.raises(ConfigError, match=said):
        load_embedder(path)


def test_what_is_no_embedder_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"gone\.yaml"):
        load_embedder(tmp_path / "gone.yaml")
    path = write_embedder(tmp_path)
    with pytest.raises(DeviceError, match="CPU"):
        load_embedder(path, device="cuda")
    path.write_text(path.read_text().replace(f"side: {SIDE}", "side: 20"))
    with pytest.raises(WeightsError, match=r"colours\.onnx.*20x20"):
        load_embedder(path)
    (tmp_path / "colours.onnx").write_bytes(b"no graph")
    with pytest.raises(WeightsError, match=r"colours\.onnx"):
        load_embedder(path)


@pytest.mark.shared
def test_faces_of_one_person_lie_together(faces: Path, shared_data: Path) -> None:
    embedder = load_embedder(faces)
    people = [shared_data / "faces" / "orl" / name for name in ("s01", "s02", "s03")]
    paths = [path for person in people for path in sorted(person.glob("*.png"))[:3]]
    vectors = embedder.embed([embedder.crops(path)[0] for path in paths])
    similarities = vectors @ vectors.T
    same = np.equal.outer(np.arange(9) // 3, np.arange(9) // 3)
    assert similarities[same].min() > 0.5
    assert similarities[~same].max() < 0.3


@pytest.mark.shared
def test_a_picture_gives_the_same_vector_as_a_file_and_as_an_array(faces: Path, shared_data: Path) -> None:
    embedder = load_embedder(faces)
    path = shared_data / "faces" / "five_people" / "test" / "madonna" / "01.jpg"
    from_file, from_array = embedder.crops(path), embedder.crops(read_clip(path).frames[0])
    np.testing.assert_array_equal(from_file[0].pixels, from_array[0].pixels)
    assert from_file[0].box == from_array[0].box
    assert from_file[0].source.endswith("01.jpg")


@pytest.mark.shared
def test_a_street_gives_its_faces_the_largest_first_and_says_which_are_too_poor(
    faces: Path, shared_data: Path
) -> None:
    embedder = load_embedder(faces)
    with open_source(shared_data / "faces" / "walking_crowd" / "video.mp4") as source:
        frames = source.read([90, 120])
    crops = embedder.crops(Clip.from_frames(frames, fps=1))
    boxes = np.array([crop.box for crop in crops])
    assert np.all(np.diff((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])) <= 0)
    assert {float(crop.pts_seconds[0]) for crop in crops} == {0.0, 1.0}
    assert not crops[0].problems
    assert crops[0].quality > 0.5
    assert any("small" in problem for problem in crops[-1].problems)
    assert all((crop.quality == 0) == bool(crop.problems) for crop in crops)
    assert embedder.crops(np.full((100, 100, 3), 90, np.uint8)) == []


@pytest.mark.shared
def test_nothing_is_asked_of_the_net(faces: Path, shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def refuse(*_: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    embedder = load_embedder(faces)
    assert embedder.embed(embedder.crops(shared_data / "faces" / "orl" / "s01" / "01.png")).shape == (1, 128)
