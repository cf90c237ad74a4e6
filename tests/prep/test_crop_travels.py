"""The detector belongs to the model: it is saved, copied, loaded and checked with it."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import vidclf
from tests.prep.drawing import walker
from vidclf.config import Config, make_config
from vidclf.errors import MissingExtraError, RunError
from vidclf.infer import Predictor, save
from vidclf.models import make_classifier
from vidclf.types import Clip


def config_with(**prep: Any) -> Config:
    return make_config({"model": {"hidden": 8}, "prep": {"size": 32, "frames": 4, "motion": "add", **prep}})


def saved(folder: Path, config: Config) -> Predictor:
    torch.manual_seed(0)
    network, preprocessing = make_classifier(config.model, config.prep, 2)
    predictor = Predictor(network, preprocessing, ("a", "b"), torch.device("cpu"))
    save(folder / "model", predictor, config.model, {})
    return predictor


@pytest.fixture
def run(tmp_path: Path, shared_data: Path) -> tuple[Path, Predictor]:
    """A run folder whose model crops with YOLOX; the file that the detector came from is gone."""
    file = tmp_path / "net.onnx"
    shutil.copyfile(shared_data / "weights" / "yolox_nano.onnx", file)
    predictor = saved(
        tmp_path / "run", config_with(crop="clip", detector="yolox", detector_weights=str(file), crop_part="body")
    )
    file.unlink()
    return tmp_path / "run", predictor


@pytest.mark.shared
def test_a_copied_model_folder_crops_as_the_run_did(
    run: tuple[Path, Predictor], tmp_path: Path, shared_data: Path
) -> None:
    folder, predictor = run
    clip = shared_data / "body_gesture" / "clips" / "S6" / "left_3_6m_full.mp4"
    expected = predictor.predict(clip).probabilities
    copied = Path(shutil.copytree(folder / "model", tmp_path / "elsewhere"))
    loaded = vidclf.load(copied, device="cpu")
    assert loaded.preprocessing == predictor.preprocessing
    assert loaded.predict(clip).probabilities == expected
    save(copied, loaded, config_with().model, {})  # over the very file that it was loaded from
    assert vidclf.load(copied, device="cpu").predict(clip).probabilities == expected


@pytest.mark.shared
def test_a_detector_that_is_missing_or_another_is_refused(run: tuple[Path, Predictor], shared_data: Path) -> None:
    folder, _ = run
    file = folder / "model" / "detector.onnx"
    shutil.copyfile(shared_data / "weights" / "face_detection_yunet_2026may.onnx", file)
    with pytest.raises(RunError, match=r"detector\.onnx.*not the detector that model\.json describes"):
        vidclf.load(folder)
    file.unlink()
    with pytest.raises(RunError, match=r"detector\.onnx.*whole folder"):
        vidclf.load(folder)


@pytest.mark.shared
def test_without_onnx_runtime_loading_names_the_extra(
    run: tuple[Path, Predictor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError, match=r"vidclf\[onnx\]"):
        vidclf.load(run[0])


def test_a_description_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    saved(tmp_path, config_with(crop="causal", detector="motion"))
    file = tmp_path / "model" / "model.json"
    description = json.loads(file.read_text())
    for wrong in ({"detector": "hog"}, {"scale": None}):
        person = {**description["preprocessing"]["person"], **wrong}
        preprocessing = {**description["preprocessing"], "person": person}
        file.write_text(json.dumps({**description, "preprocessing": preprocessing}))
        with pytest.raises(RunError, match="do not fit together"):
            vidclf.load(tmp_path)


@pytest.mark.parametrize("crop", ["clip", "causal"])
def test_motion_needs_no_file_and_a_file_that_is_not_needed_goes(tmp_path: Path, crop: str) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "detector.onnx").write_bytes(b"of a former training")
    predictor = saved(tmp_path, config_with(crop=crop, detector="motion"))
    assert sorted(file.name for file in (tmp_path / "model").iterdir()) == ["model.json", "model.safetensors"]
    clip: Clip = walker()
    loaded = vidclf.load(tmp_path, device="cpu")
    assert loaded.predict(clip).probabilities == predictor.predict(clip).probabilities
    assert loaded.predict(clip.frames, fps=20).probabilities == predictor.predict(clip).probabilities


def test_a_model_from_before_there_were_crops_around_people_loads(tmp_path: Path) -> None:
    predictor = saved(tmp_path, config_with(crop="center"))
    file = tmp_path / "model" / "model.json"
    description = json.loads(file.read_text())
    del description["preprocessing"]["person"]
    file.write_text(json.dumps(description))
    assert vidclf.load(tmp_path).preprocessing == predictor.preprocessing
