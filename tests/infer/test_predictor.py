"""One picture gives one tensor and one answer, whatever it comes in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import vidclf
from vidclf.config import make_config
from vidclf.data import ClipEntry, ClipReader
from vidclf.errors import DecodeError, DeviceError, RunError, SourceNotFoundError
from vidclf.infer import Predictor, predict_entries, save, summarise
from vidclf.models import make_classifier
from vidclf.types import Clip
from vidclf.video import read_clip, write_video

FPS = 12.5


def _predictor(**prep: Any) -> Predictor:
    config = make_config({"model": {"hidden": 8}, "prep": {"size": [32, 40], "frames": 5, "motion": "add", **prep}})
    torch.manual_seed(0)
    network, preprocessing = make_classifier(config.model, config.prep, 3)
    return Predictor(network, preprocessing, ("down", "none", "up"), torch.device("cpu"))


@pytest.fixture
def movie(tmp_path: Path) -> Path:
    """17 frames of a square that moves over noise."""
    rng = np.random.default_rng(0)
    frames = np.repeat(rng.integers(0, 90, (1, 60, 82, 3), dtype=np.uint8), 17, axis=0)
    for number, frame in enumerate(frames):
        frame[10 + 2 * number : 22 + 2 * number, 30:50] = (200, 40, 90)
    path = tmp_path / "movie.mp4"
    write_video(path, frames, fps=FPS)
    return path


@pytest.mark.parametrize(
    "prep",
    [
        {},
        {"crop": "center", "normalise": "clip"},
        {"sampling": "rate", "fps": 8},
        {"sampling": "center", "fps": 10, "motion": "only"},
        {"sampling": "dense", "motion": "none", "normalise": "imagenet"},
    ],
)
def test_file_array_clip_and_folder_give_the_same_logits(movie: Path, tmp_path: Path, prep: dict[str, Any]) -> None:
    model = _predictor(**prep)
    clip = read_clip(movie)
    folder = tmp_path / "frames"
    folder.mkdir()
    for number, frame in enumerate(clip.frames):
        Image.fromarray(frame).save(folder / f"{number}.png")
    expected = model.predict(movie).probabilities
    assert model.predict(clip).probabilities == expected
    assert model.predict(clip.frames, fps=FPS).probabilities == expected
    # A folder has no times; its nominal 25 frames a second are twice as fast, so it is told its own through a clip.
    pictures = read_clip(folder, picture_fps=FPS)
    assert model.predict(pictures).probabilities == expected


def test_a_still_picture_is_a_clip_of_length_one(movie: Path, tmp_path: Path) -> None:
    model = _predictor()
    picture = read_clip(movie).frames[0]
    file = tmp_path / "still.png"
    Image.fromarray(picture).save(file)
    answer = model.predict(picture)
    assert answer.probabilities == model.predict(file).probabilities
    assert answer.start_seconds == answer.end_seconds
    assert sum(answer.probabilities.values()) == pytest.approx(1)


def test_a_mirrored_look_makes_a_clip_and_its_mirror_image_answer_alike(movie: Path, tmp_path: Path) -> None:
    once = _predictor()
    labels = ("up", "none", "down")  # as if the mirror turned down to up
    twice = Predictor(once.network, once.preprocessing, once.classes, once.device, mirror_labels=labels)
    frames = read_clip(movie).frames
    here, there = (twice.predict(pictures, fps=FPS).probabilities for pictures in (frames, frames[:, :, ::-1]))
    for label, mirrored in zip(once.classes, labels, strict=True):  # resizing rounds the two a little differently
        assert here[label] == pytest.approx(there[mirrored], abs=1e-4)
    assert here != pytest.approx(once.predict(frames, fps=FPS).probabilities, abs=1e-6)

    save(tmp_path, twice, make_config({"model": {"hidden": 8}}).model, {})
    assert vidclf.load(tmp_path).predict(frames, fps=FPS).probabilities == pytest.approx(here, abs=1e-6)


def test_neither_batch_nor_neighbours_change_an_answer(movie: Path) -> None:
    model = _predictor(sampling="rate", fps=10)
    clip = read_clip(movie)
    short = Clip(clip.frames[:4], clip.pts_seconds[:4], clip.valid[:4])
    sources = [short, clip, movie, clip.frames[3]]
    alone = [model.predict(source) for source in sources]
    for batch in (1, 2, 8):
        for one, together in zip(alone, model.predict_many(sources, batch=batch), strict=True):
            assert list(together.probabilities.values()) == pytest.approx(list(one.probabilities.values()), abs=1e-6)


def test_a_bad_source_raises_or_is_handed_over(movie: Path, tmp_path: Path) -> None:
    model = _predictor()
    broken = tmp_path / "broken.mp4"
    broken.write_text("no video")
    outcomes = list(model.predict_many([broken, movie, tmp_path / "gone.mp4"], batch=2, on_error="yield"))
    assert [type(outcome).__name__ for outcome in outcomes] == ["NotAVideoError", "Prediction", "SourceNotFoundError"]
    with pytest.raises(SourceNotFoundError, match=r"gone\.mp4"):
        model.predict(tmp_path / "gone.mp4")
    with pytest.raises(DecodeError):
        list(model.predict_many([movie, broken]))


def test_times_are_those_of_the_frames_that_were_looked_at(movie: Path) -> None:
    model = _predictor(sampling="dense")
    part = model.predict(movie, start_seconds=0.4, end_seconds=0.9)
    assert part.start_seconds == pytest.approx(0.4)
    assert part.end_seconds == pytest.approx(0.88)


@pytest.mark.parametrize("model", [{}, {"head": "bilstm", "pooling": "attention", "layers": 2}, {"head": "mean"}])
def test_what_is_saved_and_loaded_says_the_same(movie: Path, tmp_path: Path, model: dict[str, Any]) -> None:
    config = make_config({"model": {"hidden": 8, **model}, "prep": {"size": 32, "frames": 4, "motion": "only"}})
    network, preprocessing = make_classifier(config.model, config.prep, 2)
    predictor = Predictor(network, preprocessing, ("a", "b"), torch.device("cpu"))
    save(tmp_path / "model", predictor, config.model, {"seed": 3})
    loaded = vidclf.load(tmp_path / "model", device="cpu")
    assert loaded.preprocessing == preprocessing
    assert loaded.predict(movie).probabilities == predictor.predict(movie).probabilities


def test_a_temperature_flattens_what_is_said_and_changes_no_label(movie: Path, tmp_path: Path) -> None:
    config = make_config({"model": {"hidden": 8}, "prep": {"size": 32, "frames": 4}})
    network, preprocessing = make_classifier(config.model, config.prep, 3)
    plain = Predictor(network, preprocessing, ("a", "b", "c"), torch.device("cpu"))
    warm = Predictor(network, preprocessing, ("a", "b", "c"), torch.device("cpu"), temperature=2.5)
    save(tmp_path / "model", warm, config.model, {})
    loaded = vidclf.load(tmp_path / "model", device="cpu")
    assert loaded.temperature == 2.5
    before, after = plain.predict(movie), loaded.predict(movie)
    assert after.label == before.label
    logits = np.log(list(before.probabilities.values()))
    expected = np.exp(logits / 2.5) / np.exp(logits / 2.5).sum()
    assert list(after.probabilities.values()) == pytest.approx(expected.tolist())


@pytest.mark.parametrize(("written", "read"), [(None, 1.0), (0, RunError), ("hot", RunError), ("NaN", RunError)])
def test_a_model_without_a_temperature_is_at_one_and_a_bad_one_is_refused(
    tmp_path: Path, written: object, read: object
) -> None:
    config = make_config({"model": {"hidden": 8}, "prep": {"size": 32}})
    network, preprocessing = make_classifier(config.model, config.prep, 2)
    save(tmp_path, Predictor(network, preprocessing, ("a", "b"), torch.device("cpu")), config.model, {})
    description = json.loads((tmp_path / "model.json").read_text())
    del description["temperature"]
    if written is not None:
        description["temperature"] = written
    (tmp_path / "model.json").write_text(json.dumps(description))
    if read is RunError:
        with pytest.raises(RunError, match=r"temperature|could not convert"):
            vidclf.load(tmp_path, device="cpu")
    else:
        assert vidclf.load(tmp_path, device="cpu").temperature == read


def test_loading_refuses_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no model"):
        vidclf.load(tmp_path)
    config = make_config({"model": {"hidden": 8}, "prep": {"size": 32}})
    network, preprocessing = make_classifier(config.model, config.prep, 2)
    predictor = Predictor(network, preprocessing, ("a", "b"), torch.device("cpu"))
    save(tmp_path / "model", predictor, config.model.model_copy(update={"hidden": 9}), {})
    with pytest.raises(RunError, match="do not fit together"):
        vidclf.load(tmp_path)
    if not torch.cuda.is_available():
        with pytest.raises(DeviceError, match="auto"):
            vidclf.load(tmp_path, device="cuda")


def test_scores_of_rows_name_what_could_not_be_read(movie: Path, tmp_path: Path) -> None:
    model = _predictor()
    rows = [
        ClipEntry("movie.mp4", movie, "up", group="g"),
        ClipEntry("gone.mp4", tmp_path / "gone.mp4", "down", group="h"),
    ]
    evaluation = summarise(predict_entries(model, rows, ClipReader(model.preprocessing)), model.classes)
    assert evaluation.scores.num_clips == 1
    assert [bad.name for bad in evaluation.failures] == ["gone.mp4"]
    assert evaluation.loss == pytest.approx(-np.log(model.predict(movie).probabilities["up"]))
    assert evaluation.to_json()["num_failed"] == 1
    sure = max(model.predict(movie).probabilities.values())
    right = model.predict(movie).label == "up"
    assert evaluation.to_json()["ece"] == pytest.approx(abs(right - sure))
    with pytest.raises(DecodeError, match="not one of 1"):
        summarise(predict_entries(model, rows[1:], ClipReader(model.preprocessing)), model.classes)
