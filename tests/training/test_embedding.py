"""Trainings of embedders, from settings to a run folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import vidclf
from tests.data.glyphs import draw_alphabets
from vidclf.config import Config, dump_config, make_config
from vidclf.errors import ConfigError, RunError
from vidclf.infer.trained_embedder import TrainedEmbedder
from vidclf.package import RunFolder
from vidclf.training import train
from vidclf.training.state import load_state


@pytest.fixture(scope="module")
def alphabets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("glyphs")
    draw_alphabets(folder)
    return folder


@pytest.fixture
def settings(alphabets: Path, tmp_path: Path) -> Any:
    """Make a config for a tiny training; keyword arguments are sections that change."""

    def make(**sections: dict[str, Any]) -> Config:
        tree: dict[str, dict[str, Any]] = {
            "data": {"manifest": str(alphabets), "cache": "memory", "split": {"val": 0.3, "test": 0}},
            "prep": {"frames": 1, "size": 24, "normalise": "ink"},
            "augment": {"scale": 0.1, "rotate": 5, "shear": 5, "elastic": 0.02},
            "model": {"backbone": "small", "head": "frame", "dropout": 0.0, "embedding_dim": 16},
            "embed": {"groups": 2, "identities": 6, "samples": 2, "val_ways": 4, "val_episodes": 40, "scale": 10},
            "train": {"epochs": 3, "lr": 3e-3, "warmup": 0.5},
        }
        for name, section in sections.items():
            tree[name] = {**tree.get(name, {}), **section}
        return make_config({"task": "embed", **tree, "out": str(tmp_path / "run"), "device": "cpu"})

    return make


def weights(run: Path) -> dict[str, torch.Tensor]:
    return load_file(run / "model" / "model.safetensors")


@pytest.mark.parametrize("loss", ["contrastive", "triplet", "prototypical"])
def test_what_was_learned_tells_characters_of_another_alphabet_apart(settings: Any, loss: str) -> None:
    config = settings(
        model={"loss": loss}, embed={"classifier": 0.3, "margin": 0.5}, train={"epochs": 15}, augment={"elastic": 0}
    )
    run = RunFolder(train(config).path)
    figures = json.loads(run.metrics.read_text())
    assert figures["accuracy"] > 0.6  # chance is a quarter
    assert figures["error"] == pytest.approx(1 - figures["accuracy"])
    assert figures["num_trials"] == 4 * 40
    for file in (run.config, run.split, run.history, run.curves, run.report):
        assert file.stat().st_size > 0, file
    embedder = TrainedEmbedder.load(run.path, "cpu")
    assert embedder.threshold == pytest.approx(figures["threshold"])
    assert not any("W" in name.split(".") for name in weights(run.path))  # the classifier stays behind


def test_an_embedder_is_no_classifier_and_the_other_way_round(settings: Any) -> None:
    path = train(settings(train={"epochs": 1})).path
    with pytest.raises(RunError, match="embedder"):
        vidclf.load(path)


def test_a_resumed_training_gives_the_weights_of_an_uninterrupted_one(settings: Any, tmp_path: Path) -> None:
    config = settings(
        embed={"classifier": 0.5}, augment={"quarter_turns": True}, train={"epochs": 2, "schedule": "constant"}
    )

    def stop(row: Any) -> None:
        if row.epoch == 1:
            raise KeyboardInterrupt

    whole = weights(train(config).path)
    shutil.rmtree(tmp_path / "run")
    with pytest.raises(KeyboardInterrupt):
        train(config, on_epoch=stop)
    again = weights(train(config, resume=True).path)
    assert all(torch.equal(whole[name], again[name]) for name in whole)


def test_pictures_read_one_by_one_teach_as_well(settings: Any) -> None:
    augment = {"shear": 0, "elastic": 0}
    path = train(settings(data={"cache": "none"}, augment=augment, train={"epochs": 1})).path
    assert TrainedEmbedder.load(path, "cpu").dim == 16


def test_too_few_identities_to_validate_on_is_said_before_the_training(settings: Any, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"embed\.val_ways: 7-way"):
        train(settings(embed={"val_ways": 7}))
    assert not (tmp_path / "run").exists()


def test_identities_without_groups_are_held_out_whole(settings: Any, alphabets: Path, tmp_path: Path) -> None:
    persons = tmp_path / "persons"
    for character in (alphabets / "Alphabet_0").iterdir():
        shutil.copytree(character, persons / character.name)
    config = settings(data={"manifest": str(persons)}, embed={"groups": None, "val_ways": 2}, train={"epochs": 1})
    run = RunFolder(train(config).path)
    rows = [line.split(",") for line in run.split.read_text().splitlines()]
    label, split = rows[0].index("label"), rows[0].index("split")
    sides = {(row[label], row[split]) for row in rows[1:]}
    assert len(sides) == len({name for name, _ in sides}) == 6


def test_clips_become_vectors_too(clips: Path, tmp_path: Path) -> None:
    config = make_config(
        {
            "task": "embed",
            "data": {"manifest": str(clips / "manifest.csv"), "split": {"val": 0.4, "test": 0}},
            "prep": {"frames": 4, "size": 24, "motion": "add"},
            "model": {"head": "lstm", "hidden": 8, "embedding_dim": 8},
            "embed": {"identities": 3, "samples": 2, "val_ways": 2, "val_episodes": 5},
            "train": {"epochs": 1},
            "out": str(tmp_path / "run"),
            "device": "cpu",
        }
    )
    path = train(config).path
    embedder = TrainedEmbedder.load(path, "cpu")
    source = next(clips.rglob("*.mp4"))
    vectors = embedder.embed(embedder.crops(source))
    assert vectors.shape == (1, 8)
    assert np.linalg.norm(vectors[0]) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    "loss",
    [
        "triplet",
        pytest.param("contrastive", marks=pytest.mark.slow),
        pytest.param("prototypical", marks=pytest.mark.slow),
    ],
)
def test_two_processes_learn_from_the_whole_batch_as_one_does(settings: Any, tmp_path: Path, loss: str) -> None:
    def config(name: str, groups: int) -> Config:
        made: Config = settings(
            model={"loss": loss, "freeze_batch_norm": True},
            embed={"groups": groups, "classifier": 0.3, "mining": "hard"},
            train={"epochs": 2, "optimizer": "momentum", "lr": 0.02},
        )
        return made.model_copy(update={"out": str(tmp_path / name)})

    train(config("one", 2))
    file = tmp_path / "two.yaml"
    file.write_text(dump_config(config("two", 1)))
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*launch, "-m", "vidclf", "train", str(file)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    one, two = (load_state(RunFolder(tmp_path / name).state) for name in ("one", "two"))
    for part in ("network", "criterion"):
        for name, tensor in one[part].items():
            torch.testing.assert_close(two[part][name], tensor, rtol=0, atol=1e-4)
