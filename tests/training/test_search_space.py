"""What a search may change, as YAML."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from vidclf.config import make_config
from vidclf.errors import ConfigError
from vidclf.training.search_space import (
    Choice,
    Range,
    default_space,
    dump_space,
    load_space,
    make_space,
    with_values,
)

CONFIG = make_config({})


def problems_of(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        make_space(yaml.safe_load(text), CONFIG)
    return caught.value.problems


def test_ranges_and_choices_are_read(tmp_path: Path) -> None:
    file = tmp_path / "space.yaml"
    file.write_text(
        "train:\n  lr: {low: 1e-4, high: 0.01, log: true}\n  batch: {low: 4, high: 32}\n  amp: [no, bf16]\n"
        "prep:\n  size: [64, [48, 64]]\n  motion_seconds: {low: 0.05, high: 1}\n"
        "augment:\n  flip_labels: [null, {left: right, right: left}]\n"
    )
    assert load_space(file, CONFIG) == {
        "train.lr": Range(1e-4, 0.01, log=True),
        "train.batch": Range(4, 32, whole=True),
        "train.amp": Choice((False, "bf16")),  # as YAML reads it; a config takes it back
        "prep.size": Choice((64, [48, 64])),
        "prep.motion_seconds": Range(0.05, 1.0),
        "augment.flip_labels": Choice((None, {"left": "right", "right": "left"})),
    }


def test_every_problem_is_listed_at_once() -> None:
    assert problems_of(
        """
        modle: {head: [lstm]}
        train: {lrr: [1], lr: {low: 1, high: 0.1}, batch: {low: 1.5, high: 3}, clip: {low: 0, high: 1, log: true},
                seed: [1, 2], epochs: {low: 1}, ema: {low: big, high: 2}, accumulate: [2, 2]}
        model: {head: {low: 1, high: 2}, hidden: 4}
        data: {cache: [memory]}
        prep: 3
        """
    ) == [
        "modle: there is no such key; nearest: model",
        "train.lrr: there is no such key; nearest: lr",
        "train.lr: low must be below high, not 1 and 0.1",
        "train.batch: it is a whole number, and 1.5 to 3 are none",
        "train.clip: with log, low must be above 0, not 0",
        "train.seed: it is not searched: a seed that did well by luck is no setting",
        "train.epochs: should be {low: , high: , log: } or a list of choices, not {'low': 1}",
        "train.ema: low and high should be numbers, not 'big'",
        "train.accumulate: name at least one choice, and each of them once",
        "model.head: it is no number, so it needs a list of choices",
        "model.hidden: should be {low: , high: , log: } or a list of choices, not 4",
        "data: it is not searched: all trials must be scored on the same clips",
        "prep: should hold keys of its own, not 3",
    ]


def test_values_that_a_config_would_refuse_are_listed_at_once() -> None:
    problems = problems_of("{train: {ema: {low: 0, high: 2}}, model: {backbone: [resnet18, resnet19]}}")
    assert problems == [
        "train.ema: should be less than 1, not 2.0",
        "model.backbone: 'resnet19' is none of its values; nearest: resnet18, resnet152, resnet101",
    ]


def test_values_are_tried_together_with_those_they_need() -> None:
    tree = {"prep": {"sampling": ["uniform", "rate"], "fps": [5, 10]}}  # rate needs fps
    assert set(make_space(tree, CONFIG)) == {"prep.sampling", "prep.fps"}


@pytest.mark.parametrize("text", ["", "[1]", "train"])
def test_what_is_no_tree_is_refused(text: str) -> None:
    assert problems_of(text) == ["it must hold a tree of keys, with at least one key to search"]


@pytest.mark.parametrize(
    "tree",
    [
        {},
        {"model": {"backbone": "resnet18", "weights": "default", "freeze": "staged", "head": "bilstm"}},
        {"model": {"freeze": "backbone", "head": "moments"}, "data": {"cache": "features"}},
    ],
)
def test_the_default_space_fits_its_config(tree: dict[str, object]) -> None:
    config = make_config(tree)
    space = default_space(config)
    assert make_space(yaml.safe_load(dump_space(space)), config) == space
    assert ("train.backbone_lr_scale" in space) == (config.model.freeze == "staged")
    assert any(key.startswith("augment") for key in space) == (config.data.cache != "features")
    heads = space["model.head"]
    assert isinstance(heads, Choice)
    assert ("bilstm" in heads.values) == (config.model.head not in ("lstm", "gru"))  # live would not work any more


def test_a_config_takes_the_values_as_they_are() -> None:
    values = {"train.lr": 1.2345678e-05, "prep.size": [48, 64], "augment.flip_labels": {"a": "b", "b": "a"}}
    config = with_values(CONFIG, values)
    assert (config.train.lr, config.prep.height_width) == (1.2345678e-05, (48, 64))
    assert config.augment.flip_labels == {"a": "b", "b": "a"}
