"""Several models that answer as one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import vidclf
from vidclf.config import make_config
from vidclf.data import ClipEntry
from vidclf.errors import RunError, UsageError
from vidclf.infer import Predictor, predict_entries, save, save_ensemble
from vidclf.models import make_classifier
from vidclf.package import ENSEMBLE_FORMAT_VERSION, FORMAT_VERSION
from vidclf.video import read_clip, write_video

CLASSES = ("down", "up")


def _saved(folder: Path, *, seed: int, classes: Sequence[str] = CLASSES, **prep: Any) -> Path:
    """An untrained model, which says something else for each seed."""
    config = make_config({"model": {"hidden": 4}, "prep": {"size": 24, "frames": 4, **prep}})
    torch.manual_seed(seed)
    network, preprocessing = make_classifier(config.model, config.prep, len(classes))
    save(folder / "model", Predictor(network, preprocessing, classes, torch.device("cpu")), config.model, {})
    return folder


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    """Two models that want the same of a clip, and one that wants something else."""
    return [
        _saved(tmp_path / "a", seed=1),
        _saved(tmp_path / "b", seed=2),
        _saved(tmp_path / "c", seed=3, size=[32, 40], motion="only", frames=7),
    ]


@pytest.fixture
def movies(tmp_path: Path) -> list[Path]:
    rng = np.random.default_rng(0)
    paths = [tmp_path / "short.mp4", tmp_path / "long.mp4"]
    for path, length in zip(paths, (3, 20), strict=True):
        write_video(path, rng.integers(0, 255, (length, 48, 64, 3)).astype(np.uint8), fps=10)
    return paths


def test_the_answer_is_the_mean_of_the_members(runs: list[Path], movies: list[Path], tmp_path: Path) -> None:
    save_ensemble(tmp_path / "all" / "model", runs)
    ensemble = vidclf.load(tmp_path / "all", device="cpu")
    members = [vidclf.load(run, device="cpu") for run in runs]
    for movie, together in zip(movies, ensemble.predict_many(movies, batch=2), strict=True):
        alone = [list(member.predict(movie).probabilities.values()) for member in members]
        assert np.ptp(alone, axis=0).max() > 1e-3
        np.testing.assert_allclose(list(together.probabilities.values()), np.mean(alone, axis=0), atol=1e-6)
        assert ensemble.predict(read_clip(movie)).probabilities == pytest.approx(together.probabilities)


def test_rows_of_a_manifest_are_read_for_each_member(runs: list[Path], movies: list[Path], tmp_path: Path) -> None:
    save_ensemble(tmp_path / "all" / "model", runs)
    ensemble = vidclf.load(tmp_path / "all" / "model", device="cpu")
    rows = [
        ClipEntry("long.mp4", movies[1], "up", start_seconds=0.5, end_seconds=1.5),
        ClipEntry("gone.mp4", tmp_path / "gone.mp4", "up"),
    ]
    read, gone = predict_entries(ensemble, rows, ensemble.reader())
    expected = ensemble.predict(movies[1], start_seconds=0.5, end_seconds=1.5)
    assert read.probabilities is not None
    assert read.probabilities.tolist() == pytest.approx(list(expected.probabilities.values()), abs=1e-6)
    assert gone.probabilities is None
    assert "gone.mp4" in gone.reason


def test_its_folder_needs_nothing_beside_it(runs: list[Path], movies: list[Path], tmp_path: Path) -> None:
    save_ensemble(tmp_path / "all" / "model", runs)
    expected = vidclf.load(tmp_path / "all", device="cpu").predict(movies[0]).probabilities
    for run in runs:
        shutil.rmtree(run)
    moved = (tmp_path / "all").rename(tmp_path / "moved")
    assert vidclf.load(moved, device="cpu").predict(movies[0]).probabilities == expected
    assert {file.suffix for file in moved.rglob("*") if file.is_file()} == {".json", ".safetensors"}


def test_a_vidclf_that_knows_no_ensembles_refuses_it_by_its_format(runs: list[Path], tmp_path: Path) -> None:
    save_ensemble(tmp_path / "all" / "model", runs)
    file = tmp_path / "all" / "model" / "model.json"
    description = json.loads(file.read_text())
    assert description["format_version"] > FORMAT_VERSION
    assert json.loads((runs[0] / "model" / "model.json").read_text())["format_version"] == FORMAT_VERSION
    file.write_text(json.dumps({**description, "format_version": ENSEMBLE_FORMAT_VERSION + 1}))
    with pytest.raises(RunError, match="A newer vidclf wrote it"):
        vidclf.load(tmp_path / "all")


def test_members_that_do_not_go_together_are_refused(runs: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "all" / "model"
    with pytest.raises(UsageError, match="two runs or more"):
        save_ensemble(out, runs[:1])
    with pytest.raises(UsageError, match=r"it knows left, up, but .*a knows down, up"):
        save_ensemble(out, [*runs, _saved(tmp_path / "other", seed=4, classes=("left", "up"))])
    with pytest.raises(RunError, match="no model"):
        save_ensemble(out, [*runs, tmp_path / "nowhere"])
    assert not out.exists()
    save_ensemble(out, runs)
    with pytest.raises(UsageError, match="an ensemble itself"):
        save_ensemble(tmp_path / "nested", [runs[0], tmp_path / "all"])


@pytest.mark.parametrize("changes", [{"members": 0}, {"members": "all"}, {"classes": ["up", "down"]}])
def test_a_description_that_does_not_fit_is_refused(
    runs: list[Path], tmp_path: Path, changes: dict[str, object]
) -> None:
    save_ensemble(tmp_path / "model", runs)
    file = tmp_path / "model" / "model.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))
    with pytest.raises(RunError, match="do not fit together"):
        vidclf.load(tmp_path)


def test_a_damaged_member_is_named(runs: list[Path], tmp_path: Path) -> None:
    save_ensemble(tmp_path / "all" / "model", runs)
    weights = tmp_path / "all" / "model" / "member_1" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + b"abcd")
    with pytest.raises(RunError, match="member_1"):
        vidclf.load(tmp_path / "all")
