"""Two commands: train on one set, go on with another. And the layers that features can be taken at."""

from __future__ import annotations

from pathlib import Path

import pytest
from safetensors.torch import load_file

from tests.e2e.command_line import TINY, vidclf
from vidclf.synth import render_gestures


@pytest.fixture(scope="module")
def other_gestures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manifest of as many classes, of which one is the same."""
    folder = tmp_path_factory.mktemp("others") / "data"
    classes = ("none", "push", "pull")
    return render_gestures(folder, clips_per_class=4, performers=4, seed=4, classes=classes, size=(48, 64), workers=1)


def test_a_training_begins_with_what_another_has_learned(
    tiny_run: Path, other_gestures: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    words = ["train", other_gestures, f"out={run}", *TINY, f"model.init_from={tiny_run}", "model.freeze=staged"]
    staged = [*words, "train.unfreeze_epoch=2", "train.backbone_lr_scale=0.1"]
    planned = vidclf(*staged, "--dry-run")
    assert planned.code == 0, planned.err
    done = vidclf(*staged)
    assert done.code == 0, done.err
    for err in (planned.err, done.err):
        (said,) = (line for line in err.splitlines() if line.startswith("begins with"))
        assert f"tensors of {tiny_run}; not taken: " in said
        assert "head.classifier.weight, head.classifier.bias (of other classes)" in said
    assert "from epoch 2 the backbone too, at 0.1 of the learning rate" in done.err
    names = load_file(run / "model" / "model.safetensors").keys()
    assert names == load_file(tiny_run / "model" / "model.safetensors").keys()
    predicted = vidclf("predict", run, min(other_gestures.parent.rglob("*.mp4")))
    assert predicted.code == 0, predicted.err


@pytest.mark.parametrize(
    ("setting", "code", "words"),
    [
        ("model.backbone=medium", 2, "is small, and model.backbone is medium"),
        ("model.features_at=3", 0, "tensors there have no place here"),
        ("model.features_at=layer3", 2, "small has no layer 'layer3'"),
    ],
)
def test_another_network_begins_as_far_as_it_is_the_same(
    gestures: Path, tiny_run: Path, tmp_path: Path, setting: str, code: int, words: str
) -> None:
    plain = ("prep.motion=add", "train.epochs=1")
    run = f"out={tmp_path / 'run'}"
    done = vidclf("train", gestures, run, *TINY, *plain, f"model.init_from={tiny_run}", setting)
    assert done.code == code, done.err
    assert words in done.err


def test_the_layers_of_a_backbone_are_listed() -> None:
    listed = vidclf("config", "layers", "small", "--size", "64")
    assert listed.code == 0, listed.err
    rows = [line.split() for line in listed.out.splitlines()]
    assert ["9", "96", "x", "4", "x", "4", "96"] in rows
    wrong = vidclf("config", "layers", "resnet19")
    assert wrong.code == 2
    assert "nearest: resnet18" in wrong.err
