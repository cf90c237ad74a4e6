"""Embedders out of run folders."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from vidclf.config import Config, make_config
from vidclf.errors import DecodeError, RunError
from vidclf.infer import Predictor, save
from vidclf.infer.embedder import Embedder
from vidclf.infer.trained_embedder import TrainedEmbedder, embed_prepared, save_embedder
from vidclf.models import make_classifier, make_embedder
from vidclf.types import Clip, Crop
from vidclf.video import write_video

CPU = torch.device("cpu")


def config(**prep: Any) -> Config:
    model = {"embedding_dim": 6, "hidden": 8, "head": "lstm"}
    return make_config({"model": model, "prep": {"size": [24, 32], "frames": 5, **prep}})


def saved(folder: Path, seed: int = 0, threshold: float | None = None, **prep: Any) -> Path:
    made = config(**prep)
    torch.manual_seed(seed)
    network, preprocessing = make_embedder(made.model, made.prep)
    save_embedder(folder, network, preprocessing, made.model, {"threshold": threshold})
    return folder


def clip(count: int = 12) -> Clip:
    frames = np.random.default_rng(0).integers(0, 255, size=(count, 40, 60, 3), dtype=np.uint8)
    return Clip.from_frames(frames, fps=10)


@pytest.mark.parametrize("motion", ["none", "add", "only"])
def test_a_crop_gives_the_vector_of_the_clip_that_it_was_cut_from(tmp_path: Path, motion: str) -> None:
    embedder: Embedder = TrainedEmbedder.load(saved(tmp_path, motion=motion), "cpu")
    assert isinstance(embedder, TrainedEmbedder)
    crops = embedder.crops(clip())
    assert len(crops) == 1
    assert crops[0].pixels.shape == (12, 24, 32, 3)
    direct = embed_prepared(embedder.network, embedder.preprocessing, [embedder.preprocessing.take(clip())], CPU)
    vectors = embedder.embed(crops)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, direct, atol=1e-6)
    assert np.linalg.norm(vectors) == pytest.approx(1, abs=1e-6)


def test_a_picture_a_file_and_many_crops(tmp_path: Path) -> None:
    embedder = TrainedEmbedder.load(saved(tmp_path / "model"), "cpu")
    assert embedder.crops(clip(1).frames[0])[0].pixels.shape == (1, 24, 32, 3)
    write_video(tmp_path / "a.mp4", clip().frames, fps=10)
    from_file = embedder.crops(tmp_path / "a.mp4")
    assert from_file[0].source.endswith("a.mp4")
    many = embedder.embed(from_file * 130)
    assert many.shape == (130, 6)
    np.testing.assert_allclose(many, np.repeat(many[:1], 130, axis=0), atol=1e-5)
    assert embedder.embed([]).shape == (0, embedder.dim)
    with pytest.raises(DecodeError):
        embedder.crops(tmp_path / "absent.mp4")


def test_crops_of_another_network_are_brought_to_this_ones_size(tmp_path: Path) -> None:
    embedder = TrainedEmbedder.load(saved(tmp_path), "cpu")
    larger = Crop(clip().frames, clip().pts_seconds)
    np.testing.assert_allclose(embedder.embed([larger]), embedder.embed(embedder.crops(clip())), atol=1e-6)


def test_the_identity_follows_from_weights_and_preprocessing(tmp_path: Path) -> None:
    first = TrainedEmbedder.load(saved(tmp_path / "a", threshold=0.5), "cpu")
    same = TrainedEmbedder.load(saved(tmp_path / "b"), "cpu")
    others = [saved(tmp_path / "c", seed=1), saved(tmp_path / "d", frames=6)]
    assert len(first.identity) == 64
    assert first.identity == same.identity
    assert first.identity not in {TrainedEmbedder.load(other, "cpu").identity for other in others}
    assert (first.threshold, same.threshold) == (0.5, None)


def test_what_is_no_embedder_is_refused(tmp_path: Path) -> None:
    made = config()
    network, preprocessing = make_classifier(made.model, made.prep, 2)
    save(tmp_path / "classifier", Predictor(network, preprocessing, "ab", CPU), made.model, {})
    with pytest.raises(RunError, match="task=embed"):
        TrainedEmbedder.load(tmp_path / "classifier", "cpu")
    description = saved(tmp_path / "torn") / "model.json"
    values = json.loads(description.read_text())
    values["model"]["embedding_dim"] = 7
    description.write_text(json.dumps(values))
    with pytest.raises(RunError, match="do not fit together"):
        TrainedEmbedder.load(tmp_path / "torn", "cpu")
