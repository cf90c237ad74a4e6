"""Two processes of one training, against one process with the same global batch."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from vidclf.config import Config, dump_config
from vidclf.package import RunFolder
from vidclf.training import train
from vidclf.training.state import load_state

# 11 clips in global batches of 4: the last of an epoch is of 3, so the shares of two processes differ.
STEPS_PER_EPOCH, EPOCHS = 3, 7


@pytest.fixture(scope="module")
def divided(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """11 clips to train on and 5 to validate on: neither number can be dealt evenly to two processes."""
    with (clips / "manifest.csv").open() as table:
        rows = list(csv.DictReader(table))
    held_out = sorted({row["group"] for row in rows})[:2]
    val = [row for row in rows if row["group"] in held_out][:5]
    training = [row for row in rows if row["group"] not in held_out][:11]
    lines = ["path,label,group,split"]
    for split, members in (("train", training), ("val", val)):
        lines += [f"{clips / row['path']},{row['label']},{row['group']},{split}" for row in members]
    manifest = tmp_path_factory.mktemp("divided") / "manifest.csv"
    manifest.write_text("\n".join(lines))
    return manifest


def test_two_processes_give_the_weights_and_the_history_of_one(settings: Any, divided: Path, tmp_path: Path) -> None:
    def config(name: str, batch: int) -> Config:
        made: Config = settings(
            data={"manifest": str(divided)},
            model={"dropout": 0.0, "freeze_batch_norm": True},
            # Not Adam: where a gradient is all but zero it would step by the sign of what rounding left.
            train={
                "epochs": EPOCHS,
                "batch": batch,
                "class_weights": "balanced",
                "optimizer": "momentum",
                "lr": 0.02,
            },
        )
        return made.model_copy(update={"out": str(tmp_path / name)})

    train(config("one", batch=4))
    _train_in_two_processes(config("two", batch=2), tmp_path)

    states = {name: load_state(RunFolder(tmp_path / name).state) for name in ("one", "two")}
    assert states["one"]["progress"]["step"] == states["two"]["progress"]["step"] == STEPS_PER_EPOCH * EPOCHS
    for name, weights in states["one"]["network"].items():
        torch.testing.assert_close(states["two"]["network"][name], weights, rtol=0, atol=1e-5)
    one, two = (_history(tmp_path / name) for name in ("one", "two"))
    # A clip that is counted twice would show in both the loss and the accuracy.
    assert two == [pytest.approx(row, abs=1e-5) for row in one]


def _train_in_two_processes(config: Config, folder: Path) -> None:
    file = folder / "two.yaml"
    file.write_text(dump_config(config))
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*launch, "-m", "vidclf", "train", str(file)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr


def _history(run: Path) -> list[dict[str, float]]:
    with RunFolder(run).history.open() as table:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(table)]
