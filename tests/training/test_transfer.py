"""A training that begins where another ended."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

import vidclf
from vidclf.config import Config
from vidclf.draw import EpochRow
from vidclf.errors import StoppedError
from vidclf.package import RunFolder
from vidclf.prep import IMAGENET
from vidclf.training import train

UNCHANGED = {"scale": 0, "shift": 0, "colour": 0, "speed": 0}


def weights(run: Path) -> dict[str, torch.Tensor]:
    return load_file(RunFolder(run).model / "model.safetensors")


@pytest.fixture
def pretrained(settings: Any, tmp_path: Path) -> Path:
    """A run of one epoch whose pictures were normalised as no default does."""
    config = settings(prep={"normalise": "imagenet"}, train={"epochs": 1, "seed": 5})
    return train(config.model_copy(update={"out": str(tmp_path / "pretrained")}), score=False).path


class _InterruptedError(StoppedError):
    pass


def _stop_after_the_first(row: EpochRow) -> None:
    if row.epoch == 1:
        raise _InterruptedError


def test_a_frozen_backbone_stays_as_it_was_and_the_run_it_came_from_may_go(settings: Any, pretrained: Path) -> None:
    model = {"init_from": str(RunFolder(pretrained).model), "freeze": "backbone"}
    run = train(settings(model=model, train={"epochs": 1})).path
    before, after = weights(pretrained), weights(run)
    assert all(torch.equal(after[name], before[name]) for name in before if name.startswith("backbone."))
    assert not all(torch.equal(after[name], before[name]) for name in before if name.startswith("head."))

    shutil.rmtree(pretrained)
    assert vidclf.load(run, device="cpu").preprocessing.statistics == IMAGENET
    description = json.loads((RunFolder(run).model / "model.json").read_text())
    assert description["model"]["init_from"] is None
    assert str(pretrained) not in json.dumps(description)


def test_clips_that_were_trained_on_before_are_no_test(
    settings: Any, clips: Path, pretrained: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Another seed of the split holds out others; another table is another set."""
    once = {"epochs": 1}
    model = {"init_from": str(pretrained)}
    train(settings(model=model, train=once), score=False)
    assert "held out here" not in caplog.text
    train(settings(model=model, train=once, data={"split": {"seed": 1}}), score=False, overwrite=True)
    assert "was trained on" in caplog.text
    caplog.clear()
    elsewhere = Path(shutil.copytree(clips, tmp_path / "elsewhere")) / "manifest.csv"
    other = settings(model=model, train=once, data={"split": {"seed": 1}, "manifest": str(elsewhere)})
    train(other, score=False, overwrite=True)
    assert "was trained on" not in caplog.text


@pytest.mark.parametrize(
    "sections",
    [
        {"model": {"freeze": "staged"}, "train": {"unfreeze_epoch": 2, "backbone_lr_scale": 0.1}},
        # What the backbone sees is computed once, so it must be the same backbone after resuming.
        {"model": {"freeze": "backbone"}, "data": {"cache": "features"}, "augment": UNCHANGED},
    ],
    ids=["staged", "features"],
)
def test_a_resumed_training_does_not_begin_anew(
    settings: Any, pretrained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sections: dict[str, Any]
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)  # saves the seconds of an export
    monkeypatch.setenv("VIDCLF_CACHE", str(tmp_path / "cache"))

    def config(out: str) -> Config:
        model = {"init_from": str(pretrained), **sections["model"]}
        made = settings(**{**sections, "model": model, "train": {"epochs": 2, **sections.get("train", {})}})
        return made.model_copy(update={"out": str(tmp_path / out)})  # type: ignore[no-any-return]

    whole = train(config("whole"), score=False).path
    with pytest.raises(_InterruptedError):
        train(config("halves"), score=False, on_epoch=_stop_after_the_first)
    pretrained.rename(tmp_path / "gone")
    shutil.rmtree(tmp_path / "cache", ignore_errors=True)
    halves = train(config("halves"), resume=True, score=False).path
    expected, resumed = weights(whole), weights(halves)
    assert all(torch.equal(resumed[name], expected[name]) for name in expected)
    one, other = (vidclf.load(run, device="cpu").preprocessing for run in (whole, halves))
    assert one == other
