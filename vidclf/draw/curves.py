"""How a training went: loss and accuracy by epoch."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from vidclf.draw.theme import THEMES, Theme, ThemeName, plotting, save_figure

Panel = Literal["loss", "accuracy"]


@dataclass(frozen=True)
class EpochRow:
    """What one epoch of training came to; None or NaN where it was not measured.

    Attributes:
        epoch: counted from 1.
        train_loss: mean over the epoch's batches.
        val_loss: mean over the validation clips.
        train_accuracy: share of clips, 0 to 1.
        val_accuracy: share of clips, 0 to 1.
        lr: learning rate at the end of the epoch.
    """

    epoch: int
    train_loss: float | None = None
    val_loss: float | None = None
    train_accuracy: float | None = None
    val_accuracy: float | None = None
    lr: float | None = None


def plot_curves(
    history: Sequence[EpochRow],
    target: Path | str | BinaryIO,
    *,
    panels: Sequence[Panel] = ("loss", "accuracy"),
    theme: ThemeName = "light",
) -> None:
    """Plot training and validation loss and accuracy by epoch, as PNG.

    Args:
        history: rows in the order of their epochs; what was not measured leaves a gap.
        target: the file to write, or one that is open for writing in binary.
        panels: what to show, from left to right.
        theme: colours for light or dark paper.

    Raises:
        ValueError: the history is empty.
    """
    if not history:
        raise ValueError("there are no epochs to plot")
    colours = THEMES[theme]
    with plotting(colours):
        figure = Figure(figsize=(4.6 * len(panels), 3.2), layout="constrained")
        for axes, panel in zip(np.ravel(figure.subplots(1, len(panels))), panels, strict=True):
            _DRAW[panel](axes, history, colours)
        save_figure(figure, target)


def _draw_loss(axes: Axes, history: Sequence[EpochRow], theme: Theme) -> None:
    _draw_pair(axes, history, [r.train_loss for r in history], [r.val_loss for r in history], theme)
    axes.set_title("loss", loc="left", fontsize=10, color=theme.ink)


def _draw_accuracy(axes: Axes, history: Sequence[EpochRow], theme: Theme) -> None:
    _draw_pair(axes, history, [r.train_accuracy for r in history], [r.val_accuracy for r in history], theme)
    axes.set_title("accuracy", loc="left", fontsize=10, color=theme.ink)
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, symbol=" %"))


_DRAW: dict[Panel, Callable[[Axes, Sequence[EpochRow], Theme], None]] = {
    "loss": _draw_loss,
    "accuracy": _draw_accuracy,
}


def _draw_pair(
    axes: Axes,
    history: Sequence[EpochRow],
    training: Sequence[float | None],
    validation: Sequence[float | None],
    theme: Theme,
) -> None:
    epochs = [row.epoch for row in history]
    for name, values, colour, width in (
        ("training", training, theme.faint, 1.2),
        ("validation", validation, theme.accent, 2.0),
    ):
        points = [value if value is not None and math.isfinite(value) else math.nan for value in values]
        if all(math.isnan(point) for point in points):
            continue
        # Points as well as a line: a single epoch, or one between two gaps, has no line.
        size = 4.0 if len(points) <= 12 else 1.2 * width
        axes.plot(epochs, points, color=colour, linewidth=width, marker="o", markersize=size, label=name)
    if axes.lines:
        axes.legend(frameon=False, fontsize=8, labelcolor=theme.faint, handlelength=1.4)
    else:
        axes.text(0.5, 0.5, "not measured", transform=axes.transAxes, ha="center", color=theme.faint)
    axes.set_xlabel("epoch")
    axes.set_xlim(min(epochs) - 0.5, max(epochs) + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8, min_n_ticks=1))
    axes.grid(axis="y", color=theme.rule, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0)
