"""`vidclf tune`, from clips to a config that `vidclf train` takes."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.command_line import TINY, vidclf


def test_a_search_goes_on_and_its_best_config_trains(gestures: Path, tmp_path: Path) -> None:
    space, out = tmp_path / "space.yaml", tmp_path / "out"
    space.write_text("train:\n  lr: {low: 1.0e-4, high: 1.0e-2, log: true}\nmodel:\n  head: [mean, gru]\n")
    words = ["tune", gestures, *TINY, "train.epochs=1", "--space", space, "--out", out]
    done = vidclf(*words, "--trials", "1")
    assert done.code == 0, done.err
    assert "best of 1 trials (1 complete, 0 stopped early, 0 failed): trial 0, accuracy" in done.out
    assert f"vidclf train {out / 'best.yaml'}" in done.out

    again = vidclf(*words, "--trials", "2")
    assert again.code == 0, again.err
    assert again.err.count("epoch 1/1") == 1
    assert "best of 2 trials" in again.out
    assert (out / "trials.csv").read_text().count("\n") == 3

    trained = vidclf("train", out / "best.yaml", f"out={tmp_path / 'run'}")
    assert trained.code == 0, trained.err
    assert "of the test split" in trained.out


def test_what_cannot_be_searched_is_explained(gestures: Path, tmp_path: Path) -> None:
    space, out = tmp_path / "space.yaml", tmp_path / "out"
    space.write_text("train:\n  lr: {low: 1, high: 0.1}\n  epoch: [1, 2]\n")
    wrong = vidclf("tune", gestures, *TINY, "--space", space, "--out", out)
    assert wrong.code == 2
    assert f"{space} has 2 problems" in wrong.err
    assert "train.epoch: there is no such key; nearest: epochs" in wrong.err
    missing = vidclf("tune", gestures, *TINY, "--out", out, without="optuna")
    assert missing.code == 2
    assert 'pip install "vidclf[tune]"' in missing.err
    assert not out.exists()
