"""One tiny rendered data set and one tiny training, for all tests that go through the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.command_line import TINY, python
from vidclf.synth import render_gestures


@pytest.fixture(scope="session")
def gestures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six rendered performers, three classes: the manifest."""
    folder = tmp_path_factory.mktemp("gestures") / "data"
    classes = ("none", "swipe_left", "swipe_right")
    return render_gestures(folder, clips_per_class=6, performers=6, classes=classes, size=(48, 64), workers=1)


@pytest.fixture(scope="session")
def clip(gestures: Path) -> Path:
    """One video."""
    return min(gestures.parent.rglob("*.mp4"))


@pytest.fixture(scope="session")
def tiny_run(gestures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder, trained by the command as a user would; not to be changed."""
    run = tmp_path_factory.mktemp("runs") / "tiny"
    done = python("-m", "vidclf", "train", gestures, f"out={run}", *TINY)
    assert done.code == 0, done.err
    assert f"run     {run}\n" in done.out
    assert "device=" in done.err
    assert "epoch 2/2: train loss" in done.err
    return run
