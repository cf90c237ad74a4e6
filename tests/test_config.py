from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
import torchvision
import yaml

from vidclf import config
from vidclf.config import Config, describe_schema, dump_config, load_config, make_config
from vidclf.errors import ConfigError
from vidclf.models.backbones import BACKBONES
from vidclf.models.heads import HEADS
from vidclf.models.networks import NETWORKS
from vidclf.training.optimizers import OPTIMIZERS

STILLS: dict[str, object] = {
    "data": {"cache": "memory"},
    "prep": {"frames": 1},
    "augment": {"elastic": 0.1, "quarter_turns": True},
}


def problems_of(tree: dict[str, object], *overrides: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        make_config(tree, overrides)
    return caught.value.problems


def test_every_problem_is_listed_at_once_with_the_nearest_names() -> None:
    problems = problems_of(
        {"modle": {}, "model": {"backbone": "resnet19", "hiden": 3}, "train": {"epochs": 0}}, "device=gpu", "oops"
    )
    listed = "\n".join(problems)
    assert len(problems) == 6
    assert "modle: there is no such key; nearest: model" in problems
    assert "model.hiden: there is no such key; nearest: hidden" in problems
    assert "model.backbone: 'resnet19' is none of its values; nearest: resnet18" in listed
    assert "train.epochs: should be greater than or equal to 1, not 0" in problems
    assert "oops: an override is written key=value" in listed


@pytest.mark.parametrize(
    ("tree", "problem"),
    [
        ({"prep": {"size": "big"}}, "prep.size: should be int | [int, int], not 'big'"),
        ({"prep": {"size": [64]}}, "prep.size: should be int | [int, int], not [64]"),
        ({"prep": {"size": [1.5, 2]}}, "prep.size: should be int | [int, int], not [1.5, 2]"),
        ({"prep": {"size": 4}}, "prep: size 4 is not between 8 and 4096 pixels"),
        ({"prep": {"sampling": "rate"}}, "prep: sampling rate needs prep.fps"),
        ({"prep": {"frames": None}}, "prep: sampling uniform needs prep.frames"),
        ({"train": 5}, "train: should hold keys of its own, not 5"),
        ({"data": {"split": "x"}}, "data.split: should hold keys of its own, not 'x'"),
        (
            {"data": {"split": {"val": 0.6, "test": 0.5}}},
            "data.split: val 0.6 and test 0.5 leave nothing to train on",
        ),
        ({"train": {"lr": float("inf")}}, "train.lr: should be a finite number, not inf"),
        ({"train": {"epochs": "many"}}, "train.epochs: should be int, not 'many'"),
        ({"augment": {"flip_labels": ["a"]}}, "augment.flip_labels: should be {str: str} | null, not ['a']"),
        (
            {"augment": {"flip_labels": {"left": "right"}}},
            "augment: flip_labels says that left becomes right, so right must become left",
        ),
        (
            {"model": {"head": None}},
            "model.head: None is none of its values; "
            "there are lstm, bilstm, gru, tcn, attention, mean, moments, frame",
        ),
        (
            {1: 2},
            "1: there is no such key; there are task, data, prep, augment, model, embed, train, cv, device, out",
        ),
    ],
)
def test_a_problem_is_one_sentence(tree: dict[str, object], problem: str) -> None:
    assert problems_of(tree) == [problem]


@pytest.mark.parametrize(
    "override", ["train=5", "prep.size=[1]", "data.split=[]", "prep=text", "train.lr=[1]", "x=1"]
)
def test_nobody_is_shown_the_checker_of_the_config(override: str) -> None:
    listed = "\n".join(problems_of({}, override)).lower()
    for word in ("pydantic", "instance of", "validation", "input should", "config,"):
        assert word not in listed


def test_overrides_are_dotted_and_their_values_yaml() -> None:
    overrides = [
        "train.lr=1e-3",
        "prep.size=[48, 64]",
        "model.backbone=resnet18",
        "augment.flip_labels={left: right, right: left}",
        "prep.fps=12.5",
        "data.split.val=0.1",
        "out=2024",
        "train.amp=no",
    ]
    made = make_config({"train": {"lr": 5, "epochs": 7}}, overrides)
    assert made.train.lr == 1e-3
    assert made.train.epochs == 7
    assert made.prep.height_width == (48, 64)
    assert made.augment.flip_labels == {"left": "right", "right": "left"}
    assert (made.prep.fps, made.data.split.val, made.data.split.test) == (12.5, 0.1, 0.2)
    assert made.out == "2024"
    assert made.train.amp == "no"


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("train.lr={", "the value is no YAML"),
        ("=3", "an override is written key=value"),
        ("train.epochs", "an override is written key=value"),
        ("train..lr=3", "train.: there is no such key"),
        ("train.lr.x=3", "train.lr"),
    ],
)
def test_a_wrong_override_is_quoted(override: str, words: str) -> None:
    (problem,) = problems_of({}, override)
    assert words in problem


