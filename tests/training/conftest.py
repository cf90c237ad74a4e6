"""A small rendered data set, and settings with which a training takes seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from vidclf.config import Config, make_config
from vidclf.synth import render_gestures

CLASSES = ("swipe_left", "swipe_right", "push")


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """18 rendered clips of three classes by six performers."""
    out = tmp_path_factory.mktemp("clips")
    render_gestures(out, clips_per_class=6, performers=6, seed=3, classes=CLASSES, size=(48, 64), workers=1)
    return out


@pytest.fixture
def settings(clips: Path, tmp_path: Path) -> Any:
    """Make a config for a tiny training; keyword arguments are sections that change."""

    def make(**sections: dict[str, Any]) -> Config:
        tree: dict[str, dict[str, Any]] = {
            "data": {"manifest": str(clips / "manifest.csv"), "cache": "memory"},
            "prep": {"frames": 5, "size": [32, 40], "motion": "add"},
            "augment": {"scale": 0.1, "shift": 0.1, "colour": 0.2, "speed": 0.1},
            "model": {"hidden": 16, "dropout": 0.2},
            "train": {"epochs": 3, "batch": 4, "lr": 1e-3, "warmup": 0.5},
        }
        for name, section in sections.items():
            tree[name] = {**tree.get(name, {}), **section}
        return make_config({**tree, "out": str(tmp_path / "run"), "device": "cpu"})

    return make


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    # Sums over several threads come out in another order, and small networks are no faster for them.
    torch.set_num_threads(1)
