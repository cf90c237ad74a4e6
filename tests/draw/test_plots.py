from __future__ import annotations

import io
import math
from collections.abc import Callable

import matplotlib
import numpy as np
import pytest
from PIL import Image

from vidclf.draw import EpochRow, plot_confusion, plot_curves

ACCENT = np.array([0x0A, 0x63, 0x75])  # validation in the curves, a full row in the matrix
FAINT = np.array([0x66, 0x70, 0x78])  # training


def drawn(plot: Callable[[io.BytesIO], None]) -> np.ndarray:
    buffer = io.BytesIO()
    plot(buffer)
    with Image.open(buffer) as picture:
        assert picture.format == "PNG"
        return np.asarray(picture.convert("RGB"))


def count_of(picture: np.ndarray, colour: np.ndarray) -> int:
    return int((np.abs(picture.astype(int) - colour).max(axis=-1) <= 2).sum())


def history(num_epochs: int) -> list[EpochRow]:
    return [EpochRow(e, 2 / e, 2.5 / e, 1 - 0.9 / e, 1 - 0.95 / e, lr=0.001) for e in range(1, num_epochs + 1)]


def test_curves_show_training_and_validation(tmp_path):
    plot_curves(history(20), tmp_path / "curves.png")
    with Image.open(tmp_path / "curves.png") as picture:
        assert picture.size == (1472, 512)
        pixels = np.asarray(picture.convert("RGB"))
    for half in np.array_split(pixels, 2, axis=1):
        assert count_of(half, ACCENT) > 500
        assert count_of(half, FAINT) > 500


def test_one_epoch_shows_as_points():
    pixels = drawn(lambda to: plot_curves(history(1), to))
    for half in np.array_split(pixels, 2, axis=1):
        assert count_of(half, ACCENT) > 50


@pytest.mark.parametrize("missing", [None, math.nan, math.inf])
def test_without_validation_only_training_is_drawn(missing):
    rows = [EpochRow(e, 2 / e, missing, 0.5, missing) for e in range(1, 6)]
    pixels = drawn(lambda to: plot_curves(rows, to))
    assert count_of(pixels, ACCENT) == 0
    assert count_of(pixels, FAINT) > 500


def test_a_value_between_two_gaps_is_seen():
    gappy = [EpochRow(e, 2 / e, 0.7 if e == 20 else math.nan, 0.5, None) for e in range(1, 41)]
    without = [EpochRow(e, 2 / e, math.nan, 0.5, None) for e in range(1, 41)]
    assert not np.array_equal(drawn(lambda to: plot_curves(gappy, to)), drawn(lambda to: plot_curves(without, to)))


def test_nothing_measured_says_so():
    rows = [EpochRow(1), EpochRow(2)]
    pixels = drawn(lambda to: plot_curves(rows, to))
    assert pixels.std() > 0


def test_no_epochs_are_refused(tmp_path):
    with pytest.raises(ValueError, match="no epochs"):
        plot_curves([], tmp_path / "curves.png")
    assert not (tmp_path / "curves.png").exists()


def test_one_panel_and_dark_paper():
    light = drawn(lambda to: plot_curves(history(3), to, panels=["loss"]))
    dark = drawn(lambda to: plot_curves(history(3), to, panels=["loss"], theme="dark"))
    assert light.shape == dark.shape == (512, 736, 3)
    assert light.mean() > 200
    assert dark.mean() < 60


@pytest.mark.parametrize("size", [1, 2, 15, 101])
def test_confusion_of_any_number_of_classes(size, tmp_path):
    names = [f"a class with a rather long name {k}" for k in range(size)]
    plot_confusion(np.diag(np.full(size, 12)), names, tmp_path / "confusion.png")
    with Image.open(tmp_path / "confusion.png") as picture:
        width, height = picture.size
        pixels = np.asarray(picture.convert("RGB"))
    assert 300 < width < 2600
    assert 300 < height < 2600
    # Each diagonal cell is full; their numbers and the lines between take less than half of it.
    cell = (min(max(0.36 * size, 2.4), 12) * 160 / size) ** 2
    assert count_of(pixels, ACCENT) > 0.5 * size * cell


def test_numbers_only_where_they_fit():
    def ink_difference(size: int) -> bool:
        """Whether counts that differ and shares that do not make another picture."""
        names = [str(k) for k in range(size)]
        one, seven = (np.diag(np.full(size, n)) for n in (1, 7))
        return not np.array_equal(
            drawn(lambda to: plot_confusion(one, names, to)), drawn(lambda to: plot_confusion(seven, names, to))
        )

    assert ink_difference(4)
    assert not ink_difference(101)


def test_colour_is_the_share_of_the_row():
    few, many = [[1, 0], [0, 1]], [[1, 0], [0, 900]]
    counts = [count_of(drawn(lambda to, m=m: plot_confusion(m, ["a", "b"], to)), ACCENT) for m in (few, many)]
    assert counts[0] == pytest.approx(counts[1], rel=0.05)


def test_a_class_without_clips_stays_blank():
    pixels = drawn(lambda to: plot_confusion([[5, 0], [0, 0]], ["a", "b"], to))
    half = drawn(lambda to: plot_confusion([[5, 0], [0, 5]], ["a", "b"], to))
    assert count_of(pixels, ACCENT) == pytest.approx(count_of(half, ACCENT) / 2, rel=0.05)


def test_names_are_text_and_never_markup():
    plain = drawn(lambda to: plot_confusion([[1, 0], [0, 1]], ["$x$", r"\frac{$"], to))
    assert plain.std() > 0
    drawn(lambda to: plot_confusion([[1, 0], [0, 1]], ["挥手", "👋"], to))


def test_confusion_refuses_another_shape(tmp_path):
    with pytest.raises(ValueError, match=r"3 classes must be of shape \(3, 3\), not \(2, 2\)"):
        plot_confusion([[1, 0], [0, 1]], ["a", "b", "c"], tmp_path / "confusion.png")


def test_plots_repeat_to_the_byte_and_leave_matplotlib_as_it_was(tmp_path):
    before = dict(matplotlib.rcParams)
    for name in ("a", "b"):
        plot_curves(history(3), tmp_path / f"curves_{name}.png")
        plot_confusion([[3, 1], [0, 2]], ["x", "y"], tmp_path / f"confusion_{name}.png")
    for plot in ("curves", "confusion"):
        assert (tmp_path / f"{plot}_a.png").read_bytes() == (tmp_path / f"{plot}_b.png").read_bytes()
    assert dict(matplotlib.rcParams) == before
