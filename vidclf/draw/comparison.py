"""Which head is best, how sure that is, and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from vidclf.draw.theme import THEMES, Theme, ThemeName, plotting, save_figure


class HeadFigures(Protocol):
    """One row of the plot; `vidclf.training.comparison.HeadScore` is one."""

    @property
    def head(self) -> str:
        """Its name."""

    @property
    def accuracy(self) -> float:
        """Mean over the seeds, 0 to 1."""

    @property
    def ci95(self) -> tuple[float, float]:
        """Interval of that mean."""

    @property
    def accuracy_by_seed(self) -> Mapping[int, float]:
        """The accuracy of each seed's model."""

    @property
    def parameters(self) -> int:
        """Number of weights."""

    @property
    def ms_per_frame(self) -> float:
        """Milliseconds for a frame."""


def plot_comparison(
    heads: Sequence[HeadFigures], target: Path | str | BinaryIO, *, theme: ThemeName = "light"
) -> None:
    """Plot accuracy with intervals beside time and weights, as PNG: one row a head, the first on top.

    Small dots are single seeds; the dashed line is the accuracy of the first head.

    Args:
        heads: the rows.
        target: the file to write, or one that is open for writing in binary.
        theme: colours for light or dark paper.

    Raises:
        ValueError: there are no heads.
    """
    if not heads:
        raise ValueError("there are no heads to plot")
    colours = THEMES[theme]
    with plotting(colours):
        figure = Figure(figsize=(8.4, 1.1 + 0.34 * len(heads)), layout="constrained")
        accuracy, time, weights = figure.subplots(1, 3, sharey=True, width_ratios=(3, 1, 1))
        _draw_accuracy(accuracy, heads, colours)
        _draw_bars(time, "ms a frame", [head.ms_per_frame for head in heads], "{:.3g}".format, colours)
        _draw_bars(weights, "weights", [head.parameters for head in heads], _counted, colours)
        accuracy.set_yticks(range(len(heads)), [head.head for head in heads], color=colours.ink)
        accuracy.set_ylim(len(heads) - 0.5, -0.5)
        save_figure(figure, target)


def _draw_accuracy(axes: Axes, heads: Sequence[HeadFigures], theme: Theme) -> None:
    rows = np.arange(len(heads))
    axes.axvline(heads[0].accuracy, color=theme.accent, linewidth=0.8, linestyle=(0, (3, 3)))
    for row, head in enumerate(heads):
        seeds = list(head.accuracy_by_seed.values())
        axes.plot(seeds, [row + 0.26] * len(seeds), ".", color=theme.faint, markersize=4)
    axes.hlines(rows, [head.ci95[0] for head in heads], [head.ci95[1] for head in heads], theme.accent, linewidth=2)
    axes.plot([head.accuracy for head in heads], rows, "o", color=theme.accent, markersize=6)
    axes.xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0, symbol=" %"))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 5, 10]))
    axes.grid(axis="x", color=theme.rule, linewidth=0.6)
    axes.set_axisbelow(True)
    _finish(axes, "accuracy, 95 % interval", theme)


def _draw_bars(axes: Axes, title: str, values: Sequence[float], worded: Callable[[float], str], theme: Theme) -> None:
    bars = axes.barh(range(len(values)), values, height=0.4, color=theme.rule)
    axes.bar_label(bars, [worded(value) for value in values], padding=3, fontsize=8, color=theme.ink)
    axes.set_xlim(0, 1.5 * max(values))  # room for the numbers
    axes.set_xticks([])
    _finish(axes, title, theme)


def _finish(axes: Axes, title: str, theme: Theme) -> None:
    axes.set_title(title, loc="left", fontsize=10, color=theme.ink)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)


def _counted(count: float) -> str:
    return f"{count / 1e6:.3g} M" if count >= 1e6 else f"{count / 1e3:.3g} k"
