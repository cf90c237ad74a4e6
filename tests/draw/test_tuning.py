"""The plot of a search."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from PIL import Image

from vidclf.draw import plot_search

ACCENT = np.array([0x0A, 0x63, 0x75])  # complete trials, and the best so far


@dataclass(frozen=True)
class Row:
    number: int
    state: str = "complete"
    accuracy: float | None = 0.5
    values: Mapping[str, Any] = field(default_factory=lambda: {"train.lr": 1e-3})


def drawn(rows: Sequence[Row]) -> np.ndarray:
    buffer = io.BytesIO()
    plot_search(rows, buffer)
    with Image.open(buffer) as picture:
        assert picture.format == "PNG"
        return np.asarray(picture.convert("RGB")).astype(int)


def accented(rows: Sequence[Row]) -> int:
    return int((np.abs(drawn(rows) - ACCENT).max(axis=-1) <= 2).sum())


def test_complete_trials_stand_out_from_those_that_were_stopped() -> None:
    accuracies = np.linspace(0.4, 0.6, 20)
    complete = [Row(0, accuracy=0.7), *(Row(n, "complete", share) for n, share in enumerate(accuracies, start=1))]
    stopped = [Row(row.number, "pruned", row.accuracy) if row.number else row for row in complete]
    assert accented(complete) > 1.5 * accented(stopped)


def test_each_setting_has_a_panel() -> None:
    one, five = (
        drawn([Row(n, values={f"train.{key}": n + 0.5 for key in range(keys)}) for n in range(2)]) for keys in (1, 5)
    )
    assert five.shape[0] > 1.3 * one.shape[0]


def test_any_value_and_any_end_can_be_drawn() -> None:
    values = {
        "prep.size": [48, 64],
        "augment.flip_labels": None,
        "train.batch": 8,
        "train.amp": "$no$",
        "train.lr": 0.1,
    }
    other = {
        "prep.size": 64,
        "augment.flip_labels": {"a": "b"},
        "train.batch": 32,
        "train.amp": False,
        "train.lr": 1e-4,
    }
    rows = [Row(0, "failed", None, values), Row(1, "pruned", 0.2, other), Row(2, values=values)]
    assert accented(rows) > 0
    assert accented([Row(0, "failed", None)]) == 0


def test_nothing_is_no_plot() -> None:
    with pytest.raises(ValueError, match="no trials"):
        plot_search([], io.BytesIO())
