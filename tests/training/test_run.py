"""A training from settings to a run folder."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import vidclf
from vidclf.config import dump_config
from vidclf.errors import NanLossError, ProcessCountError, RunError, TooManyBadClipsError, UsageError
from vidclf.evaluate import evaluate_run
from vidclf.metrics import fit_temperature
from vidclf.package import RunFolder
from vidclf.training import train


def _weights(run: Path) -> dict[str, torch.Tensor]:
    return load_file(run / "model" / "model.safetensors")


def test_a_run_folder_holds_what_people_keep(settings: Any) -> None:
    trained = train(settings())
    run = RunFolder(trained.path)
    plots = (run.curves, run.confusion, run.reliability)
    for file in (run.config, run.split, run.history, *plots, run.report, run.metrics):
        assert file.stat().st_size > 0, file
    with run.history.open() as history:
        assert [row["epoch"] for row in csv.DictReader(history)] == ["1", "2", "3"]
    description = json.loads((run.model / "model.json").read_text())
    assert description["format_version"] == 1
    assert description["classes"] == ["push", "swipe_left", "swipe_right"]
    assert description["metrics"]["split"] == "test"
    assert trained.evaluation is not None
    assert trained.evaluation.scores.num_clips == sum(map(sum, trained.evaluation.scores.confusion))


def test_evaluate_predict_and_the_training_say_the_same(settings: Any) -> None:
    trained = train(settings())
    again = evaluate_run(trained.path)
    assert trained.evaluation is not None
    assert again.evaluation.scores == trained.evaluation.scores
    assert again.evaluation.loss == pytest.approx(trained.evaluation.loss, abs=1e-9)
    written = json.loads(RunFolder(trained.path).metrics.read_text())
    assert again.split_hash == written["split_hash"]

    model = vidclf.load(trained.path)
    results = again.evaluation.results
    predictions = list(model.predict_many([result.entry.path for result in results], batch=3))
    for result, prediction in zip(results, predictions, strict=True):
        assert result.probabilities is not None
        np.testing.assert_allclose(list(prediction.probabilities.values()), result.probabilities, atol=1e-5)


def test_the_temperature_is_fitted_on_validation_clips_alone(settings: Any) -> None:
    path = train(settings()).path
    model = vidclf.load(path, device="cpu")
    val, test = (evaluate_run(path, split=split).evaluation for split in ("val", "test"))
    labels = np.array([model.classes.index(result.entry.label) for result in val.results])
    said = np.stack([result.probabilities for result in val.results if result.probabilities is not None])
    # At the temperature that suits them, no other one suits the clips better; nothing is fitted where all are right.
    again = fit_temperature(said, labels)
    assert model.temperature == 1.0 if again is None else again == pytest.approx(1, abs=1e-4)
    figures = json.loads(RunFolder(path).metrics.read_text())
    assert figures["ece"] == pytest.approx(test.reliability.ece, abs=1e-6)
    assert f"{100 * figures['ece']:.1f} %" in RunFolder(path).report.read_text()


def test_without_validation_clips_the_temperature_is_one(settings: Any) -> None:
    path = train(settings(data={"split": {"val": 0}}, train={"epochs": 1})).path
    assert vidclf.load(path, device="cpu").temperature == 1.0
    assert "none was fitted" in RunFolder(path).report.read_text()


def test_a_finished_training_that_is_resumed_keeps_its_temperature(settings: Any) -> None:
    config = settings(train={"epochs": 2})
    first = vidclf.load(train(config).path, device="cpu").temperature
    assert vidclf.load(train(config, resume=True).path, device="cpu").temperature == pytest.approx(first)


def test_no_group_is_on_both_sides(settings: Any) -> None:
    run = RunFolder(train(settings(train={"epochs": 1})).path)
    with run.split.open() as table:
        rows = list(csv.DictReader(table))
    sides: dict[str, set[str]] = {}
    for row in rows:
        sides.setdefault(row["group"], set()).add(row["split"])
    assert all(len(splits) == 1 for splits in sides.values())
    assert {row["split"] for row in rows} == {"train", "val", "test"}


def test_one_seed_gives_one_model(settings: Any, tmp_path: Path) -> None:
    first = _weights(train(settings()).path)
    shutil.rmtree(tmp_path / "run")
    again = _weights(train(settings()).path)
    shutil.rmtree(tmp_path / "run")
    other = _weights(train(settings(train={"seed": 1})).path)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


def test_threads_that_read_do_not_change_the_weights(settings: Any, tmp_path: Path) -> None:
    one = _weights(train(settings(data={"workers": 1})).path)
    shutil.rmtree(tmp_path / "run")
    four = _weights(train(settings(data={"workers": 4, "cache": "none"})).path)
    assert all(torch.equal(one[name], four[name]) for name in one)


def test_a_killed_training_goes_on_to_the_same_weights(settings: Any, tmp_path: Path) -> None:
    config = settings(train={"epochs": 4, "ema": 0.9, "optimizer": "adamw"})
    whole = config.model_copy(update={"out": str(tmp_path / "whole")})
    train(whole)

    file = tmp_path / "config.yaml"
    file.write_text(dump_config(config))
    command = [sys.executable, "-m", "vidclf", "train", str(file)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("epoch 2/"):
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stderr.close()
    assert not (tmp_path / "run" / "report.html").exists()

    subprocess.run([*command, "--resume"], env=environment, check=True, capture_output=True)
    expected, resumed = _weights(tmp_path / "whole"), _weights(tmp_path / "run")
    assert all(torch.equal(expected[name], resumed[name]) for name in expected)
    assert (tmp_path / "run" / "history.csv").read_text() == (tmp_path / "whole" / "history.csv").read_text()


def test_resuming_with_other_settings_is_refused(settings: Any) -> None:
    train(settings(train={"epochs": 1}))
    with pytest.raises(UsageError, match=r"train\.lr=0\.5 \(was 0\.001\)"):
        train(settings(train={"epochs": 1, "lr": 0.5}), resume=True)


def test_a_run_is_not_overwritten_by_accident(settings: Any, tmp_path: Path) -> None:
    train(settings(train={"epochs": 1}))
    with pytest.raises(UsageError, match="--resume"):
        train(settings(train={"epochs": 1}))
    train(settings(train={"epochs": 1}), overwrite=True)
    foreign = tmp_path / "photos"
    foreign.mkdir()
    (foreign / "holiday.jpg").write_bytes(b"dear")
    config = settings(train={"epochs": 1}).model_copy(update={"out": str(foreign)})
    with pytest.raises(UsageError, match="no run"):
        train(config, overwrite=True)
    assert (foreign / "holiday.jpg").exists()


def test_a_loss_that_is_no_number_stops_with_the_step_and_the_rate(settings: Any) -> None:
    config = settings(train={"epochs": 4, "lr": 1e30, "clip": 0, "warmup": 0, "optimizer": "sgd"})
    with pytest.raises(NanLossError, match=r"step \d+, learning rate \S+; .*train\.lr=1e\+29"):
        train(config)


def test_bad_clips_are_left_out_once_and_named(
    settings: Any, clips: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config, bad = _with_a_bad_clip(settings, clips, tmp_path, {"epochs": 2})
    caplog.set_level("INFO", logger="vidclf")
    trained = train(config)
    said = [record.getMessage() for record in caplog.records if bad in record.getMessage()]
    assert [line.startswith("left out") for line in said] == [True, False]  # when it is met, and at the end
    assert bad in RunFolder(trained.path).report.read_text()


def test_too_many_bad_clips_stop_the_run(settings: Any, clips: Path, tmp_path: Path) -> None:
    config, bad = _with_a_bad_clip(settings, clips, tmp_path, {"epochs": 2})
    strict = config.model_copy(update={"data": config.data.model_copy(update={"max_bad_share": 0.0})})
    with pytest.raises(TooManyBadClipsError, match=bad):
        train(strict)


def _with_a_bad_clip(settings: Any, clips: Path, tmp_path: Path, changed: dict[str, Any]) -> tuple[Any, str]:
    """The rendered clips, already divided, with one training clip that is no video."""
    broken = tmp_path / "broken.mp4"
    broken.write_text("a failed download")
    with (clips / "manifest.csv").open() as table:
        rows = list(csv.DictReader(table))
    groups = sorted({row["group"] for row in rows})
    lines = ["path,label,group,split"]
    for row in rows:
        place = groups.index(row["group"])
        split = "val" if place == 0 else "test" if place == 1 else "train"
        lines.append(f"{clips / row['path']},{row['label']},{row['group']},{split}")
    lines.append(f"{broken},push,nobody,train")
    manifest = tmp_path / "manifest.csv"
    manifest.write_text("\n".join(lines))
    return settings(data={"manifest": str(manifest), "max_bad_share": 0.2}, train=changed), "broken.mp4"


def test_without_held_out_clips_there_is_a_model_and_no_score(settings: Any) -> None:
    trained = train(settings(data={"split": {"val": 0, "test": 0}}, train={"epochs": 2}))
    assert trained.evaluation is None
    assert vidclf.load(trained.path).classes == ("push", "swipe_left", "swipe_right")
    assert RunFolder(trained.path).report.exists()


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adagrad", "rmsprop", "adam"])
def test_the_optimizers_people_name(settings: Any, optimizer: str) -> None:
    trained = train(settings(train={"epochs": 1, "optimizer": optimizer}))
    assert trained.evaluation is not None
    assert np.isfinite(trained.evaluation.loss)


def test_options_that_touch_the_loop_work_together(settings: Any) -> None:
    mirrored = {"swipe_left": "swipe_right", "swipe_right": "swipe_left"}
    trained = train(
        settings(
            train={
                "accumulate": 2,
                "amp": "bf16",
                "class_weights": "balanced",
                "early_stop": 1,
                "ema": 0.9,
                "epochs": 6,
                "schedule": "constant",
            },
            model={"head": "bilstm", "pooling": "attention", "layers": 2},
            augment={
                "erase": 0.5,
                "rotate": 10,
                "flip_labels": mirrored,
            },
        )
    )
    assert trained.evaluation is not None
    assert np.isfinite(trained.evaluation.loss)


def test_two_processes_train_one_model(settings: Any, tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(dump_config(settings(train={"epochs": 2})))
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*launch, "-m", "vidclf", "train", str(file)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    assert "2 processes" in done.stderr
    assert done.stdout.count("accuracy") == 1  # one of them speaks
    assert vidclf.load(tmp_path / "run").classes == ("push", "swipe_left", "swipe_right")


def test_a_launcher_that_starts_too_few_processes_is_told(settings: Any, tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(dump_config(settings(train={"epochs": 1})))
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--cpu", "--num_processes", "2"]
    done = subprocess.run([*launch, "-m", "vidclf", "train", str(file)], capture_output=True, text=True, timeout=240)
    assert done.returncode != 0
    assert "asked for 2 processes and started 1" in done.stderr
    assert issubclass(ProcessCountError, vidclf.VidclfError)


def test_a_model_of_an_unfinished_first_epoch_is_refused(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with pytest.raises(RunError, match="no model"):
        vidclf.load(tmp_path / "run")
    with pytest.raises(UsageError, match="nothing to resume"):
        train(settings(), resume=True)
