from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from PIL import Image

from vidclf.draw import plot_comparison

ACCENT = np.array([0x0A, 0x63, 0x75])  # means and intervals


@dataclass(frozen=True)
class Row:
    head: str = "lstm"
    accuracy: float = 0.6
    ci95: tuple[float, float] = (0.5, 0.7)
    accuracy_by_seed: Mapping[int, float] = field(default_factory=lambda: {0: 0.55, 1: 0.65})
    parameters: int = 123_456
    ms_per_frame: float = 1.25


def drawn(rows: list[Row]) -> np.ndarray:
    buffer = io.BytesIO()
    plot_comparison(rows, buffer)
    with Image.open(buffer) as picture:
        assert picture.format == "PNG"
        return np.asarray(picture.convert("RGB")).astype(int)


def accented(picture: np.ndarray) -> np.ndarray:
    return np.abs(picture - ACCENT).max(axis=-1) <= 2


def test_a_wider_interval_is_a_longer_line() -> None:
    narrow, wide = (accented(drawn([Row(), Row(ci95=ends)])).sum() for ends in ((0.58, 0.62), (0.5, 0.7)))
    assert wide > 1.2 * narrow


def test_each_head_has_its_row_in_the_order_given() -> None:
    better = Row(accuracy=0.9, ci95=(0.89, 0.91), accuracy_by_seed={0: 0.9})
    for rows, first_is_right in (([better, Row()], True), ([Row(), better], False)):
        upper, lower = np.array_split(accented(drawn(rows)), 2, axis=0)
        assert (np.nonzero(upper)[1].max() > np.nonzero(lower)[1].max()) == first_is_right


@pytest.mark.parametrize("changed", [{"ms_per_frame": 20.0}, {"parameters": 45_000_000}, {"head": "gru"}])
def test_names_time_and_weights_are_shown(changed: dict[str, float]) -> None:
    rows = [Row(), Row(head="mean")]
    assert not np.array_equal(drawn(rows), drawn([rows[0], replace(rows[1], **changed)]))


@pytest.mark.parametrize("accuracy", [0.0, 1.0])
def test_all_or_nothing_can_be_drawn(accuracy: float) -> None:
    row = Row(accuracy=accuracy, ci95=(accuracy, accuracy), accuracy_by_seed={0: accuracy})
    assert accented(drawn([row])).any()


def test_no_heads_are_refused() -> None:
    with pytest.raises(ValueError, match="no heads"):
        plot_comparison([], io.BytesIO())
