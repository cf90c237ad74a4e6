"""`vidclf train ... cv=...` and what can be done with its folds."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.command_line import TINY, vidclf
from tests.e2e.test_evaluate_command import KEYS

SETTINGS = (*TINY, "train.epochs=1", "data.split.val=0", "model.head=mean")


@pytest.fixture(scope="module")
def crossed(gestures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cross-validation by the command, killed in its second fold and resumed; not to be changed."""
    out = tmp_path_factory.mktemp("runs") / "crossed"
    words = ["train", str(gestures), f"out={out}", *SETTINGS, "cv=group:2"]
    command = [sys.executable, "-m", "vidclf", *words]
    process = subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1"}, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("fold_1 of 2: tested on 9 clips of performer_"):
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stderr.close()
    assert not (out / "metrics.json").exists()

    refused = vidclf(*words)
    assert refused.code == 2
    assert "--resume" in refused.err
    done = vidclf(*words, "--resume")
    assert done.code == 0, done.err
    assert "fold_0 of 2" not in done.err
    assert "fold_1 of 2" in done.err
    assert "18 clips of the 2 folds" in done.out
    assert f"report  {out / 'report.html'}" in done.out
    return out


def test_its_scores_have_the_keys_of_evaluate(crossed: Path) -> None:
    metrics = json.loads((crossed / "metrics.json").read_text())
    assert metrics.keys() >= KEYS | {"per_group", "folds"}
    assert metrics["num_clips"] == 18
    assert len((crossed / "predictions.csv").read_text().splitlines()) == 19
    for file in ("config.yaml", "folds.csv", "confusion.png", "report.html"):
        assert (crossed / file).stat().st_size > 0


def test_a_fold_is_a_run(crossed: Path, clip: Path, tmp_path: Path) -> None:
    assert vidclf("predict", crossed / "fold_0", clip).code == 0
    done = vidclf("evaluate", crossed / "fold_0", "--json", tmp_path / "scores.json")
    assert done.code == 0, done.err
    assert "groups: performer_" in done.out
    scores = json.loads((tmp_path / "scores.json").read_text())
    of_fold = json.loads((crossed / "metrics.json").read_text())["folds"]["fold_0"]
    assert sorted(scores["per_group"]) == of_fold["groups"]
    assert scores["accuracy"] == pytest.approx(of_fold["accuracy"])


def test_its_folds_become_one_model(crossed: Path, gestures: Path, clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "all"
    done = vidclf("ensemble", crossed / "fold_0", crossed / "fold_1", "--out", out)
    assert done.code == 0, done.err
    answers = [
        json.loads(vidclf("predict", run, clip, "--json").out)["probabilities"]
        for run in (crossed / "fold_0", crossed / "fold_1", out)
    ]
    assert answers[2] == pytest.approx({label: (answers[0][label] + answers[1][label]) / 2 for label in answers[0]})
    scored = vidclf("evaluate", out, "--manifest", gestures, "--json", tmp_path / "scores.json")
    assert scored.code == 0, scored.err
    assert json.loads((tmp_path / "scores.json").read_text())["num_clips"] == 18
    own = vidclf("evaluate", out)
    assert own.code == 2
    assert "--manifest" in own.err
    again = vidclf("ensemble", crossed / "fold_0", crossed / "fold_1", "--out", out)
    assert again.code == 2
    assert "there already" in again.err


def test_a_dry_run_shows_the_folds(gestures: Path, tmp_path: Path) -> None:
    done = vidclf("train", gestures, f"out={tmp_path / 'run'}", *SETTINGS, "cv=leave-one-group-out", "--dry-run")
    assert done.code == 0, done.err
    assert "6 such trainings" in done.out
    assert "fold_5  15 train, 0 val, 3 test" in done.out
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("cv", ["group", "group:1", "group:x", "folds.csv", "leave-one-out"])
def test_what_is_no_cross_validation_is_explained(gestures: Path, tmp_path: Path, cv: str) -> None:
    done = vidclf("train", gestures, f"out={tmp_path / 'run'}", f"cv={cv}")
    assert done.code == 2
    assert "group:K" in done.err
    assert "leave-one-group-out" in done.err
