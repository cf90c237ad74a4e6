"""How sure a model is, against how often it is right."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from vidclf.draw.theme import THEMES, Theme, ThemeName, plotting, save_figure

_LARGEST_POINT = 160.0  # square points; its area stands for the clips of a bin
_SMALLEST_POINT = 10.0
_NOTE_LINE = 76  # characters


class BinFigures(Protocol):
    """One bin of clips that a model was about equally sure of; `vidclf.metrics.ReliabilityBin` is one."""

    @property
    def low(self) -> float:
        """Lower end of the largest probability."""

    @property
    def high(self) -> float:
        """Upper end of it."""

    @property
    def confidence(self) -> float:
        """Mean of it."""

    @property
    def accuracy(self) -> float:
        """Share of clips that are right, 0 to 1."""

    @property
    def clips(self) -> int:
        """How many there are, at least one."""


class ReliabilityFigures(Protocol):
    """What the diagram shows; `vidclf.metrics.Reliability` is one."""

    @property
    def bins(self) -> Sequence[BinFigures]:
        """Bins that hold a clip."""

    @property
    def ece(self) -> float:
        """Expected calibration error, 0 to 1."""


def plot_reliability(
    found: ReliabilityFigures, target: Path | str | BinaryIO, *, note: str = "", theme: ThemeName = "light"
) -> None:
    """Plot accuracy over confidence, as PNG: a point a bin, whose area stands for its clips, and their number below.

    Points on the diagonal are calibrated; below it the model is too sure of itself, above it not sure enough.

    Args:
        found: the bins.
        target: the file to write, or one that is open for writing in binary.
        note: a sentence or two to stand below, such as on the temperature.
        theme: colours for light or dark paper.

    Raises:
        ValueError: there are no bins.

    Source:
        Guo et al., On calibration of modern neural networks, ICML 2017.
    """
    if not found.bins:
        raise ValueError("there are no clips to plot")
    colours = THEMES[theme]
    with plotting(colours):
        figure = Figure(figsize=(4.6, 4.9), layout="constrained")
        diagram, counts = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
        _draw_diagram(diagram, found, colours)
        _draw_counts(counts, found.bins, colours)
        if note:
            figure.supxlabel(textwrap.fill(note, _NOTE_LINE), fontsize=7, color=colours.faint)
        save_figure(figure, target)


def _draw_diagram(axes: Axes, found: ReliabilityFigures, theme: Theme) -> None:
    confidence = [row.confidence for row in found.bins]
    accuracy = [row.accuracy for row in found.bins]
    clips = np.array([row.clips for row in found.bins])
    axes.plot([0, 1], [0, 1], color=theme.faint, linewidth=0.8, linestyle=(0, (3, 3)))
    axes.vlines(confidence, confidence, accuracy, theme.accent, linewidth=1.2)
    areas = np.maximum(_LARGEST_POINT * clips / clips.max(), _SMALLEST_POINT)
    axes.scatter(confidence, accuracy, areas, color=theme.accent, linewidths=0, zorder=3)
    axes.set_ylim(-0.03, 1.03)
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, symbol=" %"))
    axes.set_ylabel("accuracy")
    axes.set_title(f"calibration error {found.ece:.1%}".replace("%", " %"), loc="left", fontsize=10, color=theme.ink)
    _finish(axes, theme)


def _draw_counts(axes: Axes, bins: Sequence[BinFigures], theme: Theme) -> None:
    widths = [row.high - row.low for row in bins]
    axes.bar([row.low for row in bins], [row.clips for row in bins], widths, align="edge", color=theme.faint)
    axes.set_xlim(-0.03, 1.03)
    axes.xaxis.set_major_formatter(PercentFormatter(xmax=1, symbol=" %"))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=3, integer=True, min_n_ticks=2))
    axes.set_xlabel("confidence: the largest probability")
    axes.set_ylabel("clips")
    _finish(axes, theme)


def _finish(axes: Axes, theme: Theme) -> None:
    axes.grid(axis="y", color=theme.rule, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0)
