"""A training that begins with the weights of another."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest
import torch

from vidclf.config import ModelConfig, PrepConfig
from vidclf.errors import ConfigError, RunError, WeightsError
from vidclf.infer import Predictor, load, save, save_ensemble
from vidclf.models import ClipClassifier, initial_classifier, make_classifier
from vidclf.prep import HALF, IMAGENET, Preprocessing

CLASSES = ("left", "none", "right")


def model(**changes: Any) -> ModelConfig:
    return ModelConfig.model_validate({"backbone": "residual", "head": "gru", "hidden": 8, **changes})


def trained(folder: Path, *, prep: dict[str, Any] | None = None, **changes: Any) -> str:
    """A model's folder with weights that no seed of a test begins with."""
    settings = model(**changes)
    torch.manual_seed(99)
    network, preprocessing = make_classifier(settings, PrepConfig.model_validate({"size": 32, **(prep or {})}), 3)
    save(folder, Predictor(network, preprocessing, CLASSES, torch.device("cpu")), settings, {})
    return str(folder)


def begun(
    run: str | None, *, classes: tuple[str, ...] = CLASSES, prep: dict[str, Any] | None = None, **changes: Any
) -> tuple[ClipClassifier, Preprocessing]:
    torch.manual_seed(0)
    settings = PrepConfig.model_validate({"size": 32, **(prep or {})})
    return initial_classifier(model(init_from=run, **changes), settings, classes)


def changed(run: str, **changes: Any) -> set[str]:
    """The tensors that do not come from a run."""
    theirs = load(run, device="cpu").network.state_dict()  # type: ignore[union-attr]
    ours = begun(run, **changes)[0].state_dict()
    return {name for name, tensor in ours.items() if name not in theirs or not torch.equal(tensor, theirs[name])}


def test_everything_of_the_same_network_is_taken(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    run = trained(tmp_path)
    with caplog.at_level(logging.INFO, logger="vidclf"):
        assert changed(run) == set()
    assert [record.getMessage() for record in caplog.records if "begins with" in record.getMessage()] == [
        f"begins with {len(begun(run)[0].state_dict())} tensors of {run}"
    ]


def test_other_classes_and_channels_are_left_and_listed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    run = trained(tmp_path)
    caplog.set_level(logging.INFO, logger="vidclf")
    left = changed(run, classes=("up", "down"), prep={"motion": "add"})
    assert left == {"backbone.network.0.weight", "head.classifier.weight", "head.classifier.bias"}
    (said,) = (record.getMessage() for record in caplog.records if "begins with" in record.getMessage())
    assert re.search(r"not taken: backbone\.network\.0\.weight \((\d+)x4x3x3, there \1x3x3x3\)", said)
    assert "head.classifier.weight, head.classifier.bias (of other classes)" in said


def test_as_many_other_classes_are_still_others(tmp_path: Path) -> None:
    run = trained(tmp_path)
    assert changed(run, classes=("down", "none", "up")) == {"head.classifier.weight", "head.classifier.bias"}


@pytest.mark.parametrize("head", ["mean", "lstm"])
def test_nothing_of_another_kind_of_head_is_taken(tmp_path: Path, head: str) -> None:
    left = changed(trained(tmp_path), head=head)
    assert left
    assert all(name.startswith("head.") for name in left)


def test_of_a_head_of_another_width_what_fits_is_taken(tmp_path: Path) -> None:
    run = trained(tmp_path, head="attention")
    left = changed(run, head="attention", hidden=12)
    assert "head.classifier.weight" in left
    assert all(name.startswith("head.") for name in left)


def test_features_may_be_taken_at_an_earlier_layer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="vidclf")
    left = changed(trained(tmp_path), features_at="12", head="mean")
    assert all(name.startswith("head.") for name in left)
    assert "tensors there have no place here" in caplog.text


def test_what_differs_beyond_that_is_refused(tmp_path: Path) -> None:
    run = trained(tmp_path / "short", features_at="12")
    with pytest.raises(WeightsError, match=r"backbone\.network\.\d+\.weight.*model\.features_at"):
        begun(run)
    with pytest.raises(ConfigError, match=r"is residual, and model\.backbone is small"):
        begun(run, backbone="small")
    other_size = trained(tmp_path / "plain", backbone="plain")
    with pytest.raises(WeightsError, match=r"64x1600, there 64x64\).*prep\.size"):
        begun(other_size, backbone="plain", prep={"size": 64})


def test_what_is_no_run_is_said(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no model here"):
        begun(str(tmp_path / "nothing"))
    one, two = trained(tmp_path / "one"), trained(tmp_path / "two")
    save_ensemble(tmp_path / "both", [one, two])
    with pytest.raises(ConfigError, match="is an ensemble"):
        begun(str(tmp_path / "both"))
    description = json.loads((tmp_path / "one" / "model.json").read_text())
    (tmp_path / "one" / "model.json").write_text(json.dumps({**description, "model": {"backbone": "unheard-of"}}))
    with pytest.raises(RunError, match=r"model\.json does not describe a model"):
        begun(one)


def test_pictures_are_normalised_as_the_weights_know_them(tmp_path: Path) -> None:
    run = trained(tmp_path / "imagenet", prep={"normalise": "imagenet"})
    assert begun(None)[1].statistics == HALF
    assert begun(run)[1].statistics == IMAGENET
    assert begun(run, prep={"normalise": "clip"})[1].statistics == "clip"
    own = trained(tmp_path / "clip", prep={"normalise": "clip"})
    assert begun(own)[1].statistics == "clip"


def test_published_weights_are_not_asked_for_where_a_run_has_its_own(tmp_path: Path) -> None:
    assert changed(trained(tmp_path / "run"), weights=str(tmp_path / "gone.pth")) == set()
