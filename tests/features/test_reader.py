"""Training on kept features: the head alone is computed, and the saved model is the whole network."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from vidclf.config import Config, load_config, make_config
from vidclf.data import ClipReader, read_manifest, write_csv
from vidclf.data.cache import usage
from vidclf.errors import ConfigError
from vidclf.features import make_reader
from vidclf.features.build import build_cache
from vidclf.infer import load
from vidclf.models import make_classifier
from vidclf.synth import render_gestures
from vidclf.training import train
from vidclf.training.run import read_data

Item = TypeVar("Item")


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rendered")
    classes = ("swipe_left", "swipe_right")
    manifest = render_gestures(folder, clips_per_class=4, performers=4, classes=classes, size=(48, 64), workers=1)
    entries = [
        replace(entry, split="val" if entry.group == read_manifest(manifest).entries[0].group else "train")
        for entry in read_manifest(manifest).entries
    ]
    write_csv(manifest, entries)
    return folder


@pytest.fixture
def clips(rendered: Path, tmp_path: Path) -> Path:
    """Train and val clips that a test may delete; nothing is left to test on."""
    shutil.copytree(rendered, tmp_path / "clips")
    return tmp_path / "clips"


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> None:
    torch.set_num_threads(1)


def settings(clips: Path, **sections: dict[str, Any]) -> Config:
    tree: dict[str, dict[str, Any]] = {
        "data": {"manifest": str(clips / "manifest.csv"), "cache_dir": str(clips.parent / "cache")},
        "prep": {"frames": 5, "size": [32, 40], "motion": "add"},
        "model": {"hidden": 16},
        "train": {"epochs": 2, "batch": 3},
    }
    for name, section in sections.items():
        tree[name] = {**tree[name], **section}
    return make_config({**tree, "out": str(clips.parent / "run"), "device": "cpu"})


@pytest.fixture
def _pytorch_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Save the seconds that an export takes."""
    monkeypatch.setitem(sys.modules, "onnxruntime", None)


class _GoneAfterTheFirstEpoch:
    """Takes the clips away as soon as the second epoch begins, and may bring them back for the scoring at the end."""

    def __init__(self, clips: Path, *, back_for_scoring: bool = False) -> None:
        self.clips, self.away = clips, clips.with_name("away")
        self.back_for_scoring = back_for_scoring

    def __call__(self, items: Iterable[Item], *, total: int, what: str) -> Iterator[Item]:  # noqa: ARG002
        if what.startswith("epoch 2/"):
            self.clips.rename(self.away)
        elif what == "predicting" and self.back_for_scoring:
            self.away.rename(self.clips)
        yield from items


@pytest.mark.parametrize("cache", ["memory", "disk"])
def test_the_second_epoch_decodes_nothing(clips: Path, cache: str) -> None:
    fight = Path(__file__).parents[2] / "configs" / "fight.yaml"
    config = load_config(
        fight,
        [
            f"data.manifest={clips / 'manifest.csv'}",
            f"data.cache={cache}",
            f"data.cache_dir={clips.parent / 'cache'}",
            "prep.size=32",
            "train.epochs=3",
            f"out={clips.parent / 'run'}",
            "device=cpu",
        ],
    )
    trained = train(config, track=_GoneAfterTheFirstEpoch(clips))
    assert not clips.exists()
    assert trained.evaluation is not None
    assert trained.evaluation.failures == ()
    assert (clips.parent / "run" / "history.csv").read_text().count("\n") == 4


def test_a_training_from_disk_gives_the_weights_of_one_that_decodes(clips: Path) -> None:
    weights = []
    for number, cache in enumerate(("none", "disk")):
        config = settings(clips, data={"cache": cache}).model_copy(update={"out": str(clips.parent / str(number))})
        weights.append(load_file(train(config).path / "model" / "model.safetensors"))
    for name, expected in weights[0].items():
        assert torch.equal(weights[1][name], expected)


def test_a_head_on_kept_features_makes_a_whole_network(clips: Path) -> None:
    config = settings(clips, data={"cache": "features"}, model={"freeze": "backbone"}, train={"ema": 0.5})
    trained = train(config)
    assert trained.evaluation is not None
    model = load(trained.path, device="cpu")
    torch.manual_seed(config.train.seed)
    untrained, preprocessing = make_classifier(config.model, config.prep, 2)
    for name, tensor in untrained.backbone.state_dict().items():
        assert torch.equal(model.network.backbone.state_dict()[name], tensor)  # type: ignore[union-attr]
    assert not torch.equal(model.network.head.classifier.weight, untrained.head.classifier.weight)  # type: ignore[union-attr]

    manifest = read_manifest(clips / "manifest.csv")
    from_frames = ClipReader(preprocessing)
    of_features = make_reader(config, untrained, preprocessing, torch.device("cpu"))
    for entry in manifest.entries[:4]:
        frames = torch.from_numpy(model.preprocessing.tensor(from_frames.prepared(entry)))[None]
        features = torch.from_numpy(of_features.preprocessing.tensor(of_features.prepared(entry)))[None]
        lengths = torch.tensor([frames.shape[1]])
        model.network.eval()
        with torch.inference_mode():
            expected, given = model.network(frames, lengths), model.network(features, lengths)
        assert (expected - given).abs().max() <= 1e-4 * expected.abs().max()


@pytest.mark.usefixtures("_pytorch_alone")
def test_a_training_on_features_decodes_nothing_after_they_are_built(clips: Path) -> None:
    config = settings(clips, data={"cache": "features"}, model={"freeze": "backbone"})
    assert build_cache(config, read_data(config)) == ()
    kept = {found.kind: found.entries for found in usage(clips.parent / "cache")}
    assert kept["features"] == len(read_manifest(clips / "manifest.csv").entries)
    assert kept["frames"] == 0
    train(config, track=_GoneAfterTheFirstEpoch(clips, back_for_scoring=True))


@pytest.mark.slow
@pytest.mark.usefixtures("_pytorch_alone")
def test_features_and_frames_learn_the_same(clips: Path) -> None:
    histories = []
    for cache in ("none", "features"):
        # Without jitter, which a linear probe does without, the two see the same.
        config = settings(
            clips,
            data={"cache": cache},
            prep={"sampling": "dense", "motion": "none"},
            model={"freeze": "backbone", "dropout": 0.0},
        ).model_copy(update={"out": str(clips.parent / cache)})
        train(config)
        lines = (clips.parent / cache / "history.csv").read_text().splitlines()[1:]
        histories.append(np.array([[float(cell) for cell in line.split(",")] for line in lines]))
    np.testing.assert_allclose(histories[0], histories[1], rtol=1e-3)


@pytest.mark.usefixtures("_pytorch_alone")
def test_bad_clips_are_left_out_and_named(clips: Path) -> None:
    bad = read_manifest(clips / "manifest.csv").of_split("train")[1]
    bad.path.write_bytes(b"nothing")
    config = settings(clips, data={"cache": "features", "max_bad_share": 0.5}, model={"freeze": "backbone"})
    assert [error.source for error in build_cache(config, read_data(config))] == [str(bad.path)]
    kept = {found.kind: found.entries for found in usage(clips.parent / "cache")}
    assert kept["features"] == len(read_manifest(clips / "manifest.csv").entries) - 1


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({}, "model.freeze=backbone"),
        ({"model": {"freeze": "backbone"}, "augment": {"scale": 0.1}}, "augment"),
        ({"model": {"freeze": "backbone"}, "augment": {"flip_labels": {}}}, "augment"),
    ],
)
def test_features_are_not_kept_where_they_would_change(sections: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        make_config({"data": {"cache": "features"}, **sections})