def test_an_override_below_a_value_says_so() -> None:
    assert "train.lr.x: train.lr holds a value, no keys" in problems_of({"train": {"lr": 1}}, "train.lr.x=3")


def test_the_tree_given_is_not_changed() -> None:
    tree = {"train": {"lr": 1.0}}
    make_config(tree, ["train.lr=2", "prep.size=64"])
    assert tree == {"train": {"lr": 1.0}}


def test_a_dumped_config_loads_as_an_equal_one(tmp_path: Path) -> None:
    made = make_config(
        {
            "data": {"manifest": "clips.csv", "split": {"seed": 3}},
            "prep": {"size": [48, 64], "sampling": "rate", "fps": 12.5, "normalise": "clip"},
            "augment": {"flip_labels": {"links": "rechts", "rechts": "links", "nö": "nö"}},
            "train": {"amp": "no", "lr": 3e-5},
        }
    )
    path = tmp_path / "config.yaml"
    path.write_text(dump_config(made), encoding="utf-8")
    assert load_config(path) == made


def test_a_section_with_nothing_in_it_is_its_defaults(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("train:\n  # lr: 1\nmodel:\n")
    assert load_config(path) == Config()
    path.write_text("")
    assert load_config(path) == Config()


@pytest.mark.parametrize(("content", "words"), [("- a", "not a list"), ("x: [", "no YAML"), (None, "cannot be read")])
def test_an_unreadable_file_is_named(tmp_path: Path, content: str | None, words: str) -> None:
    path = tmp_path / "config.yaml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigError, match=words) as caught:
        load_config(path)
    assert str(path) in str(caught.value)


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(b"\xff\xfe\x00train")
    with pytest.raises(ConfigError, match="no YAML"):
        load_config(path)


def leaves(tree: dict[str, object], prefix: str = "") -> list[str]:
    return [
        path
        for key, value in tree.items()
        for path in (leaves(value, f"{prefix}{key}.") if isinstance(value, dict) else [prefix + key])
    ]


def test_the_schema_lists_every_key_with_its_type_and_default() -> None:
    rows = list(describe_schema())
    assert [path for path, *_ in rows] == leaves(Config().model_dump())
    for path, kind, default, _ in rows:
        assert kind, path
        if path != "data.split":
            tree = make_config({}, [f"{path}={default}"])  # a default that is shown can be written
            assert tree == Config()


def test_the_schema_words_types_as_they_are_written() -> None:
    kinds = {path: kind for path, kind, _, _ in describe_schema()}
    assert kinds["prep.size"] == "int | [int, int]"
    assert kinds["prep.fps"] == "float | null"
    assert kinds["model.head"] == "lstm | bilstm | gru | tcn | attention | mean | moments | frame"
    assert kinds["augment.flip_labels"] == "{str: str} | null"


def test_literals_name_just_what_the_code_offers() -> None:
    published = torchvision.models.list_models(module=torchvision.models)
    assert sorted(get_args(config.Backbone)) == sorted([*NETWORKS, *published])
    assert set(BACKBONES) == set(get_args(config.Backbone))
    assert set(get_args(config.Optimizer)) == set(OPTIMIZERS)
    assert set(get_args(config.Head)) == set(HEADS)


def test_the_recipes_in_the_repository_load() -> None:
    recipes = sorted((Path(__file__).parents[1] / "configs").glob("*.yaml"))
    assert recipes
    for recipe in recipes:
        tree = yaml.safe_load(recipe.read_text(encoding="utf-8"))
        assert tree
        if "kind" not in tree:  # which is a foreign embedder's
            load_config(recipe)


@pytest.mark.parametrize(
    ("tree", "problem"),
    [
        ({"augment": {"elastic": 0.1}}, "augment.shear, elastic and quarter_turns are for task embed on pictures"),
        ({"task": "embed", "augment": {"shear": 5}}, "augment.shear, elastic and quarter_turns are for task embed"),
        ({"task": "embed", "cv": "group:3"}, "cv divides clips by class"),
        ({"task": "embed", "augment": {"mixup": 0.2}}, "augment.mixup, augment.background and train.class_weights"),
        (
            {"task": "embed", "model": {"loss": "contrastive"}, "embed": {"margin": "soft"}},
            "contrastive needs a number",
        ),
        ({"task": "embed", "embed": {"margin": 3}}, "a margin lies above 0 and up to 2"),
        ({"task": "embed", **STILLS, "prep": {"frames": 1, "size": [24, 32]}}, "quarter_turns needs square pictures"),
    ],
)
def test_what_an_embedder_cannot_learn_from(tree: dict[str, object], problem: str) -> None:
    assert len(found := problems_of(tree)) == 1
    assert problem in found[0]


def test_pictures_in_memory_may_be_bent_and_turned() -> None:
    assert make_config({"task": "embed", **STILLS}).embeds_stills
    assert not make_config({"task": "embed"}).embeds_stills
